import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { BuildOptions } from "./options.ts";
import { run } from "./run.ts";

/** A C compiler with the flags that this kind of build wants. */
export interface Toolchain {
  readonly compiler: string;
  /** What the compiler says of itself: part of the name of everything it makes. */
  readonly identity: string;
  readonly compileFlags: readonly string[];
  readonly linkFlags: readonly string[];
}

const WARNINGS = ["-Wall", "-Wextra", "-Werror"];

/** Flags for upinit's own C: no warning is let through. */
export const OWN_FLAGS: readonly string[] = WARNINGS;
/** Flags for the engine's C, which is not ours to clean up. */
export const ENGINE_FLAGS: readonly string[] = ["-w", "-funsigned-char"];

/** Whether a program is in PATH. */
export function hasProgram(command: string): boolean {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .some((directory) => existsSync(join(directory, command)));
}

function findCompiler(options: BuildOptions): string {
  if (options.compiler !== null) return options.compiler;
  const candidates = options.sanitize ? ["gcc", "cc", "clang"] : ["musl-gcc", "gcc", "cc"];
  const found = candidates.find(hasProgram);
  if (found === undefined) throw new Error("no C compiler: install musl-tools or gcc, or set UPINIT_CC");
  return found;
}

function modeFlags(options: BuildOptions): { compile: string[]; link: string[] } {
  if (options.sanitize) {
    const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    return { compile: ["-O1", "-g", "-fno-omit-frame-pointer", ...sanitizers], link: sanitizers };
  }
  const compile = ["-Os", "-DNDEBUG", "-fno-asynchronous-unwind-tables", "-fno-stack-protector"];
  const link = ["-static", ...(options.debug ? [] : ["-s"])];
  return { compile: options.debug ? [...compile, "-g"] : compile, link };
}

/** Makes a symbolic link, unless another build has been here already or is so at this moment. */
function linkOnce(target: string, link: string): void {
  try {
    symlinkSync(target, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * musl-gcc looks at musl's headers only, and those of the kernel are not among them: a directory of links to just the
 * kernel's, so that nothing of the other libc comes in.
 */
function kernelHeaders(cache: string): string[] {
  const directory = join(cache, "kernel-headers");
  mkdirSync(directory, { recursive: true });
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  for (const name of ["linux", "asm", "asm-generic"]) {
    const places = [join(`/usr/include/${machine}-linux-gnu`, name), join("/usr/include", name)];
    const found = places.find((place) => existsSync(place));
    const link = join(directory, name);
    if (found !== undefined) linkOnce(found, link);
  }
  return ["-isystem", directory];
}

/** The compiler for the executable itself: musl when there is one, else the system's, always static. */
export async function targetToolchain(options: BuildOptions, cache: string): Promise<Toolchain> {
  const [compiler = "", ...words] = findCompiler(options).split(" ");
  const extra = basename(compiler) === "musl-gcc" ? [...words, ...kernelHeaders(cache)] : words;
  const mode = modeFlags(options);
  const common = ["-std=gnu11", "-D_GNU_SOURCE", "-ffunction-sections", "-fdata-sections"];
  return {
    compiler,
    identity: await run(compiler, ["--version"]),
    compileFlags: [...extra, ...common, ...mode.compile],
    linkFlags: [...extra, "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack", ...mode.link],
  };
}

/** The compiler for tools that run during the build. */
export async function hostToolchain(): Promise<Toolchain> {
  const compiler = ["gcc", "cc", "clang"].find(hasProgram) ?? "musl-gcc";
  return {
    compiler,
    identity: await run(compiler, ["--version"]),
    compileFlags: ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-DNDEBUG"],
    linkFlags: [],
  };
}

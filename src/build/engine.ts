import { existsSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash } from "./cache.ts";
import { compileAll, headersOf, type Source } from "./objects.ts";
import { run } from "./run.ts";
import { ENGINE_FLAGS, hostToolchain, type Toolchain } from "./toolchain.ts";

const ENGINE_FILES = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];

/**
 * The interpreter is what an init computes with, so it is the one file that is worth room: a sixth less instructions for
 * 70 KB. What else -O2 does (alignment, vectors, copies of functions) costs twice that and gives nothing measurable.
 */
const INTERPRETER = "quickjs.c";
const INTERPRETER_FLAGS = [
  "-O2",
  ...["functions", "loops", "jumps"].map((what) => `-fno-align-${what}`),
  "-fno-tree-vectorize",
  "-fno-inline-functions",
  "-fno-ipa-cp-clone",
];

/** The directory of the engine's C source: `QUICKJS_SRC`, else the snapshot that the lock file pins. */
export function engineDirectory(root: string): string {
  const directory =
    process.env["QUICKJS_SRC"] || join(root, "node_modules/@scriptc/runtime/vendor/quickjs-ng");
  if (!existsSync(join(directory, "quickjs.c"))) {
    throw new Error(`no engine source in ${directory}: run npm ci, or set QUICKJS_SRC`);
  }
  return directory;
}

function engineSources(
  directory: string,
  flags: readonly string[],
  interpreterFlags: readonly string[] = [],
): Source[] {
  const headers = headersOf(directory);
  return ENGINE_FILES.map((name) => ({
    path: join(directory, name),
    headers,
    flags: [...ENGINE_FLAGS, ...flags, ...(name === INTERPRETER ? interpreterFlags : [])],
  }));
}

/** The engine's object files for the executable: without the parser, since all code comes as bytecode. */
export function engineObjects(cache: string, toolchain: Toolchain, directory: string): Promise<string[]> {
  const interpreterFlags = toolchain.compileFlags.includes("-Os") ? INTERPRETER_FLAGS : [];
  return compileAll(cache, toolchain, engineSources(directory, ["-DQJS_DISABLE_PARSER"], interpreterFlags));
}

/** The tool that turns chunks into bytecode, made of the same engine for the machine that builds. */
export async function chunkCompiler(root: string, cache: string, directory: string): Promise<string> {
  const toolchain = await hostToolchain();
  const tool: Source = {
    path: join(root, "src/build/native/chunk-compiler.c"),
    headers: [join(directory, "quickjs.h")],
    flags: ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-cast-function-type", "-isystem", directory],
  };
  const objects = await compileAll(cache, toolchain, [...engineSources(directory, []), tool]);
  return cached(cache, `chunk-compiler-${contentHash(objects, [])}`, async (path) => {
    await run(toolchain.compiler, ["-o", path, ...objects, "-lm", "-lpthread"]);
  });
}

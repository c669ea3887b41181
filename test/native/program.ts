import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Builds a program of test/native/programs into `directory`, with upinit's own build, and gives its path. */
export function buildProgram(name: string, directory: string, ...options: readonly string[]): string {
  mkdirSync(directory, { recursive: true });
  const out = join(directory, name);
  const entry = join(root, "test/native/programs", `${name}.ts`);
  const tsx = join(root, "node_modules/.bin/tsx");
  execFileSync(tsx, [join(root, "src/build/main.ts"), "--fast", "--entry", entry, "--out", out, ...options], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  return out;
}

export interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end. */
export function runProgram(
  path: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ending> {
  return new Promise((done) => {
    const child = execFile(
      path,
      args,
      { env: { ...process.env, ...environment } },
      (_error, output, errors) => {
        done({ status: child.exitCode, signal: child.signalCode, output, errors });
      },
    );
  });
}

import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";

/** Compiles a program of test/native/tools, with the libc at hand, and gives its path. */
export function compileTool(name: string, directory: string, ...options: readonly string[]): string {
  const out = join(directory, name);
  const source = resolve(import.meta.dirname, "tools", `${name}.c`);
  execFileSync("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", ...options, "-o", out, source], {
    stdio: "inherit",
  });
  return out;
}

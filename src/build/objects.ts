import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { cached, contentHash } from "./cache.ts";
import { run } from "./run.ts";
import type { Toolchain } from "./toolchain.ts";

/** One C file to compile. */
export interface Source {
  readonly path: string;
  /** Headers that it may see: a change in one of them compiles it again. */
  readonly headers: readonly string[];
  readonly flags: readonly string[];
}

/** Headers in a directory. */
export function headersOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".h"))
    .sort()
    .map((name) => join(directory, name));
}

function compile(cache: string, toolchain: Toolchain, source: Source): Promise<string> {
  const flags = [...toolchain.compileFlags, ...source.flags];
  const key = contentHash(
    [toolchain.compiler, toolchain.identity, ...flags],
    [source.path, ...source.headers],
  );
  return cached(cache, `${basename(source.path)}-${key}.o`, async (path) => {
    await run(toolchain.compiler, [...flags, "-c", "-o", path, source.path]);
  });
}

/** Compiles what is not in the cache yet, a few at a time, and gives the object files in the order of the sources. */
export async function compileAll(
  cache: string,
  toolchain: Toolchain,
  sources: readonly Source[],
): Promise<string[]> {
  const objects: string[] = new Array(sources.length);
  const waiting = [...sources.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      objects[next[0]] = await compile(cache, toolchain, next[1]);
    }
  };
  await Promise.all([worker(), worker()]);
  return objects;
}

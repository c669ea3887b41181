import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

/** Where built objects are kept between builds: `UPINIT_CACHE`, else `.cache` of the project. */
export function cacheDirectory(root: string): string {
  const directory = process.env["UPINIT_CACHE"] || join(root, ".cache");
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** A name for what is made of these texts and files: the same inputs give the same name. */
export function contentHash(texts: readonly string[], files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:${text}`);
  for (const file of files) hash.update(createHash("sha256").update(readFileSync(file)).digest());
  return hash.digest("hex").slice(0, 32);
}

/**
 * The file `name` of the cache, made by `make` if it is not there yet. `make` writes to the path it is given, which
 * only becomes the cached file when it is complete; so builds may run at the same time.
 */
export async function cached(
  directory: string,
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(directory, name);
  if (existsSync(path)) return path;
  const temporary = `${path}.${process.pid}.tmp`;
  await make(temporary);
  renameSync(temporary, path);
  return path;
}

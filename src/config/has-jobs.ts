import * as native from "upinit:native";

/**
 * Which files of a directory tree are jobs (docs/upstart.md#26-files), and whether there is any: all that the shim path
 * needs to know of configuration, so this file imports nothing else.
 */

const typeMask = 0o170000;
const regularFile = 0o100000;
const directory = 0o040000;
/** d_type of readDirectory. */
const typeUnknown = 0;
const typeDirectory = 4;

/** The job that a file of this name defines, null if it is none. Only the last extension goes. */
export function jobNameOf(file: string): string | null {
  return file.length > 5 && file.endsWith(".conf") ? file.slice(0, -5) : null;
}

/** Directories that are never entered: hidden ones, and what editors, packaging and version control leave behind. */
export function isIgnoredDirectory(name: string): boolean {
  return (
    name.startsWith(".") ||
    name.endsWith("~") ||
    (name.startsWith("#") && name.endsWith("#")) ||
    /\.(bak|BAK|sw[nop]|dpkg-[a-z]+|rpm(save|orig|new))$/.test(name) ||
    /^(RCS|CVS|CVS\.adm|SCCS|BitKeeper|_darcs)$|,v$/.test(name)
  );
}

/** Whether the path, links followed, is a regular file. */
export function isRegularFile(path: string): boolean {
  const found = native.stat(path, true);
  return typeof found !== "number" && ((found[0] as number) & typeMask) === regularFile;
}

/** Whether an entry of a directory is itself a directory; a link to one is not. `type` is what readDirectory said. */
export function isDirectory(path: string, type: number): boolean {
  if (type !== typeUnknown) return type === typeDirectory;
  const found = native.stat(path, false);
  return typeof found !== "number" && ((found[0] as number) & typeMask) === directory;
}

/** Whether there is at least one job file in these directories or below them. Never throws. */
export function hasJobs(directories: readonly string[]): boolean {
  const waiting = [...directories];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const listing = native.readDirectory(path);
    if (typeof listing === "number") continue;
    for (const [index, name] of listing.names.entries()) {
      const entry = `${path}/${name}`;
      if (jobNameOf(name) !== null && isRegularFile(entry)) return true;
      const isTree = isDirectory(entry, listing.types[index] as number) && !isIgnoredDirectory(name);
      if (isTree) waiting.push(entry);
    }
  }
  return false;
}

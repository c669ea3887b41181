/** `mkdir PATH [MODE]`: directories that are made for a job before its first process, by PID 1. */
import * as native from "upinit:native";
import type { JobDirectory } from "../jobs/job-class.ts";
import { EEXIST, ELOOP, ENOENT } from "../runtime/errno.ts";
import type { Identity } from "./identity.ts";

const openFlags = native.O_RDONLY | native.O_DIRECTORY | native.O_NOFOLLOW;
const defaultMode = 0o755;

/**
 * Makes the directories below a root ("" for our own), component by component, so that no link leads elsewhere. Only what
 * is made now gets the mode and is given to the user. Returns why one cannot be made; null when all are there.
 */
export function makeDirectories(
  directories: readonly JobDirectory[],
  root: string,
  identity: Identity,
): string | null {
  for (const { path, mode } of directories) {
    const failure = makeDirectory(root, path, mode ?? defaultMode, identity);
    if (failure !== null) return `unable to make directory ${failure}`;
  }
  return null;
}

function makeDirectory(root: string, path: string, mode: number, identity: Identity): string | null {
  let directory = native.open(root === "" ? "/" : root, native.O_RDONLY | native.O_DIRECTORY);
  let done = "";
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    if (directory < 0) break;
    done += `/${name}`;
    const next = enter(directory, name, mode, identity);
    native.close(directory);
    directory = next;
  }
  if (directory < 0) {
    const reason = directory === -ELOOP ? "is a symbolic link" : native.errorText(-directory);
    return `${path}: ${done === path ? "" : `${done}: `}${reason}`;
  }
  native.close(directory);
  return null;
}

/** Opens a component, and makes it if it is not there. A descriptor, or a negative errno. */
function enter(directory: number, name: string, mode: number, identity: Identity): number {
  const there = native.openat(directory, name, openFlags);
  if (there !== -ENOENT) return there;
  const made = native.mkdirat(directory, name, 0o700);
  if (made < 0 && made !== -EEXIST) return made;
  const fd = native.openat(directory, name, openFlags);
  if (fd < 0 || made === -EEXIST) return fd;
  const failure = giveAway(fd, mode, identity);
  if (failure === 0) return fd;
  native.close(fd);
  return failure;
}

/** Before the mode is widened, so that nobody else ever has it. */
function giveAway(fd: number, mode: number, { uid, gid }: Identity): number {
  const owned = uid === undefined && gid === undefined ? 0 : native.fchown(fd, uid ?? -1, gid ?? -1);
  return owned < 0 ? owned : native.fchmod(fd, mode);
}

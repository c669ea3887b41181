import * as native from "upinit:native";
import type { AccountFiles } from "./identity.ts";

/** No honest account file is larger; a hostile one must not fill the memory of PID 1. */
const largestFile = 4 * 1024 * 1024;
/** As many links as the kernel follows (path_resolution(7)). */
const mostLinks = 40;
const CAP_SETGID = 1 << 6;

interface CachedFile {
  readonly stamp: string;
  readonly text: string;
}

/**
 * Reads the account files that hold for a job: those inside its chroot. Our own are kept until they change, since
 * every process of every job needs them.
 */
export class Accounts {
  readonly #cache = new Map<string, CachedFile>();
  #maySetGroups: boolean | null = null;

  files(chroot: string | null): AccountFiles {
    if (chroot === null) return { passwd: this.#cached("/etc/passwd"), group: this.#cached("/etc/group") };
    return { passwd: readInRoot(chroot, "etc/passwd"), group: readInRoot(chroot, "etc/group") };
  }

  /** Whether setgroups(2) can succeed: it needs CAP_SETGID, and a user namespace may deny it for good. */
  maySetGroups(): boolean {
    this.#maySetGroups ??=
      (native.capabilities()[0] & CAP_SETGID) !== 0 &&
      !isDenied(native.readPseudoFile("/proc/self/setgroups"));
    return this.#maySetGroups;
  }

  #cached(path: string): string | null {
    const stat = native.stat(path, true);
    if (typeof stat === "number") {
      this.#cache.delete(path);
      return null;
    }
    const stamp = stat.join(" ");
    const known = this.#cache.get(path);
    if (known?.stamp === stamp) return known.text;
    const text = native.readFile(path, largestFile);
    if (typeof text === "number") return null;
    this.#cache.set(path, { stamp, text });
    return text;
  }
}

function isDenied(setgroups: string | number): boolean {
  return typeof setgroups === "string" && setgroups.startsWith("deny");
}

function readInRoot(root: string, path: string): string | null {
  const resolved = resolveInRoot(root, path);
  if (resolved === null) return null;
  const text = native.readFile(resolved, largestFile);
  return typeof text === "number" ? null : text;
}

/** Resolves a path as a process inside the chroot would: no link of it leads out. Null after too many links. */
function resolveInRoot(root: string, path: string): string | null {
  const waiting = path.split("/").reverse();
  let resolved: string[] = [];
  let links = 0;
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (!name || name === ".") continue;
    if (name === "..") {
      resolved.pop();
      continue;
    }
    const target = native.readlink([root, ...resolved, name].join("/"));
    if (typeof target === "number") {
      resolved.push(name);
      continue;
    }
    links += 1;
    if (links > mostLinks) return null;
    if (target.startsWith("/")) resolved = [];
    waiting.push(...target.split("/").reverse());
  }
  return [root, ...resolved].join("/");
}

import * as native from "upinit:native";
import { ENOENT, ENOTDIR } from "../runtime/errno.ts";
import { check, SystemError } from "../runtime/system-error.ts";
import { installedNames, upstartJob } from "./installed-names.ts";

const readExecute = 0o755;

/**
 * Makes the links beside the executable (its path), or in `directory`. A name is replaced by unlink and link, never by writing
 * through an old link, which may lead to a program of the distribution. A `service` that is not ours is kept as
 * `service.distrib`, because `service NAME` falls back to it. A system directory has `/lib/init/upstart-job` besides.
 */
export function install(target: string, directory: string | null): void {
  const place = directory ?? target.slice(0, Math.max(target.lastIndexOf("/"), 1));
  if (native.stat(place, true) === -ENOENT) check(native.mkdir(place, readExecute), "mkdir", place);
  const destination = relativeTo(place, target);
  for (const name of installedNames) replace(`${place}/${name}`, destination, target);
  if (!/^\/(usr\/)?s?bin\/?$/.test(place)) return;
  for (const part of ["/lib", "/lib/init"]) {
    if (native.stat(part, true) === -ENOENT) check(native.mkdir(part, readExecute), "mkdir", part);
  }
  replace(upstartJob, target, target);
}

/** A link within one directory survives when the tree is copied or mounted elsewhere. */
function relativeTo(directory: string, target: string): string {
  return target.startsWith(`${directory}/`) ? target.slice(directory.length + 1) : target;
}

function replace(path: string, destination: string, target: string): void {
  if (path === target) return;
  const old = native.stat(path, false);
  if (typeof old !== "number") moveAside(path, destination);
  else if (old !== -ENOENT && old !== -ENOTDIR) throw new SystemError(-old, "lstat", path);
  check(native.symlink(destination, path), "symlink", path);
}

function moveAside(path: string, destination: string): void {
  const link = native.readlink(path);
  const ours = link === destination || (typeof link === "string" && link.endsWith("/upinit"));
  if (path.endsWith("/service") && !ours) check(native.rename(path, `${path}.distrib`), "rename", path);
  else check(native.unlink(path), "unlink", path);
}

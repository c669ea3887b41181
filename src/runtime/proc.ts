import * as native from "upinit:native";

/**
 * Whether /proc is there and shows the pids of our own namespace. After `unshare --pid` without a mount of its own it is
 * that of the outer one, and its numbers are other processes here.
 */
export function procShowsOurPids(): boolean {
  return native.readlink("/proc/self") === String(native.getpid());
}

import * as native from "upinit:native";
import { EADDRINUSE, EAGAIN, EEXIST, ENOENT, ENOTDIR, EPERM } from "../runtime/errno.ts";
import { namedSocket, printableSocket, type SocketChoice, socketPlaces } from "./socket-path.ts";

/** A listening control socket. */
export interface Listener {
  readonly fd: number;
  /** A leading NUL names the abstract space. */
  readonly path: string;
}

const backlog = 256;

const typeMask = 0o170000;
const directoryType = 0o040000;
const socketType = 0o140000;
const linkType = 0o120000;
const writableByOthers = 0o022;

/**
 * Listens on the control socket: the one that is named, or else the first place that can be used
 * (docs/design.md#14-permissions). A text says why it could not, place by place.
 */
export function listenControl(choice: SocketChoice): Listener | string {
  const named = namedSocket(choice);
  const places = named === undefined ? socketPlaces(choice.environment, [native.geteuid()]) : [named];
  const reasons: string[] = [];
  for (const path of places) {
    const fd = listenAt(path);
    if (fd >= 0) return { fd, path };
    reasons.push(`${printableSocket(path)}: ${reasonOf(-fd)}`);
  }
  return reasons.join("; ");
}

function reasonOf(errno: number): string {
  return errno === EADDRINUSE ? "another init listens there" : native.errorText(errno);
}

/** A descriptor or a negative errno; -EADDRINUSE if a living server has the place, -EPERM if it isn't safe. */
export function listenAt(path: string): number {
  if (path.startsWith("\0")) return native.unixListen(path, backlog);
  const slash = path.lastIndexOf("/");
  const ready = slash > 0 ? prepareDirectory(path.slice(0, slash)) : 0;
  if (ready < 0) return ready;
  const cleared = clearStale(path);
  if (cleared < 0) return cleared;
  const fd = native.unixListen(path, backlog);
  // Anyone may connect; what he may do is decided by who the kernel says he is.
  if (fd >= 0) native.chmod(path, 0o666);
  return fd;
}

/** Makes the directory and those above it if needed, and refuses one that somebody else can write in. */
function prepareDirectory(path: string): number {
  const made = makeDirectory(path);
  if (made < 0) return made;
  const link = native.stat(path, false);
  if (typeof link === "number") return link;
  if (modeOf(link) === linkType && !trustedOwner(link)) return -EPERM;
  const directory = native.stat(path, true);
  if (typeof directory === "number") return directory;
  if (modeOf(directory) !== directoryType) return -ENOTDIR;
  if (!trustedOwner(directory)) return -EPERM;
  const permissions = (directory[0] as number) & 0o7777;
  if ((permissions & writableByOthers) !== 0 && (permissions & 0o1000) === 0) {
    const changed = native.chmod(path, 0o755);
    if (changed < 0) return changed;
  }
  return 0;
}

function makeDirectory(path: string): number {
  const made = makeOneDirectory(path);
  const slash = path.lastIndexOf("/");
  if (made !== -ENOENT || slash <= 0) return made;
  const parent = makeDirectory(path.slice(0, slash));
  // Once more, not for ever: /proc and its like say ENOENT to every mkdir.
  return parent < 0 ? parent : makeOneDirectory(path);
}

function makeOneDirectory(path: string): number {
  const made = native.mkdir(path, 0o755);
  if (made < 0) return made === -EEXIST ? 0 : made;
  // The umask is the container's, not ours.
  native.chmod(path, 0o755);
  return 0;
}

/** Takes away the socket that a dead server left; leaves a living one, and what is no socket, alone. */
function clearStale(path: string): number {
  const found = native.stat(path, false);
  if (found === -ENOENT) return 0;
  if (typeof found === "number") return found;
  if (modeOf(found) !== socketType) return -EEXIST;
  // Who lives there may be stopped, and as many clients waiting for it as can.
  const probe = native.unixProbe(path);
  return probe >= 0 || probe === -EAGAIN ? -EADDRINUSE : native.unlink(path);
}

function modeOf(status: Float64Array): number {
  return (status[0] as number) & typeMask;
}

function trustedOwner(status: Float64Array): boolean {
  const uid = status[4] as number;
  return uid === 0 || uid === native.geteuid();
}

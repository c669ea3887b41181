import * as native from "upinit:native";

/** Where a client is told to look, beside the usual places. */
export interface SocketChoice {
  /** `--socket`: a path, or `@NAME` in the abstract space. */
  readonly socket?: string | undefined;
  /** The environment, as `KEY=VALUE` entries. */
  readonly environment: readonly string[];
}

const socketName = "control.sock";

/** `KEY=VALUE` lookup; "" counts as absent. The last entry wins, as in a shell. */
export function lookUp(environment: readonly string[], key: string): string | undefined {
  for (let at = environment.length - 1; at >= 0; at--) {
    const entry = environment[at] as string;
    if (entry.startsWith(key) && entry[key.length] === "=") return entry.slice(key.length + 1) || undefined;
  }
  return undefined;
}

/** The one socket that is named by option or environment, or undefined. `@NAME` is abstract. */
export function namedSocket(choice: SocketChoice): string | undefined {
  const named = choice.socket ?? lookUp(choice.environment, "UPINIT_SOCKET");
  return named?.startsWith("@") ? `\0${named.slice(1)}` : named;
}

/**
 * The places of the control socket, in order (docs/design.md#14-permissions): a server takes the first that is usable,
 * a client the first where a server that it trusts answers. `uids` are whose /dev/shm directory is meant.
 */
export function socketPlaces(environment: readonly string[], uids: readonly number[]): string[] {
  const places = [`/run/upinit/${socketName}`];
  const runtime = lookUp(environment, "XDG_RUNTIME_DIR");
  if (runtime?.startsWith("/")) places.push(`${runtime}/upinit/${socketName}`);
  for (const uid of uids) places.push(`/dev/shm/upinit-${uid}/${socketName}`);
  const abstract = abstractSocket();
  if (abstract !== undefined) places.push(abstract);
  return places;
}

/** The last resort: abstract names are shared by a network namespace, so it holds the pid namespace's inode. */
function abstractSocket(): string | undefined {
  const link = native.readlink("/proc/self/ns/pid");
  if (typeof link === "number") return undefined;
  return `\0upinit/${link.slice(link.indexOf("[") + 1, -1)}`;
}

/** A socket of a session init, beside others of the same user. */
export function sessionSocket(environment: readonly string[], pid: number): string | undefined {
  const runtime = lookUp(environment, "XDG_RUNTIME_DIR");
  return runtime?.startsWith("/") ? `${runtime}/upinit/session-${pid}.sock` : undefined;
}

/** As UPSTART_SESSION has it: `unix:path=…` or `unix:abstract=…`. */
export function socketAddress(path: string): string {
  return path.startsWith("\0") ? `unix:abstract=${path.slice(1)}` : `unix:path=${path}`;
}

/** The socket that an UPSTART_SESSION names, or undefined if it is none that we can reach. */
export function socketOfAddress(address: string): string | undefined {
  if (address.startsWith("unix:path=")) return address.slice("unix:path=".length);
  if (address.startsWith("unix:abstract=")) return `\0${address.slice("unix:abstract=".length)}`;
  return undefined;
}

/** For messages. */
export function printableSocket(path: string): string {
  return path.startsWith("\0") ? `@${path.slice(1)}` : path;
}

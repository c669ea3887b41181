import * as native from "upinit:native";
import { type Listener, listenControl } from "../control/listen.ts";
import { lookUp, sessionSocket, socketAddress } from "../control/socket-path.ts";
import type { InitOptions } from "./options.ts";

const directoryMode = 0o700;
const recordMode = 0o600;

/**
 * Opens the control socket. A session init has one of its own, so that several can run side by side. A text says why
 * there is none; PID 1 does its duty without.
 */
export function openControl(options: InitOptions, environment: readonly string[]): Listener | string {
  const socket = options.socket ?? (options.session ? ownSessionSocket(environment) : undefined);
  return listenControl({ socket, environment });
}

function ownSessionSocket(environment: readonly string[]): string {
  const pid = native.getpid();
  return sessionSocket(environment, pid) ?? `/dev/shm/upinit-${native.geteuid()}/session-${pid}.sock`;
}

/** The variable that lets the processes of a session find their init; nothing for the container's own. */
export function sessionVariables(options: InitOptions, path: string | null): readonly string[] {
  return options.session && path !== null ? [`UPSTART_SESSION=${socketAddress(path)}`] : [];
}

/** Where `initctl list-sessions` looks (docs/upstart.md#86-session-init); null without a place for it. */
function recordPath(
  environment: readonly string[],
): { readonly directories: string[]; readonly file: string } | null {
  const runtime = lookUp(environment, "XDG_RUNTIME_DIR");
  if (!runtime?.startsWith("/")) return null;
  const directories = [`${runtime}/upstart`, `${runtime}/upstart/sessions`];
  return { directories, file: `${runtime}/upstart/sessions/${native.getpid()}.session` };
}

/** Records the session, as far as that can be done. */
export function recordSession(environment: readonly string[], path: string): void {
  const record = recordPath(environment);
  if (record === null) return;
  for (const directory of record.directories) native.mkdir(directory, directoryMode);
  const flags = native.O_WRONLY | native.O_CREAT | native.O_TRUNC | native.O_NOFOLLOW;
  const fd = native.open(record.file, flags, recordMode);
  if (fd < 0) return;
  native.writeText(fd, `UPSTART_SESSION=${socketAddress(path)}\n`);
  native.close(fd);
}

/** Takes away what would lead clients to an init that is gone. */
export function removeTraces(
  options: InitOptions,
  environment: readonly string[],
  path: string | null,
): void {
  if (path !== null && !path.startsWith("\0")) native.unlink(path);
  const record = options.session ? recordPath(environment) : null;
  if (record !== null) native.unlink(record.file);
}

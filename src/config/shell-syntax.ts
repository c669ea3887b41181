import * as native from "upinit:native";
import { EINTR } from "../runtime/errno.ts";

/**
 * Whether a shell can read a script (`sh -n`), for init-checkconf. Blocks until the shell is done: for a command,
 * never for an init.
 */

const shell = "/bin/sh";
const executable = 1;
/** What is kept of a shell's complaints, in bytes. */
const mostOutput = 64 * 1024;

/** Whether there is a shell to ask. */
export function hasShell(): boolean {
  return native.access(shell, executable) === 0;
}

/** What the shell has to say against this script, "" if nothing. Throws if it can't be asked. */
export function shellComplaint(script: string): string {
  const input = textDescriptor(script);
  const output = native.pipe(0);
  if (typeof output === "number") throw new Error(`cannot make a pipe: ${native.errorText(-output)}`);
  const [reader, writer] = output;
  const child = native.spawn({
    file: shell,
    argv: [shell, "-n"],
    env: native.environment(),
    descriptors: [
      [0, input],
      [1, writer],
      [2, writer],
    ],
  });
  native.close(input);
  native.close(writer);
  try {
    if (typeof child === "number") throw new Error(`cannot run ${shell}: ${native.errorText(-child)}`);
    const complaint = readAll(reader);
    return waitFor(child[0]) === 0 ? "" : complaint;
  } finally {
    native.close(reader);
    if (typeof child !== "number") native.close(child[1]);
  }
}

/** A descriptor that reads as this text. Memory only: nothing to clean up, whatever ends this program. */
function textDescriptor(text: string): number {
  const fd = native.memfd("script");
  if (fd < 0) throw new Error(`cannot keep the script in memory: ${native.errorText(-fd)}`);
  const bytes = native.encode(text);
  for (let at = 0; at < bytes.length; ) {
    const count = native.write(fd, bytes, at, bytes.length - at);
    if (count < 0) throw new Error(`cannot keep the script in memory: ${native.errorText(-count)}`);
    at += count;
  }
  native.lseek(fd, 0, 0);
  return fd;
}

function readAll(fd: number): string {
  const buffer = new Uint8Array(mostOutput);
  const rest = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    const isFull = length === mostOutput;
    const count = isFull
      ? native.read(fd, rest, 0, rest.length)
      : native.read(fd, buffer, length, mostOutput - length);
    if (count === -EINTR) continue;
    if (count <= 0) return native.decode(buffer, 0, length);
    if (!isFull) length += count;
  }
}

/** The exit status, or 128 and the signal. */
function waitFor(pid: number): number {
  const result = new Int32Array(3);
  for (;;) {
    const error = native.waitid(native.P_PID, pid, native.WEXITED, result);
    if (error === -EINTR) continue;
    if (error < 0) throw new Error(`cannot wait for ${shell}: ${native.errorText(-error)}`);
    const [, cause, status = 0] = result;
    return cause === native.CLD_EXITED ? status : 128 + status;
  }
}

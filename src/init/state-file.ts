import * as native from "upinit:native";
import * as z from "zod/mini";
import { check } from "../runtime/system-error.ts";
import { type InitState, initState } from "./init-state.ts";

const SEEK_SET = 0;

/** Writes the state to a sealed memfd and returns its descriptor, which survives an exec. Throws a SystemError. */
export function writeState(state: InitState): number {
  const bytes = native.encode(JSON.stringify(state));
  const fd = check(native.memfd("upinit-state"), "memfd_create");
  for (let written = 0; written < bytes.length; ) {
    written += check(native.write(fd, bytes, written, bytes.length - written), "write");
  }
  check(native.seal(fd), "fcntl");
  check(native.setCloseOnExec(fd, false), "fcntl");
  return fd;
}

/** Reads and checks a state. Throws what JSON, zod or the kernel have to say against it. */
export function readState(fd: number): InitState {
  check(native.lseek(fd, 0, SEEK_SET), "lseek");
  const [, size = 0] = check(native.fstat(fd), "fstat");
  const bytes = new Uint8Array(size);
  for (let read = 0; read < size; ) {
    const count = check(native.read(fd, bytes, read, size - read), "read");
    if (count === 0) break;
    read += count;
  }
  return z.parse(initState, JSON.parse(native.decode(bytes, 0, size)));
}

/** Every descriptor that the state names. */
export function descriptorsOf(state: InitState): number[] {
  const descriptors = state.outputs.captures.map(({ fd }) => fd);
  descriptors.push(...state.processes.notify.map(({ fd }) => fd));
  descriptors.push(...state.processes.adopted.map(({ fd }) => fd).filter((fd) => fd >= 0));
  if (state.server !== null) {
    descriptors.push(state.server.listenFd, ...state.server.connections.map(({ fd }) => fd));
  }
  if (state.mainCommand !== null && state.mainCommand.statusFd >= 0)
    descriptors.push(state.mainCommand.statusFd);
  return descriptors;
}

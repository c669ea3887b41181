import * as native from "upinit:native";
import { good } from "./harness.ts";

export const isRoot = native.geteuid() === 0;

/** A fresh directory for this process, in /tmp. */
export function temporaryDirectory(): string {
  const path = `/tmp/upinit-bindings-${native.getpid()}-${native.monotonicTime()}`;
  good(native.mkdir(path, 0o755));
  return path;
}

/** Removes a tree, whatever state a test left it in. */
export function removeTree(path: string): void {
  const listing = native.readDirectory(path);
  if (typeof listing === "number") {
    native.unlink(path);
    return;
  }
  for (const name of listing.names) {
    const entry = `${path}/${name}`;
    const status = native.stat(entry, false);
    const isDirectory = typeof status !== "number" && ((status[0] ?? 0) & 0o170000) === 0o040000;
    if (isDirectory) removeTree(entry);
    else native.unlink(entry);
  }
  native.rmdir(path);
}

/** Runs with a fresh directory that is removed afterwards. */
export function withDirectory(run: (path: string) => void): void {
  const path = temporaryDirectory();
  try {
    run(path);
  } finally {
    removeTree(path);
  }
}

export function writeFile(path: string, text: string, mode = 0o644): void {
  const fd = good(native.open(path, native.O_WRONLY | native.O_CREAT | native.O_TRUNC, mode));
  good(native.writeText(fd, text));
  native.close(fd);
  native.chmod(path, mode);
}

/** Everything up to the end of file, waiting for it. */
export function readAll(fd: number): string {
  const buffer = new Uint8Array(1 << 16);
  let text = "";
  for (;;) {
    const count = native.read(fd, buffer, 0, buffer.length);
    if (count <= 0) return text;
    text += native.decode(buffer, 0, count);
  }
}

/** Waits for a child to end: [code, status] as waitid(2) gives them. */
export function waitForEnd(pid: number): readonly [code: number, status: number] {
  const into = new Int32Array(3);
  good(native.waitid(native.P_PID, pid, native.WEXITED, into));
  return [into[1] ?? 0, into[2] ?? 0];
}

/** Waits until a child stops (or is trapped): [code, status]. */
export function waitForStop(pid: number): readonly [code: number, status: number] {
  const into = new Int32Array(3);
  good(native.waitid(native.P_PID, pid, native.WSTOPPED | native.WEXITED | native.WALL, into));
  return [into[1] ?? 0, into[2] ?? 0];
}

/** Waits for what the set-up of a child came to. */
export function waitForSetup(statusFd: number): ReturnType<typeof native.readSpawnFailure> {
  good(native.pollOne(statusFd, native.EPOLLIN, -1));
  const outcome = native.readSpawnFailure(statusFd);
  native.close(statusFd);
  return outcome;
}

export interface Result {
  readonly output: string;
  /** Exit status, or minus the signal. */
  readonly status: number;
  /** `STEP CODE DETAIL` if the set-up failed. */
  readonly failure: string | null;
}

export const plainEnvironment: readonly string[] = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"];

type Options = Partial<native.SpawnPlan>;

let waitForExec = false;

/** From now on `run`, and what is made of it, has its children set up in our own memory. */
export function lendMemory(): void {
  waitForExec = true;
}

/** Spawns with standard output in a pipe and waits for the end. */
export function run(argv: readonly string[], options: Options = {}): Result {
  const [output, input] = good(native.pipe(0));
  const plan = {
    file: argv[0] ?? "",
    argv,
    env: plainEnvironment,
    waitForExec,
    ...options,
    descriptors: [[1, input], ...(options.descriptors ?? [[2, 2]])] as const,
  };
  const [pid, statusFd] = good(native.spawn(plan));
  native.close(input);
  const text = readAll(output);
  native.close(output);
  const failure = waitForSetup(statusFd);
  const [code, status] = waitForEnd(pid);
  return {
    output: text,
    status: code === native.CLD_EXITED ? status : -status,
    failure: Array.isArray(failure) ? `${failure[0]} ${native.errorName(failure[1])} ${failure[2]}` : null,
  };
}

/** What a shell command prints, without the last newline. */
export function shell(command: string, options: Options = {}): string {
  return run(["/bin/sh", "-c", command], options).output.replace(/\n$/, "");
}

/** A field of /proc/PID/status as it stands there. */
export function statusField(text: string, name: string): string {
  const line = text.split("\n").find((each) => each.startsWith(`${name}:`));
  return line === undefined ? "" : line.slice(name.length + 1).trim();
}

import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";
import { plainEnvironment, waitForEnd, waitForSetup } from "./helpers.ts";

/** Reads from a terminal until the text contains something. */
function readUntil(master: number, wanted: string): string {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.includes(wanted)) {
    good(native.pollOne(master, native.EPOLLIN, 10_000));
    const count = native.read(master, buffer, 0, buffer.length);
    if (count < 0) throw new Error(`${native.errorText(-count)} after ${JSON.stringify(text)}`);
    text += native.decode(buffer, 0, count);
  }
  return text;
}

/** A shell command as leader of a session on the terminal. */
function startOn(slave: string, command: string, options: Partial<native.SpawnPlan> = {}): number {
  const open = [0, 1, 2].map((fd) => [fd, slave, native.O_RDWR | native.O_NOCTTY] as const);
  const base = { file: "/bin/sh", argv: ["sh", "-c", command], env: plainEnvironment, descriptors: [], open };
  const [pid, statusFd] = good(
    native.spawn({ ...base, session: true, controllingTerminal: true, ...options }),
  );
  equal(waitForSetup(statusFd), true);
  return pid;
}

export const terminalSuite: Suite = [
  test("a child gets a terminal of its own, in the foreground", () => {
    const [master, slave] = good(native.openPty());
    failsWith(native.read(master, new Uint8Array(1), 0, 1), "EAGAIN");
    const pid = startOn(slave, 'echo "at $(tty)"; read line; echo "got $line"');
    readUntil(master, `at ${slave}\n`);
    equal(native.foregroundGroup(master), pid);
    isTrue(native.isTerminal(master), "the master is a terminal too");
    native.writeText(master, "text\n");
    readUntil(master, "got text\n");
    equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
    native.close(master);
  }),
  test("a terminal that nobody has becomes the child's, one that somebody has does not", () => {
    const [master, slave] = good(native.openPty());
    const free = { controllingTerminal: false, freeTerminal: true };
    const pid = startOn(slave, 'exec 3</dev/tty && echo "has $(tty)"; read line', free);
    readUntil(master, `has ${slave}\n`);
    equal(waitForEnd(startOn(slave, "exec 3</dev/tty || exit 2", free)), [native.CLD_EXITED, 2]);
    native.kill(pid, 9);
    waitForEnd(pid);
    native.close(master);
    equal(waitForEnd(startOn("/dev/null", "exit 0", free)), [native.CLD_EXITED, 0]);
  }),
  test("an interrupt typed at the terminal reaches the foreground group", () => {
    const [master, slave] = good(native.openPty());
    const pid = startOn(slave, "echo ready; exec sleep 1000");
    readUntil(master, "ready");
    native.writeText(master, "\x03");
    equal(waitForEnd(pid), [native.CLD_KILLED, 2]);
    native.close(master);
  }),
  test("a second group of the session can be put into the foreground", () => {
    const [master, slave] = good(native.openPty());
    const self = good(native.readlink("/proc/self/exe"));
    const pid = startOn(slave, `exec ${self} foreground`);
    const said = readUntil(master, "done");
    equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
    equal(said.trim(), "child in the foreground, then back; detached; done");
    native.close(master);
  }),
  test("raw mode and back", () => {
    const [master, slave] = good(native.openPty());
    const fd = good(native.open(slave, native.O_RDWR | native.O_NOCTTY));
    const saved = good(native.rawTerminal(fd));
    native.writeText(master, "a");
    const buffer = new Uint8Array(8);
    equal(native.read(fd, buffer, 0, 8), 1, "no line is waited for");
    equal(native.restoreTerminal(fd, saved), 0);
    equal(good(native.rawTerminal(fd)), saved);
    failsWith(native.restoreTerminal(fd, new Uint8Array(3)), "EINVAL");
    native.close(fd);
    native.close(master);
  }),
  test("window size", () => {
    const [master, slave] = good(native.openPty());
    const pid = startOn(slave, "stty cols 123 rows 45; echo done; read line");
    readUntil(master, "done");
    equal(native.windowSize(master), [123, 45]);
    native.kill(pid, 9);
    waitForEnd(pid);
    native.close(master);
  }),
  test("what is no terminal says so", () => {
    const [read, write] = good(native.pipe(0));
    equal(native.isTerminal(read), false);
    failsWith(native.windowSize(read), "ENOTTY");
    failsWith(native.foregroundGroup(read), "ENOTTY");
    failsWith(native.setForegroundGroup(read, 1), "ENOTTY");
    failsWith(native.rawTerminal(read), "ENOTTY");
    failsWith(native.detachTerminal(read), "ENOTTY");
    native.close(read);
    native.close(write);
  }),
];

/** Child, leader on a terminal: gives it to a child of its own, takes it back, and gives it up. */
export function foreground(): number {
  const plan = {
    file: "/bin/sh",
    argv: ["sh", "-c", "kill -STOP $$"],
    env: plainEnvironment,
    descriptors: [[0, 0]] as const,
    group: 0,
    foregroundOf: 0,
  };
  const [pid, statusFd] = good(native.spawn(plan));
  if (waitForSetup(statusFd) !== true) return 1;
  const into = new Int32Array(3);
  native.waitid(native.P_PID, pid, native.WSTOPPED | native.WEXITED, into);
  const given = native.foregroundGroup(0) === pid;
  // Blocked: a background group that changes the foreground is stopped otherwise. HUP comes with giving it up.
  native.blockSignals([(1 << 21) | 1, 0]);
  const taken =
    native.setForegroundGroup(0, native.getpid()) === 0 && native.foregroundGroup(0) === native.getpid();
  native.kill(pid, 9);
  waitForEnd(pid);
  const detached = native.detachTerminal(0) === 0 && native.open("/dev/tty", native.O_RDWR) < 0;
  const words = [given && "child in the foreground", taken && "then back"].filter(Boolean).join(", ");
  native.writeText(1, `${words}; ${detached && "detached"}; done`);
  return 0;
}

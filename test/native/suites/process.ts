import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, test, throwsTypeError } from "./harness.ts";
import {
  isRoot,
  plainEnvironment,
  run,
  shell,
  statusField,
  waitForEnd,
  waitForSetup,
  waitForStop,
} from "./helpers.ts";

function start(command: string): number {
  const plan = { file: "/bin/sh", argv: ["sh", "-c", command], env: plainEnvironment, descriptors: [] };
  const [pid, statusFd] = good(native.spawn(plan));
  equal(waitForSetup(statusFd), true);
  return pid;
}

/** The last of the numbers that a process has, one for each PID namespace it is in: its number in its own. */
function innermost(numbers: string): number {
  return Number(numbers.split("\t").at(-1));
}

export const processSuite = [
  test("identity is what the kernel says", () => {
    const status = good(native.readPseudoFile("/proc/self/status"));
    equal(
      [native.getpid(), native.getppid()],
      [statusField(status, "Pid"), statusField(status, "PPid")].map(Number),
    );
    const ids = [native.getuid(), native.geteuid(), native.getgid(), native.getegid()];
    const [uid = "", gid = ""] = [statusField(status, "Uid"), statusField(status, "Gid")];
    equal(ids, [uid.split("\t")[0], uid.split("\t")[1], gid.split("\t")[0], gid.split("\t")[1]].map(Number));
    const [low, high] = native.capabilities();
    equal(
      BigInt(`0x${statusField(status, "CapEff")}`) === (BigInt(high) << 32n) + BigInt(low),
      true,
      "capabilities",
    );
    equal(`${native.hostname()}\n`, native.readPseudoFile("/proc/sys/kernel/hostname"));
    // Both are 0 where their leaders are outside of this PID namespace.
    equal(
      [native.getsid(0), native.getpgid(0)],
      [statusField(status, "NSsid"), statusField(status, "NSpgid")].map(innermost),
    );
    failsWith(native.getsid(-5), "ESRCH");
  }),
  test("umask, working directory and name", () => {
    const before = native.umask(0o27);
    equal(native.umask(before), 0o27);
    const place = good(native.getcwd());
    equal([native.chdir("/"), native.getcwd(), native.chdir(place)], [0, "/", 0]);
    failsWith(native.chdir("/nowhere"), "ENOENT");
    equal(native.setProcessName("renamed"), 0);
    equal(native.readPseudoFile("/proc/self/comm"), "renamed\n");
    equal([native.setDumpable(true), native.setParentDeathSignal(0)], [0, 0]);
  }),
  test("clocks run, sleep sleeps", () => {
    const before = native.monotonicTime();
    native.sleep(20);
    isTrue(native.monotonicTime() - before >= 20, "20 ms are over");
    isTrue(native.realTime() > 1.6e12, "after 2020");
    native.sleep(0);
    native.sleep(-1);
    throwsTypeError(() => native.sleep("1" as unknown as number));
  }),
  test("waitid in two steps: look, then reap", () => {
    const pid = start("exit 42");
    const into = new Int32Array(3);
    equal(native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOWAIT, into), 0);
    equal(into, [pid, native.CLD_EXITED, 42]);
    equal(native.kill(pid, 0), 0, "kill of a zombie");
    equal(native.waitid(native.P_PID, pid, native.WEXITED | native.WNOHANG, into), 0);
    equal(into, [pid, native.CLD_EXITED, 42]);
    failsWith(native.kill(pid, 0), "ESRCH");
    failsWith(native.waitid(native.P_PID, pid, native.WEXITED, into), "ECHILD");
    equal(into[0], 0);
  }),
  test("waitid says pid 0 while nobody has changed", () => {
    const pid = start("exec sleep 1000");
    const into = new Int32Array([7, 7, 7]);
    equal(native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOHANG, into), 0);
    equal(into, [0, 0, 0]);
    equal(native.kill(pid, 9), 0);
    equal(waitForEnd(pid), [native.CLD_KILLED, 9]);
  }),
  test("waitid sees stopping and continuing", () => {
    const pid = start("exec sleep 1000");
    const into = new Int32Array(3);
    native.kill(pid, 19);
    equal(waitForStop(pid), [native.CLD_STOPPED, 19]);
    native.kill(pid, 18);
    equal(native.waitid(native.P_PID, pid, native.WCONTINUED, into), 0);
    equal([into[1], into[2]], [native.CLD_CONTINUED, 18]);
    native.kill(pid, 15);
    equal(waitForEnd(pid), [native.CLD_KILLED, 15]);
  }),
  test("a pidfd becomes readable with the end, and waits for its own child only", () => {
    const pid = start("read line; exit 3");
    const pidfd = good(native.pidfdOpen(pid));
    equal(native.pidfdSendSignal(pidfd, 0), 0);
    isTrue((native.pollOne(pidfd, native.EPOLLIN, 10_000) & native.EPOLLIN) !== 0, "readable");
    const into = new Int32Array(3);
    equal(native.waitid(native.P_PIDFD, pidfd, native.WEXITED, into), 0);
    equal(into[0], pid);
    failsWith(native.pidfdSendSignal(pidfd, 0), "ESRCH");
    native.close(pidfd);
  }),
  test("a subreaper gets the orphans", () => {
    equal(native.isSubreaper(), false);
    equal(native.setSubreaper(true), 0);
    equal(native.isSubreaper(), true);
    const orphan = Number(shell("sleep 1000 >/dev/null & echo $!"));
    native.kill(orphan, 9);
    equal(waitForEnd(orphan), [native.CLD_KILLED, 9]);
    equal(native.setSubreaper(false), 0);
  }),
  test("kill tells its errors", () => {
    failsWith(native.kill(native.getpid(), 65), "EINVAL");
    failsWith(native.kill(0x3ffffff, 0), "ESRCH");
    if (!isRoot) failsWith(native.kill(1, 0), "EPERM");
  }),
  test("random fills everything", () => {
    const buffer = new Uint8Array(1000);
    equal(native.random(buffer), 1000);
    isTrue(
      buffer.subarray(900).some((byte) => byte !== 0),
      "the end is filled",
    );
  }),
  test("exec of itself: through a descriptor, the mask stays, dispositions are the inherited ones", () => {
    const fd = good(native.open("/proc/self/exe", native.O_PATH));
    failsWith(native.exec(-1, ["x"], []), "EBADF");
    failsWith(native.exec(fd, ["a\0"], []), "EINVAL");
    const self = good(native.readlink("/proc/self/exe"));
    const { output, status } = run([self, "exec-itself"]);
    equal(status, 0);
    equal(output, "again with ODD=1: SIGUSR1 is blocked, ignored is 0\n");
    native.close(fd);
  }),
];

/** The child of the last test: execs itself with SIGUSR1 blocked and SIGUSR2 ignored by itself. */
export function execItself(argv: readonly string[]): number {
  if (argv[2] !== "again") {
    native.blockSignals([1 << 9, 0]);
    native.ignoreSignal(12, true);
    const fd = native.open("/proc/self/exe", native.O_PATH);
    return -native.exec(fd, [argv[0] ?? "", "exec-itself", "again"], ["ODD=1"]);
  }
  const { blocked, ignored } = native.inheritedSignals();
  const mask = blocked[0] === 1 << 9 ? "SIGUSR1 is blocked" : `blocked is ${blocked[0]}`;
  native.writeText(1, `again with ${native.environment().join()}: ${mask}, ignored is ${ignored[0]}\n`);
  return 0;
}

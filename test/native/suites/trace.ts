import * as native from "upinit:native";
import { equal, failsWith, good, type Suite, test } from "./harness.ts";
import { plainEnvironment, waitForEnd, waitForSetup, waitForStop } from "./helpers.ts";

const trap = 5;

/** A traced shell command, stopped at its exec. */
function startTraced(command: string): number {
  const argv = ["sh", "-c", command];
  const plan = { file: "/bin/sh", argv, env: plainEnvironment, descriptors: [[2, 2]] as const, trace: true };
  const [pid, statusFd] = good(native.spawn(plan));
  equal(waitForSetup(statusFd), true);
  equal(waitForStop(pid), [native.CLD_TRAPPED, trap]);
  return pid;
}

export const traceSuite: Suite = [
  test("follows a fork: the event, the new child, letting both go", () => {
    // It lives on, so that the shell can't exec in its own place.
    const pid = startTraced("sleep 1000 & wait; exit 4");
    good(native.ptraceSetOptions(pid, native.PTRACE_O_TRACEFORK | native.PTRACE_O_TRACEEXEC));
    good(native.ptraceContinue(pid, 0));
    equal(waitForStop(pid), [native.CLD_TRAPPED, trap | (native.PTRACE_EVENT_FORK << 8)]);
    const child = good(native.ptraceGetEventMessage(pid));
    equal(good(native.getpgid(child)), native.getpgid(pid));
    equal(waitForStop(child)[0], native.CLD_TRAPPED, "the child of a traced process stops first of all");
    good(native.ptraceDetach(pid, 0));
    good(native.ptraceContinue(child, 0));
    equal(waitForStop(child), [native.CLD_TRAPPED, trap | (native.PTRACE_EVENT_EXEC << 8)]);
    good(native.ptraceDetach(child, 0));
    native.kill(child, 9);
    equal(waitForEnd(pid), [native.CLD_EXITED, 4]);
  }),
  test("hands a signal on", () => {
    const pid = startTraced("trap 'exit 7' TERM; kill -TERM $$; exit 1");
    good(native.ptraceContinue(pid, 0));
    for (;;) {
      const [code, status] = waitForStop(pid);
      if (code === native.CLD_EXITED) {
        equal(status, 7);
        return;
      }
      good(native.ptraceContinue(pid, status));
    }
  }),
  test("tells its errors", () => {
    failsWith(native.ptraceContinue(native.getppid(), 0), "ESRCH");
    failsWith(native.ptraceGetEventMessage(0x3ffffff), "ESRCH");
  }),
];

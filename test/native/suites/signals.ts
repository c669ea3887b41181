import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";
import { shell, statusField } from "./helpers.ts";

const everySignal = Array.from({ length: 64 }, (_, index) => index + 1);

/** Reads what is pending: [signal, pid, uid, code] each. */
function readSignals(fd: number, room = 64): number[][] {
  const fields = new Int32Array(4 * room);
  const count = good(native.readSignals(fd, fields));
  return Array.from({ length: count }, (_, index) => [...fields.subarray(4 * index, 4 * index + 4)]);
}

/** Runs with these signals blocked and a signalfd for them. */
function withSignalfd(set: native.SignalSet, run: (fd: number) => void): void {
  good(native.blockSignals(set));
  const fd = good(native.signalfd(set));
  try {
    run(fd);
  } finally {
    readSignals(fd);
    native.close(fd);
    native.blockSignals([0, 0]);
  }
}

export const signalsSuite: Suite = [
  test("all 64 signals but KILL and STOP arrive, real-time ones of the libc too", () => {
    withSignalfd([0xffffffff, 0xffffffff], (fd) => {
      // One after the other: pending stop signals and CONT take each other away.
      for (const signal of everySignal.filter((each) => each !== 9 && each !== 19)) {
        equal(native.kill(native.getpid(), signal), 0);
        equal(readSignals(fd), [[signal, native.getpid(), native.getuid(), 0]]);
      }
      equal(readSignals(fd), []);
    });
  }),
  test("says who sent it", () => {
    withSignalfd([1 << 9, 0], (fd) => {
      native.kill(native.getpid(), 10);
      equal(readSignals(fd), [[10, native.getpid(), native.getuid(), 0]]);
      const sender = Number(shell(`echo $$; kill -USR1 ${native.getpid()}`));
      equal(readSignals(fd), [[10, sender, native.getuid(), 0]]);
    });
  }),
  test("a plain signal counts once, a real-time one each time", () => {
    withSignalfd([1 << 9, 1 << 7], (fd) => {
      for (let round = 0; round < 3; round++) {
        native.kill(native.getpid(), 10);
        native.kill(native.getpid(), 40);
      }
      equal(
        readSignals(fd).map(([signal]) => signal),
        [10, 40, 40, 40],
      );
    });
  }),
  test("what has no room stays for the next read", () => {
    withSignalfd([0, 0x80], (fd) => {
      for (let round = 0; round < 50; round++) native.kill(native.getpid(), 40);
      equal(readSignals(fd, 20).length, 20);
      isTrue((native.pollOne(fd, native.EPOLLIN, 0) & native.EPOLLIN) !== 0, "still readable");
      equal(readSignals(fd, 60).length, 30);
    });
  }),
  test("the mask is exactly the set; numbers made with << are welcome", () => {
    native.blockSignals([1 << 31, -1]);
    equal(statusField(good(native.readPseudoFile("/proc/self/status")), "SigBlk"), "ffffffff80000000");
    native.blockSignals([0, 0]);
    equal(statusField(good(native.readPseudoFile("/proc/self/status")), "SigBlk"), "0".repeat(16));
  }),
  test("ignores and takes back, but not KILL", () => {
    equal([native.ignoreSignal(33, true), native.ignoreSignal(12, true)], [0, 0]);
    equal(statusField(good(native.readPseudoFile("/proc/self/status")), "SigIgn"), "0000000100000800");
    equal([native.ignoreSignal(33, false), native.ignoreSignal(12, false)], [0, 0]);
    failsWith(native.ignoreSignal(9, true), "EINVAL");
    failsWith(native.ignoreSignal(65, true), "EINVAL");
  }),
];

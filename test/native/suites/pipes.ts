import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, test, throwsTypeError } from "./harness.ts";

/** Runs with a pipe of its own. */
function withPipe(run: (reading: number, writing: number) => void): void {
  const [reading, writing] = good(native.pipe(0));
  try {
    run(reading, writing);
  } finally {
    native.close(reading);
    native.close(writing);
  }
}

export const pipesSuite = [
  test("tells and changes what a pipe can hold", () => {
    withPipe((reading, writing) => {
      const before = good(native.pipeSize(reading));
      isTrue(before >= 4096, "a page at least");
      equal(native.setPipeSize(writing, 2 * before), 2 * before);
      equal(native.pipeSize(reading), 2 * before);
    });
    failsWith(native.pipeSize(-1), "EBADF");
    failsWith(native.setPipeSize(-1, 4096), "EBADF");
  }),
  test("tells what waits in a pipe", () => {
    withPipe((reading, writing) => {
      equal(native.pipeFilled(reading), 0);
      native.writeText(writing, "five!");
      equal(native.pipeFilled(reading), 5);
      equal(native.pipeFilled(writing), 5);
    });
    failsWith(native.pipeFilled(-1), "EBADF");
  }),
  test("lets one end not wait, and leaves the other as it is", () => {
    withPipe((reading, writing) => {
      equal(native.setNonBlocking(reading), 0);
      failsWith(native.read(reading, new Uint8Array(1), 0, 1), "EAGAIN");
      equal(good(native.descriptorFlags(writing)) & native.O_NONBLOCK, 0);
    });
    failsWith(native.setNonBlocking(-1), "EBADF");
  }),
  test("wants numbers", () => {
    throwsTypeError(() => native.pipeSize("0" as unknown as number));
    throwsTypeError(() => native.setPipeSize(0, null as unknown as number));
    throwsTypeError(() => native.pipeFilled({} as unknown as number));
    throwsTypeError(() => native.setNonBlocking(undefined as unknown as number));
  }),
];

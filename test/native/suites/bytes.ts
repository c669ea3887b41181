import * as native from "upinit:native";
import { equal, failsWith, isTrue, test, throwsTypeError } from "./harness.ts";

function prefixed(text: string, prefix: string, atLineStart: boolean, room = 1000): string | number {
  const from = native.encode(text);
  const into = new Uint8Array(room);
  const count = native.prefixLines(from, 0, from.length, native.encode(prefix), atLineStart, into);
  return count < 0 ? count : native.decode(into, 0, count);
}

function rangeError(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
}

export const bytesSuite = [
  test("prefixes each line, the first only at a line's start", () => {
    equal(prefixed("a\nb\n", "x| ", true), "x| a\nx| b\n");
    equal(prefixed("a\nb", "x| ", false), "a\nx| b");
    equal(prefixed("", "x| ", true), "");
    equal(prefixed("\n\n", "x| ", true), "x| \nx| \n");
    equal(prefixed("\na", "x| ", false), "\nx| a");
    equal(prefixed("no newline", "", true), "no newline");
  }),
  test("prefixes a part of a buffer", () => {
    const from = native.encode("..a\nb..");
    const into = new Uint8Array(100);
    const count = native.prefixLines(from, 2, 3, native.encode("> "), true, into);
    equal(native.decode(into, 0, count), "> a\n> b");
  }),
  test("says ENOBUFS when the room is too small, and fits exactly", () => {
    failsWith(prefixed("ab\ncd\n", "> ", true, 9), "ENOBUFS");
    equal(prefixed("ab\ncd\n", "> ", true, 10), "> ab\n> cd\n");
    failsWith(prefixed("a", "", true, 0), "ENOBUFS");
  }),
  test("finds the first, the last and the number of a byte, with indices into the whole", () => {
    const from = native.encode("a\nbc\nd\ne");
    equal(native.indexOfByte(from, 10, 2, 6), 4);
    equal(native.lastIndexOfByte(from, 10, 0, 6), 4);
    equal(native.lastIndexOfByte(from, 10, 0, from.length), 6);
    equal(native.countByte(from, 10, 0, from.length), 3);
    equal(native.indexOfByte(from, 10, 7, 1), -1);
    equal(native.lastIndexOfByte(from, 10, 0, 0), -1);
    equal(native.countByte(from, 10, 0, 0), 0);
  }),
  test("a range outside of the buffer is a RangeError, another type a TypeError", () => {
    const from = new Uint8Array(4);
    isTrue(
      rangeError(() => native.indexOfByte(from, 10, 2, 3)),
      "past the end",
    );
    isTrue(
      rangeError(() => native.indexOfByte(from, 10, -1, 2)),
      "before the start",
    );
    isTrue(
      rangeError(() => native.decode(from, 5, 0)),
      "an offset past the end",
    );
    isTrue(
      rangeError(() => native.read(0, from, 0, 2 ** 40)),
      "more than there is",
    );
    throwsTypeError(() => native.decode(new Int32Array(4) as unknown as Uint8Array, 0, 1));
    throwsTypeError(() => native.epollWait(0, from as unknown as Int32Array, 0));
  }),
  test("errors have the names and texts of glibc", () => {
    equal([native.errorName(2), native.errorText(2)], ["ENOENT", "No such file or directory"]);
    equal([native.errorName(11), native.errorText(11)], ["EAGAIN", "Resource temporarily unavailable"]);
    equal([native.errorName(40), native.errorText(40)], ["ELOOP", "Too many levels of symbolic links"]);
    equal([native.errorName(8), native.errorText(8)], ["ENOEXEC", "Exec format error"]);
    equal([native.errorName(95), native.errorText(95)], ["EOPNOTSUPP", "Operation not supported"]);
    equal([native.errorName(133), native.errorText(133)], ["EHWPOISON", "Memory page has hardware error"]);
    equal([native.errorName(41), native.errorText(41)], ["", "Unknown error 41"]);
    equal([native.errorName(9999), native.errorText(-7)], ["", "Unknown error -7"]);
    equal(native.errorText(0), "Success");
  }),
];

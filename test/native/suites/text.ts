import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, test, throwsTypeError } from "./harness.ts";
import { run, withDirectory, writeFile } from "./helpers.ts";

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function decode(...values: number[]): string {
  return native.decode(bytes(...values), 0, values.length);
}

const allBytes = Uint8Array.from({ length: 256 }, (_, index) => index);

export const textSuite = [
  test("each of the 256 bytes survives alone and with all the others", () => {
    equal(native.encode(native.decode(allBytes, 0, 256)), allBytes);
    for (const byte of allBytes) equal(native.encode(decode(byte)), [byte]);
  }),
  test("random bytes survive", () => {
    const random = new Uint8Array(4096);
    for (let round = 0; round < 50; round++) {
      good(native.random(random));
      equal(native.encode(native.decode(random, 0, random.length)), random);
    }
  }),
  test("a byte that is no UTF-8 is a lone surrogate", () => {
    equal(
      [...decode(0x61, 0xff, 0x62)].map((part) => part.codePointAt(0)),
      [0x61, 0xdcff, 0x62],
    );
  }),
  test("valid UTF-8 is what it says, up to U+10FFFF", () => {
    equal(decode(0xc3, 0xa9), "é");
    equal(decode(0xe2, 0x82, 0xac), "€");
    equal(decode(0xf0, 0x9f, 0x90, 0xa7), "🐧");
    equal(native.encode("é€🐧"), [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x90, 0xa7]);
    equal(decode(0xf4, 0x8f, 0xbf, 0xbf), "\u{10ffff}");
    equal(decode(0xed, 0x9f, 0xbf), "\ud7ff");
    equal(decode(0xef, 0xbb, 0xbf, 0x61), "\ufeffa");
  }),
  test("overlong forms, surrogates, cut sequences and what lies past U+10FFFF stay bytes", () => {
    const bad = [
      [0xc0, 0x80],
      [0xc1, 0xbf],
      [0xe0, 0x9f, 0xbf],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x90],
      [0x80],
    ];
    for (const sequence of bad) {
      const text = decode(...sequence);
      equal(text.length, sequence.length, "escapes");
      isTrue(
        [...text].every((part) => (part.codePointAt(0) ?? 0) >> 7 === 0x1b9),
        "all are escapes",
      );
      equal(native.encode(text), sequence);
    }
  }),
  test("escapes that together make UTF-8 go out as that", () => {
    equal(native.encode("\udcc3\udca9"), [0xc3, 0xa9]);
  }),
  test("a surrogate that stands for nothing becomes U+FFFD", () => {
    equal(native.encode("a\ud800b"), [0x61, 0xef, 0xbf, 0xbd, 0x62]);
    equal(native.encode("\udc00"), [0xef, 0xbf, 0xbd]);
    equal(native.encode("\udfff"), [0xef, 0xbf, 0xbd]);
  }),
  test("an escape next to an astral character keeps both", () => {
    const sequence = [0xff, 0xf0, 0x9f, 0x90, 0xa7, 0xfe];
    equal(native.encode(decode(...sequence)), sequence);
  }),
  test("texts of every length up to 40, with an odd byte at every place", () => {
    for (let length = 1; length <= 40; length++) {
      for (let odd = 0; odd < length; odd++) {
        const sequence = Uint8Array.from({ length }, (_, index) => (index === odd ? 0x80 + index : 0x41));
        equal(native.encode(native.decode(sequence, 0, length)), sequence);
      }
    }
  }),
  test("a string is not a rope, not a number: anything else is a TypeError", () => {
    throwsTypeError(() => native.encode(5 as unknown as string));
    throwsTypeError(() => native.open(null as unknown as string, 0));
    const rope = Array.from({ length: 5000 }, () => "ab").reduce((whole, part) => whole + part, "");
    equal(native.encode(rope).length, 10_000);
  }),
  test("a NUL in a path, an argument or the environment is EINVAL", () => {
    failsWith(native.open("/tmp\0x", 0), "EINVAL");
    failsWith(native.rename("/tmp/a", "b\0"), "EINVAL");
    failsWith(native.spawn({ file: "/bin/true", argv: ["a\0b"], env: [], descriptors: [] }), "EINVAL");
    failsWith(native.spawn({ file: "/bin/true", argv: ["a"], env: ["A=\0"], descriptors: [] }), "EINVAL");
    failsWith(native.spawn({ file: "/bin/true\0", argv: ["a"], env: [], descriptors: [] }), "EINVAL");
  }),
  test("file names of any bytes come and go", () => {
    withDirectory((path) => {
      const name =
        native.decode(allBytes.subarray(1, 47), 0, 46) + native.decode(allBytes.subarray(48), 0, 200);
      writeFile(`${path}/${name}`, "found");
      equal(good(native.readDirectory(path)).names, [name]);
      equal(native.readFile(`${path}/${name}`, 100), "found");
    });
  }),
  test("arguments and environment of any bytes reach the child", () => {
    const odd = native.decode(allBytes.subarray(1), 0, 255);
    equal(native.encode(run(["printf", "%s", odd]).output), allBytes.subarray(1));
    const env = ["PATH=/usr/bin:/bin", `ODD=${odd}`];
    equal(run(["env"], { env }).output, `${env.join("\n")}\n`);
  }),
];

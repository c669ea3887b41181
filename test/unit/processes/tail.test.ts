import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tail } from "../../../src/processes/tail.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (part: Uint8Array): string => String.fromCharCode(...part);

function append(tail: Tail, added: string): void {
  tail.append(bytes(`<${added}>`), 1, added.length);
}

test("keeps the last bytes, whatever came in what pieces", () => {
  const piece = fc.string({ maxLength: 40 }).map((value) => value.replace(/[^ -~]/g, "?"));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1200 }),
      fc.array(piece, { maxLength: 200 }),
      (capacity, pieces) => {
        const tail = new Tail(capacity);
        let all = "";
        for (const added of pieces) {
          append(tail, added);
          all += added;
          expect(text(tail.last(capacity))).toBe(all.slice(-capacity));
          expect(tail.length).toBe(Math.min(all.length, capacity));
        }
      },
    ),
    { numRuns: 50 },
  );
});

describe("resize", () => {
  test("to more goes on with what is there", () => {
    const tail = new Tail(4);
    append(tail, "abcdef");
    tail.resize(8);
    append(tail, "ghi");
    expect(text(tail.last(100))).toBe("cdefghi");
  });

  test("to less keeps the last", () => {
    const tail = new Tail(1000);
    append(tail, "x".repeat(700));
    append(tail, "end");
    tail.resize(4);
    expect(text(tail.last(100))).toBe("xend");
    append(tail, "!");
    expect(text(tail.last(100))).toBe("end!");
  });
});

test("gives no more than is asked for", () => {
  const tail = new Tail(10);
  append(tail, "0123456789ab");
  expect(text(tail.last(3))).toBe("9ab");
  expect(text(tail.last(0))).toBe("");
});

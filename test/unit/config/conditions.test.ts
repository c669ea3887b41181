import { describe, expect, test } from "vitest";
import { conditionSource } from "../../../src/config/format.ts";
import { parseJob } from "../../../src/config/parser.ts";
import { conditionText } from "../../../src/config/show.ts";
import type { Condition } from "../../../src/events/condition.ts";

function parse(text: string) {
  return parseJob(text, { name: "t", path: "t.conf" });
}

function condition(text: string): Condition {
  const result = parse(text);
  if (!result.ok || result.jobClass.startOn === null) throw new Error(`refused: ${text}`);
  return result.jobClass.startOn;
}

/** Line, offset in that line and message. */
function refusal(text: string): string {
  const result = parse(text);
  if (result.ok) return "accepted";
  const { line, place, message } = result.diagnostic;
  return `${line} ${(place?.column ?? 0) - 1} ${message}`;
}

describe("conditions", () => {
  test.each([
    ["wibble or wobble or wiggle", "((wibble or wobble) or wiggle)"],
    ["wibble or (wobble or wiggle)", "(wibble or (wobble or wiggle))"],
    ["a or b and c", "((a or b) and c)"],
    ["(wibble\n   or (wobble # why\n or wiggle)\n)", "(wibble or (wobble or wiggle))"],
    ["foo \\\n  or bar", "(foo or bar)"],
    ["((a))", "a"],
    ["a(", "refused"],
    ['"and" "or" x=1', "and or x=1"],
    ["AND && || not", "AND && || not"],
    ['foo X="(a)"', "foo X=(a)"],
    ["foo or\\\n  bar", "(foo or bar)"],
    ["foo and\\\n(bar)", "(foo and bar)"],
    ['foo an"d" ""and', "foo and and"],
    ["(a)and(b)or c", "((a and b) or c)"],
  ])("%j is %j", (text, shown) => {
    const result = parse(`start on ${text}\n`);
    expect(result.ok && result.jobClass.startOn ? conditionText(result.jobClass.startOn) : "refused").toBe(
      shown,
    );
  });

  test("arguments are kept as written, positional first", () => {
    expect(condition('start on wibble foo bar KEY=b?z* "FRODO=foo bar" X!=y')).toEqual({
      type: "match",
      event: "wibble",
      args: ["foo", "bar", "KEY=b?z*", "FRODO=foo bar", "X!=y"],
    });
  });

  test("parentheses are printed only where they are needed", () => {
    expect(conditionSource(condition("start on ((a and b) or (c and (d or e)))"))).toBe(
      "a and b or (c and (d or e))",
    );
    expect(conditionSource(condition('start on "and" "(x)" K="a b" "L M=1"'))).toBe(
      '"and" "(x)" K="a b" "L M=1"',
    );
  });

  // The byte offsets are those of Upstart's own tests (docs/upstart.md#23-conditions).
  test.each([
    ["start", "1 5 Expected token"],
    ["start foo", "1 6 Unknown stanza"],
    ["start on", "1 8 Expected token"],
    ["start on or foo", "1 9 Expected event"],
    ["start on foo or", "1 13 Expected event"],
    ["start on foo or and bar", "1 16 Expected event"],
    ["start on foo or (or foo)", "1 17 Expected event"],
    ["start on foo or (bar or)", "1 23 Expected event"],
    ["start on foo or bar or foo)", "1 26 Mismatched parentheses"],
    ["start on frodo (foo or bar)", "1 15 Expected operator"],
    ["start on (foo or bar) frodo", "1 22 Expected operator"],
    ["start on wibble foo KEY=bar baz", "1 28 Expected variable name before value"],
    ["start on foo or (bar or foo\n", "2 16 Mismatched parentheses"],
    ["start on (a\n  or b\n\nexec true\n", "3 0 Expected token"],
    ["start on (a\n  or b\n # c\n)", "3 1 Expected token"],
    ["start on foo\n  or bar\n", "2 2 Unknown stanza"],
    ["start on ()", "1 10 Expected event"],
    [`start on a ""`, "1 11 Expected token"],
    // A group that is never begun is noticed before one that is never ended.
    ["start on (\n", "1 9 Expected event"],
    ["start on a and (\n\\\n", "1 15 Expected event"],
    ["start on (a and\n", "1 12 Expected event"],
    // Where the operator is missing shows only when what Upstart takes for an event's arguments is over.
    ["start on ((a)\n  b\n  or c)\n", "3 2 Expected operator"],
    ["start on ((a)\n  b 1\n  )\n", "3 2 Expected operator"],
    ["start on ((a)\n  b\n  2\n", "3 2 Expected operator"],
    ["start on ((a)\n  b\n  (c))\n", "3 2 Expected operator"],
    ["start on (a) b K=v w\n", "1 19 Expected variable name before value"],
    // A line that is continued counts as reached.
    ["start on a K=v w \\\n  or b\n", "2 15 Expected variable name before value"],
  ])("%j is refused: %s", (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test("the number of events and of parentheses is bounded", () => {
    const events = (count: number) => `start on ${Array.from({ length: count }, () => "e").join(" or ")}\n`;
    expect(parse(events(256)).ok).toBe(true);
    expect(refusal(events(257))).toMatch(/Too many events or parentheses/);
    expect(refusal(`start on ${"(".repeat(100_000)}`)).toMatch(/Too many events or parentheses/);
  });
});

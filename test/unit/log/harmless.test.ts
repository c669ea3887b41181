import { describe, expect, it } from "vitest";
import { harmless } from "../../../src/log/harmless.ts";

describe("text from outside", () => {
  it.each([
    ["a\nb", "a?b"],
    ["\u001b[2J", "?[2J"],
    ["\u009b2J", "?2J"],
    ["a\u202eb", "a?b"],
    ["a\u2028b", "a?b"],
    ["tab\tand ü and 漢", "tab\tand ü and 漢"],
  ])("%j is shown as %j", (text, shown) => {
    expect(harmless(text)).toBe(shown);
  });
});

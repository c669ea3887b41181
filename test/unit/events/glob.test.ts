import { describe, expect, it } from "vitest";
import { isLiteral, matchesGlob } from "../../../src/events/glob.ts";

// Answers of fnmatch(3) of glibc without flags, in the C locale.
const cases: [string, string, boolean][] = [
  ["", "", true],
  ["", "a", false],
  ["a", "", false],
  ["eth0", "eth0", true],
  ["eth0", "eth01", false],
  ["eth*", "eth1", true],
  ["eth*", "eth", true],
  ["*", "/var/.lib", true],
  ["/*", "/var/.lib", true],
  ["?th1", "eth1", true],
  ["?", "", false],
  ["?", "ab", false],
  ["eth[2-5]", "eth1", false],
  ["eth[2-5]", "eth3", true],
  ["[!2345]", "N", true],
  ["[!2345]", "", false],
  ["[!2345]", "23", false],
  ["[^2345]", "1", true],
  ["[]a]", "]", true],
  ["[!]a]", "]", false],
  ["[]", "[]", true],
  ["[a", "[a", true],
  ["[a", "a", false],
  ["[a-]", "-", true],
  ["[[:digit:]]x", "7x", true],
  ["[[:digit:][:upper:]]", "Q", true],
  ["[[:alpha:]]", "7", false],
  ["\\*", "*", true],
  ["\\*", "x", false],
  ["a\\", "a\\", false],
  ["[\\]]", "]", true],
  ["a*b*c", "aXbYbZc", true],
  ["a*b*c", "aXbYbZ", false],
  ["*a*", "bab", true],
  ["**", "", true],
  ["b?z*", "baz", true],
  ["é?", "éß", true],
  ["?", "😀", true],
];

describe("matchesGlob", () => {
  it.each(cases)("%j on %j is %j", (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it("takes time that only grows with the product of both lengths", () => {
    const text = "a".repeat(5_000);
    expect(matchesGlob(`${"*a".repeat(200)}b`, text)).toBe(false);
  });
});

describe("isLiteral", () => {
  it.each([
    ["plain", true],
    ["", true],
    ["a*", false],
    ["[x]", false],
    ["a?", false],
    ["a\\b", false],
  ])("%j: %j", (pattern, expected) => {
    expect(isLiteral(pattern)).toBe(expected);
  });
});

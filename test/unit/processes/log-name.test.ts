import { expect, test } from "vitest";
import { linePrefix, logFileName } from "../../../src/processes/log-name.ts";

test.each([
  ["web", "", "web.log"],
  ["web", "one", "web-one.log"],
  ["foo/bar", "wibble", "foo_bar-wibble.log"],
  ["foo/bar", "a/b", "foo_bar-a_b.log"],
  ["web", "../../etc/passwd", "web-.._.._etc_passwd.log"],
  ["web", "x y", "web-x y.log"],
])("%s (%s) → %s", (name, instance, expected) => {
  expect(logFileName(name, instance)).toBe(expected);
});

test("a prefix is of bounded length", () => {
  expect(linePrefix("x".repeat(100_000))).toHaveLength(203);
});

test("a prefix holds no control character", () => {
  expect(linePrefix("web")).toBe("web | ");
  expect(linePrefix("web (a\nroot | \x1b]0;\x7f)")).toBe("web (a?root | ?]0;?) | ");
});

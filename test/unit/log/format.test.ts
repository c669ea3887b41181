import { describe, expect, test } from "vitest";
import { textFormatter } from "../../../src/log/format.ts";
import { jsonFormatter } from "../../../src/log/json.ts";
import { passes, priorities } from "../../../src/log/priority.ts";

const line = (text: string): string => textFormatter("warn", text, undefined, 0);

describe("text lines", () => {
  test.each([
    ["a main process (42) killed by TERM signal", "init: a main process (42) killed by TERM signal\n"],
    ["/etc/init/a.conf:3: Unknown stanza", "init:/etc/init/a.conf:3: Unknown stanza\n"],
    ["/etc/init: Configuration directory deleted", "init:/etc/init: Configuration directory deleted\n"],
    [
      "Failed to spawn a main process: unable to execute: E",
      "init: Failed to spawn a main process: unable to execute: E\n",
    ],
    ["", "init: \n"],
    [":x", "init::x\n"],
  ])("%j", (text, expected) => {
    expect(line(text)).toBe(expected);
  });
});

describe("JSON lines", () => {
  test("have pino's level, the time, the fields and the text as it is", () => {
    const formatter = jsonFormatter();
    expect(JSON.parse(formatter("message", "100%s", { job: "a", pid: 3 }, 12))).toEqual({
      level: 35,
      time: 12,
      msg: "100%s",
      job: "a",
      pid: 3,
    });
  });

  test("every priority has a level, in order", () => {
    const formatter = jsonFormatter();
    const levels = priorities.map((priority) => JSON.parse(formatter(priority, "x", undefined, 0)).level);
    expect(levels).toEqual([20, 30, 35, 40, 50, 60]);
  });

  test("one line each", () => {
    expect(jsonFormatter()("warn", "a\nb", undefined, 0)).toMatch(/^\{[^\n]*\}\n$/);
  });
});

test("a priority passes what is as important or more", () => {
  expect(priorities.filter((priority) => passes(priority, "message"))).toEqual([
    "message",
    "warn",
    "error",
    "fatal",
  ]);
});

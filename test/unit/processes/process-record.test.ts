import { expect, test } from "vitest";
import { parseStat } from "../../../src/processes/process-record.ts";

const rest = "S 1 42 40 0 -1 4194560 101 0 0 0 0 0 0 0 20 0 1 0 98765 2461696 88 18446744073709551615 1 1";

test.each(["(sleep)", "(a) S 2 3 (b c)", "()", "(\n)", "())"])("a command called %j", (name) => {
  expect(parseStat(`42 ${name} ${rest}\n`)).toEqual({
    pid: 42,
    state: "S",
    parent: 1,
    group: 42,
    session: 40,
    startTime: 98765,
  });
});

test.each(["", "42", "42 (x)", "42 (x) S 1 2", "x (y) S"])("%j is no record", (text) => {
  expect(parseStat(text)).toBeNull();
});

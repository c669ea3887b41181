import fc from "fast-check";
import { expect, test } from "vitest";
import { parseNotification } from "../../../src/processes/notification.ts";

const silence = { ready: false, stopping: false, watchdog: null, mainPid: null, status: null };

test("what a service says", () => {
  expect(
    parseNotification("READY=1\nSTATUS=Serving a=b\nMAINPID=42\nWATCHDOG=1\nSTOPPING=1\nFDSTORE=1\n"),
  ).toEqual({
    ready: true,
    stopping: true,
    watchdog: "alive",
    mainPid: 42,
    status: "Serving a=b",
  });
  expect(parseNotification("WATCHDOG=trigger").watchdog).toBe("trigger");
});

test.each([
  "",
  "\n\n",
  "READY",
  "READY=",
  "READY=2",
  "ready=1",
  "=1",
  " READY=1",
  "MAINPID=0",
  "MAINPID=-1",
  "MAINPID=1e3",
  "MAINPID=99999999999",
  "WATCHDOG=0",
])("%j says nothing", (text) => {
  expect(parseNotification(text)).toEqual(silence);
});

test("a status is one line of bounded length that does nothing to a terminal", () => {
  expect(parseNotification("STATUS=a\x1b[31m\tb").status).toBe("a [31m b");
  expect(parseNotification(`STATUS=${"x".repeat(5000)}`).status).toHaveLength(512);
});

test("whatever comes is survived", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { mainPid } = parseNotification(text);
      expect(mainPid === null || mainPid > 0).toBe(true);
    }),
  );
});

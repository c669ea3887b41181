import { expect, test } from "vitest";
import { failureReason, failureStatus, missingCapability } from "../../../src/processes/spawn-failure.ts";

const enoent = "No such file or directory";

test.each([
  [{ step: "exec", errno: 2, detail: 0 }, "unable to execute: E"],
  [{ step: "limit", errno: 1, detail: 7 }, 'unable to set "nofile" resource limit: E'],
  [{ step: "chroot", errno: 2, detail: 0 }, "unable to change root directory: E"],
  [{ step: "chdir", errno: 2, detail: 0 }, "unable to change working directory: E"],
  [{ step: "nice", errno: 13, detail: 0 }, "unable to set priority: E"],
  [{ step: "oom", errno: 13, detail: 0 }, "unable to set oom adjustment: E"],
  [{ step: "open", errno: 2, detail: 0 }, "unable to open console: E"],
  [{ step: "descriptors", errno: 9, detail: 9 }, "unable to move script fd: E"],
] as const)("%j", (failure, expected) => {
  expect(failureReason(failure, "E", false)).toBe(expected);
});

test("with a terminal as output, descriptors 1 and 2 are the slave", () => {
  const failure = { step: "open", errno: 2, detail: 1 } as const;
  expect(failureReason(failure, enoent, true)).toBe(`unable to open pty slave: ${enoent}`);
  expect(failureReason({ ...failure, detail: 0 }, enoent, true)).toBe(`unable to open console: ${enoent}`);
});

test("the status that stands for it", () => {
  expect(failureStatus({ step: "exec", errno: 2, detail: 0 })).toBe(127);
  expect(failureStatus({ step: "exec", errno: 13, detail: 0 })).toBe(126);
  expect(failureStatus({ step: "exec", errno: 8, detail: 0 })).toBe(126);
  expect(failureStatus({ step: "chdir", errno: 2, detail: 0 })).toBe(1);
});

test("the capability that is missing", () => {
  expect(missingCapability({ step: "nice", errno: 13, detail: 0 })).toBe("CAP_SYS_NICE");
  expect(missingCapability({ step: "limit", errno: 1, detail: 7 })).toBe("CAP_SYS_RESOURCE");
  expect(missingCapability({ step: "limit", errno: 22, detail: 7 })).toBeNull();
  expect(missingCapability({ step: "exec", errno: 13, detail: 0 })).toBeNull();
});

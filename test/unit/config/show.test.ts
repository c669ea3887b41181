import { describe, expect, test } from "vitest";
import { type CheckOptions, checkConditions, renderCheck } from "../../../src/config/check.ts";
import { parseJob } from "../../../src/config/parser.ts";
import { renderShowConfig, renderUsage } from "../../../src/config/show.ts";
import type { JobClass } from "../../../src/jobs/job-class.ts";

function load(name: string, text: string): JobClass {
  const result = parseJob(text, { name, path: `${name}.conf` });
  if (!result.ok) throw new Error(result.diagnostic.message);
  return result.jobClass;
}

describe("show-config", () => {
  const job = load(
    "foo",
    "emits done\nstart on A and (B FOO=BAR or starting boo C x=y)\nstop on stopping JOB=bang c=d e=f or runlevel [06]\n",
  );

  test("shows what is emitted and the conditions, fully parenthesised", () => {
    expect(renderShowConfig(job)).toBe(
      "foo\n  emits done\n  start on (A and (B FOO=BAR or starting boo C x=y))\n" +
        "  stop on (stopping JOB=bang c=d e=f or runlevel [06])\n",
    );
  });

  test("enumerates events, each with its job and its arguments", () => {
    expect(renderShowConfig(job, { enumerate: true }).split("\n").slice(2)).toEqual([
      "  start on A (job:, env:)",
      "  start on B (job:, env: FOO=BAR)",
      "  start on starting (job: boo, env: C x=y)",
      "  stop on stopping (job: bang, env: c=d e=f)",
      "  stop on runlevel (job:, env: [06])",
      "",
    ]);
  });

  test("shows the usage, empty if there is none", () => {
    expect(renderUsage(load("a", 'usage "A=b"\n'))).toBe("Usage: A=b\n");
    expect(renderUsage(job)).toBe("Usage: \n");
  });
});

describe("check-config", () => {
  const classes = [
    load("ck", "start on started nosuch or (stopped ck2 and foo)\nstop on stopping nosuch2\n"),
    load("ck2", "emits foo\nemits net-*\n"),
    load("plain", "start on peach or cherry or net-up\n"),
    load("bad", "start on (x or (y or z))\n"),
    load("later", "start on starting JOB=$NAME and startup\nstop on x/failed\n"),
  ];
  const check = (options: CheckOptions): string => renderCheck(checkConditions(classes, options));

  test.each<[string, CheckOptions, string]>([
    ["an operand that an or makes good", { only: "ck" }, "ck\n  stop on: unknown job nosuch2\n"],
    [
      "each bad operand with warn",
      { only: "ck", warn: true },
      "ck\n  start on: unknown job nosuch\n  stop on: unknown job nosuch2\n",
    ],
    [
      "no job by an event's name",
      { only: "ck", ignoreEvents: ["started", "stopping"] },
      "ck\n  stop on: unknown job nosuch2\n",
    ],
    ["patterns in emits", { only: "plain" }, ""],
    [
      "all bad operands from right to left",
      { only: "bad" },
      "bad\n  start on: unknown event z\n  start on: unknown event y\n  start on: unknown event x\n",
    ],
    ["ignored events", { only: "bad", ignoreEvents: ["y"] }, ""],
    ["known events", { only: "bad", knownEvents: ["z"] }, ""],
    ["a job that is only known later", { only: "later" }, "later\n  stop on: unknown event x/failed\n"],
    ["all classes", { ignoreEvents: ["x", "x/failed"] }, "ck\n  stop on: unknown job nosuch2\n"],
  ])("%s", (_title, options, text) => {
    expect(check(options)).toBe(text);
  });
});

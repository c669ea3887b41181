import { expect, test } from "vitest";
import type { JobClass } from "../../../src/jobs/job-class.ts";
import { resourceKeyword, resourceNumber } from "../../../src/processes/limits.ts";
import { type PlanInput, spawnPlan } from "../../../src/processes/spawn-plan.ts";

const plain = {
  limits: new Map(),
  umask: null,
  nice: null,
  oomScore: null,
  chroot: null,
  chdir: null,
  capabilities: null,
  noNewPrivileges: false,
} as Partial<JobClass> as JobClass;

const input: PlanInput = {
  jobClass: plain,
  argv: ["sleep", "1"],
  env: ["A=1"],
  descriptors: [[0, 5]],
  open: [],
  controllingTerminal: false,
  identity: {},
  defaultUmask: 0o022,
  defaultDirectory: "/",
  mark: null,
  trace: false,
  stopBeforeExec: false,
  leftOut: {},
};

test("a job that says nothing gets what Upstart gives", () => {
  expect(spawnPlan(input)).toEqual({
    file: "sleep",
    argv: ["sleep", "1"],
    env: ["A=1"],
    shellFallback: true,
    descriptors: [[0, 5]],
    open: [],
    session: true,
    controllingTerminal: false,
    limits: [],
    umask: 0o022,
    chdir: "/",
    ignored: [0, 0],
    blocked: [0, 0],
    stopBeforeExec: false,
    trace: false,
  });
});

const full: JobClass = {
  ...plain,
  limits: new Map([
    ["nofile", { soft: 50, hard: 60 }],
    ["cpu", { soft: 1, hard: Number.POSITIVE_INFINITY }],
    ["core", { soft: 0, hard: 0 }],
  ]),
  umask: 0,
  nice: 0,
  oomScore: -500,
  chroot: "/r",
  chdir: "/d",
};

test("limits are set by resource number", () => {
  const plan = spawnPlan({ ...input, jobClass: full, identity: { uid: 1, gid: 2, groups: [2, 3] } });
  expect(plan).toMatchObject({
    limits: [
      [0, 1, Number.POSITIVE_INFINITY],
      [4, 0, 0],
      [7, 50, 60],
    ],
    umask: 0,
    nice: 0,
    oomScoreAdj: -500,
    chroot: "/r",
    chdir: "/d",
    uid: 1,
    gid: 2,
    groups: [2, 3],
  });
});

test("what is left out is not tried", () => {
  const plan = spawnPlan({ ...input, jobClass: full, leftOut: { nice: true, oom: true, limits: [7, 0] } });
  expect(plan.nice).toBeUndefined();
  expect(plan.oomScoreAdj).toBeUndefined();
  expect(plan.limits).toEqual([[4, 0, 0]]);
});

test("oom score 0 writes nothing, and a user's init leaves the directory alone", () => {
  const plan = spawnPlan({ ...input, jobClass: { ...plain, oomScore: 0 }, defaultDirectory: null });
  expect(plan.oomScoreAdj).toBeUndefined();
  expect(plan.chdir).toBeUndefined();
});

test("all 14 resources of the stanza have a number", () => {
  const keywords =
    "as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack".split(" ");
  for (const keyword of keywords) expect(resourceKeyword(resourceNumber(keyword) ?? -1)).toBe(keyword);
  expect(resourceNumber("locks")).toBeUndefined();
  expect(resourceNumber("__proto__")).toBeUndefined();
});

import type { JobClass } from "./job-class.ts";
import type { FeatureModules, Probing, Requirements } from "./surroundings.ts";

/** Which features a job needs that most containers do without. */
export function featuresOf({
  requires,
  after,
  ready,
  checks,
  expect,
}: JobClass): (keyof FeatureModules | "follower")[] {
  return [
    ...(requires.length > 0 || after.length > 0 ? (["levels"] as const) : []),
    ...(expect === "fork" || expect === "daemon" ? (["follower"] as const) : []),
    ...(ready !== null || checks.length > 0 ? (["probes"] as const) : []),
  ];
}

const nothing = (): void => {};

/** Where no job requires anything. */
export const noRequirements: Requirements = {
  admits: () => true,
  waits: nothing,
  holds: () => false,
  leaves: nothing,
  changed: nothing,
  lacks: () => false,
  retired: nothing,
  heard: nothing,
  stoppedBy: nothing,
  forgetWish: () => false,
  classesChanged: nothing,
  faultOf: () => undefined,
  waitsFor: () => [],
  *missed() {},
  dependentsOf: () => [],
  settle: () => false,
  resume: nothing,
};

/** Where no job is probed. */
export const noProbing: Probing = {
  beginReady: nothing,
  beginChecks: nothing,
  endProbes: nothing,
  tryDue: nothing,
  probed: nothing,
  resumeProbes: nothing,
};

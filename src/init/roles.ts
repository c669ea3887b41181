/** `--disable` and `--only`: which jobs of an image start by themselves in this container. */
import { matchesGlob } from "../events/glob.ts";
import type { JobClass } from "../jobs/job-class.ts";

export interface Roles {
  /** Names and patterns; the jobs that are meant do not start by themselves. */
  readonly disabled: readonly string[];
  /** Names and patterns; no other job starts by itself. null: all do. */
  readonly only: readonly string[] | null;
}

/** Reads `web,worker*`, given once or more often. */
export function namesOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).filter((name) => name !== "");
}

/** The class as it is in this container: a job that is switched off is as with `manual`, and starts by hand only. */
export function inItsRole(jobClass: JobClass, { disabled, only }: Roles): JobClass {
  const isIn = (names: readonly string[]): boolean => names.some((name) => matchesGlob(name, jobClass.name));
  if (jobClass.startOn === null) return jobClass;
  return isIn(disabled) || (only !== null && !isIn(only)) ? { ...jobClass, startOn: null } : jobClass;
}

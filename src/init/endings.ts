import { nearest } from "../events/nearest.ts";
import type { Job } from "../jobs/job.ts";
import type { ProcessStatus } from "../jobs/messages.ts";
import { displayName, type World } from "../jobs/world.ts";

/** Whether `--exit-code-from NAME` means this job: by its class, or by `CLASS (INSTANCE)`. */
export function isNamed(job: Job, name: string | null): boolean {
  return name !== null && (displayName(job) === name || job.jobClass.name === name);
}

/** What is wrong with the job that `--exit-code-from` names, where there is no such job; null where all is well. */
export function missingJob(world: World, name: string | null): string | null {
  if (name === null) return null;
  const names = world.classes().map(({ jobClass }) => jobClass.name);
  if (names.some((each) => each === name || name.startsWith(`${each} (`))) return null;
  const near = nearest(name, names);
  return `there is no job ${name}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/**
 * Whether the end of this job is the end of the container: by its own `shutdown on …` stanza, or because
 * `--exit-code-from` names it. The job is done for good; one that will be respawned does not come here.
 */
export function endsContainer(job: Job, failed: boolean, exitCodeFrom: string | null): boolean {
  if (job.endsContainer) return true;
  if (isNamed(job, exitCodeFrom)) return true;
  switch (job.jobClass.shutdownOn) {
    case "exit":
      return true;
    case "failure":
      return failed;
    case "success":
      return !failed;
    case null:
      return false;
  }
}

/** What a process leaves its parent with: its status, or 128 + the signal that killed it. */
export function exitStatusOf(status: ProcessStatus): number | null {
  switch (status.type) {
    case "exited":
      return status.status;
    case "killed":
      return 128 + status.signal;
    case "stopped":
    case "continued":
      return null;
  }
}

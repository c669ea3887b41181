import type { Job } from "../jobs/job.ts";

/** How many forks make the process that `expect fork` and `expect daemon` mean. */
export function forksOf(job: Job): number {
  return job.jobClass.expect === "daemon" ? 2 : 1;
}

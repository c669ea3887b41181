import type { Job } from "../jobs/job.ts";
import { processNames } from "../jobs/job-class.ts";
import type { JobStatus } from "./answers.ts";

/** An instance as `status` shows it; its live processes in Upstart's order. */
export function statusOf(job: Job): JobStatus {
  const processes: JobStatus["processes"] = [];
  for (const process of processNames) {
    const pid = job.pids.get(process) ?? 0;
    if (pid > 0) processes.push({ process, pid });
  }
  const { instance, state } = job;
  return { name: job.jobClass.name, instance, goal: shownGoal(job), state, processes };
}

/** A restart that waits for its pre-stop has goal start in Upstart, which forgets the restart there. */
function shownGoal({ goal, state }: Job): Job["goal"] {
  return goal === "respawn" && (state === "pre-stop" || state === "pre-stopping") ? "start" : goal;
}

/** A job that has no instance. */
export function noInstance(name: string): JobStatus {
  return { name, instance: "", goal: "stop", state: "waiting", processes: [] };
}

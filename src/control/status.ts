import { displayName, type Job } from "../jobs/job.ts";
import { processNames } from "../jobs/job-class.ts";
import type { World } from "../jobs/world.ts";
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

/** The same with what it waits for, where it waits in `start/waiting`. */
export function statusIn(world: World, job: Job): JobStatus {
  const status = statusOf(job);
  if (job.state !== "waiting" || job.goal !== "start") return status;
  return { ...status, waitsFor: chainOf(world, job) };
}

/** From the first job that it waits for down to the one that everything waits for, each with its state and since when. */
function chainOf(world: World, job: Job): string[] {
  const chain: string[] = [];
  const seen = new Set([job]);
  let waiting: Job | undefined = job;
  while (waiting !== undefined) {
    const [name] = world.levels.waitsFor(waiting);
    if (name === undefined) break;
    const next: Job | undefined = [...(world.findClass(name)?.instances.values() ?? [])].find(
      ({ goal }) => goal !== "stop",
    );
    if (next === undefined || seen.has(next)) {
      chain.push(`${name} (stop/waiting)`);
      break;
    }
    seen.add(next);
    const seconds = ((world.options.now() - next.since) / 1000).toFixed(1);
    chain.push(`${displayName(next)} (${next.goal}/${next.state} for ${seconds} s)`);
    waiting = next;
  }
  return chain;
}

/**
 * What bounds the waits of a job, so that none lasts for ever (docs/timeouts.md): `start timeout`, `stop timeout` and
 * `run timeout`, and `kill timeout` for a hook that outlives its reason. Here the bounds are armed; `timeouts.ts` says
 * what happens when they pass.
 */
import { hasMain, isAlive, isBusy, type Job } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import { isOnWayDown } from "./states.ts";
import type { Surroundings } from "./surroundings.ts";
import { cancelTimer, setTimer } from "./timers.ts";

/** A process whose state waits for its end. */
export type Hook = Exclude<ProcessName, "main" | "security">;

/** The hook that the job waits for; null outside of such a state. */
export function awaitedHook(job: Job): Hook | null {
  const { state } = job;
  const isHook =
    state === "pre-start" || state === "post-start" || state === "pre-stop" || state === "post-stop";
  return isHook && isBusy(job, state) ? state : null;
}

/**
 * Whether the hook that the job waits for may not take its own time: the job is to stop although the hook belongs to a
 * start, main is gone, or a timeout or `stop --force` ended the patience with it.
 */
export function hookIsBounded(job: Job): boolean {
  const hook = awaitedHook(job);
  if (hook === null) return false;
  if (job.forced || job.killReason !== null) return true;
  if (hook === "pre-stop" || hook === "post-stop") return false;
  return job.goal !== "start" || (hook === "post-start" && hasMain(job) && !isBusy(job, "main"));
}

/** Gives the hook `kill timeout` seconds to end by itself; none while everything stops or the job is forced to. */
export function boundHook(job: Job, around: Surroundings): void {
  if (!hookIsBounded(job)) return;
  const atOnce = around.quiescing || job.forced || job.killReason !== null;
  if (job.hookAt !== null && !(atOnce && job.hookSignals === 0)) return;
  setTimer(job, "hook", atOnce ? 0 : job.jobClass.killTimeout * 1000, around);
}

/** `starting` is over: `start timeout` begins. */
export function boundStart(job: Job, around: Surroundings): void {
  job.startedAt = around.now();
  const seconds = startTimeoutOf(job, around);
  if (seconds !== null) setTimer(job, "start", seconds * 1000, around);
}

/** The job's own `start timeout`, else that of `--start-timeout`; null: none. */
export function startTimeoutOf(job: Job, around: Surroundings): number | null {
  return job.jobClass.startTimeout ?? around.defaultStartTimeout;
}

/** Main runs: `run timeout` begins. */
export function boundRun(job: Job, around: Surroundings): void {
  const { runTimeout } = job.jobClass;
  if (runTimeout !== null && isAlive(job, "main")) setTimer(job, "run", runTimeout * 1000, around);
}

/** The job goes down: `stop timeout` begins, unless it has begun already. */
export function boundStop(job: Job, around: Surroundings): void {
  const { stopTimeout } = job.jobClass;
  if (stopTimeout !== null && job.stopAt === null) setTimer(job, "stop", stopTimeout * 1000, around);
}

/** Whether the job is on its way down, be it to come up again. */
export function goesDown(job: Job): boolean {
  return job.goal !== "start" || isOnWayDown(job.state);
}

/** The state is over, and with it what bounded its hook. */
export function releaseHook(job: Job, around: Surroundings): void {
  cancelTimer(job, "hook", around);
  job.hookSignals = 0;
}

/** A start begins, or the job is gone: nothing of the last run counts any more. */
export function resetBounds(job: Job, around: Surroundings): void {
  cancelTimer(job, "start", around);
  cancelTimer(job, "stop", around);
  job.forced = false;
  job.killReason = null;
  job.unready = "";
}

import { type Job, waitsForRespawn } from "./job.ts";
import type { TimerKind } from "./messages.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where the job keeps when each of its timers is due. */
const deadlines = {
  kill: "killAt",
  respawn: "respawnAt",
  watchdog: "watchdogAt",
  start: "startAt",
  run: "runAt",
  stop: "stopAt",
  hook: "hookAt",
  probe: "probeAt",
} as const satisfies Record<TimerKind, keyof Job>;

const kinds = Object.keys(deadlines) as TimerKind[];

/** When this timer of the job is due; null if it does not run. */
export function deadlineOf(job: Job, timer: TimerKind): number | null {
  return job[deadlines[timer]];
}

/** The timer is over. */
export function clearTimer(job: Job, timer: TimerKind): void {
  job[deadlines[timer]] = null;
}

/** `after` is milliseconds. */
export function setTimer(job: Job, timer: TimerKind, after: number, around: Surroundings): void {
  job[deadlines[timer]] = around.now() + after;
  around.effect({ type: "timer", job, timer, after });
}

export function cancelTimer(job: Job, timer: TimerKind, around: Surroundings): void {
  if (job[deadlines[timer]] === null) return;
  job[deadlines[timer]] = null;
  around.effect({ type: "timer-cancel", job, timer });
}

/** After a re-exec: timers are set again for what is left of them. */
export function resumeTimers(job: Job, around: Surroundings): void {
  for (const timer of kinds) {
    const due = job[deadlines[timer]];
    const isRunning = timer !== "respawn" || waitsForRespawn(job);
    if (due !== null && isRunning) setTimer(job, timer, Math.max(0, due - around.now()), around);
  }
}

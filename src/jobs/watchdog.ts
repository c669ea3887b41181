import { signals } from "../runtime/signals.ts";
import { displayName, type Job } from "./job.ts";
import { endMain } from "./killing.ts";
import type { Surroundings } from "./surroundings.ts";
import { setTimer } from "./timers.ts";

/** `watchdog SECONDS` of `expect notify`: main must give a sign of life that often. */
export function startWatchdog(job: Job, around: Surroundings): void {
  if (job.jobClass.watchdog !== null) setTimer(job, "watchdog", job.jobClass.watchdog * 1000, around);
}

/** A sign of life: the timer is left to run, and looked at when it is over. */
export function mainAlive(job: Job, around: Surroundings): void {
  if (job.watchdogAt !== null && job.jobClass.watchdog !== null)
    job.watchdogAt = around.now() + job.jobClass.watchdog * 1000;
}

/** As systemd does: SIGABRT, so that there is a core to look at, and SIGKILL if that is not enough. */
export function watchdogExpired(job: Job, pid: number, due: number, around: Surroundings): void {
  const left = due - around.now();
  if (left > 0) {
    around.effect({ type: "timer", job, timer: "watchdog", after: left });
    return;
  }
  job.watchdogAt = null;
  if (job.state === "stopping" || job.state === "killed") return;
  around.log(
    "info",
    `${displayName(job)} main process (${pid}) watchdog timeout: no sign of life for ${job.jobClass.watchdog} seconds, sending SIGABRT`,
    job,
  );
  job.killReason = "watchdog timeout";
  endMain(job, pid, signals.SIGABRT, around);
}

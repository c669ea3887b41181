import { type FailureReason, type Job, nobody } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { Outcome, ProcessStatus, RequestError } from "./messages.ts";
import type { Surroundings } from "./surroundings.ts";

/** Lets go of all who wait for the job. */
export function release(job: Job, failed: boolean, around: Surroundings): void {
  if (job.waiters.length === 0) return;
  const waiters = job.waiters;
  job.waiters = nobody;
  for (const waiter of waiters) {
    if (waiter.type === "event") {
      if (failed) waiter.event.failed = true;
      around.queue.unblock(waiter.event);
      around.unblocked(waiter.event);
    } else {
      const outcome: Outcome = failed ? refusals[waiter.type] : { ok: true };
      around.effect({ type: "answer", waiter: waiter.waiter, outcome });
    }
  }
}

const jobFailed: RequestError = "JobFailed";
const refusals: Readonly<Record<"start" | "stop" | "restart", Outcome>> = {
  start: { ok: false, error: jobFailed, message: "Job failed to start" },
  stop: { ok: false, error: jobFailed, message: "Job failed while stopping" },
  restart: { ok: false, error: jobFailed, message: "Job failed to restart" },
};

/** Records the first failure of a run, and tells at once all who wait (reference 5.6). */
export function fail(
  job: Job,
  process: ProcessName | "respawn",
  status: ProcessStatus | null,
  around: Surroundings,
  reason: FailureReason | null = null,
): void {
  if (job.failure !== null) return;
  job.failure = { process, status, reason };
  release(job, true, around);
}

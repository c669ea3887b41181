import { displayName, type Failure, type Job, nobody } from "./job.ts";
import type { Outcome, ProcessStatus, RequestError } from "./messages.ts";
import { describeEnd } from "./process-end.ts";
import type { Surroundings } from "./surroundings.ts";

/** Lets go of all who wait for the job. */
export function release(job: Job, failed: boolean, around: Surroundings): void {
  if (job.waiters.length === 0) return;
  const waiters = job.waiters;
  job.waiters = nobody;
  for (const waiter of waiters) {
    if (waiter.type === "event") {
      if (failed) {
        waiter.event.failed = true;
        waiter.event.culprit ??= failureText(job);
      }
      around.queue.unblock(waiter.event);
      around.unblocked(waiter.event);
    } else {
      const outcome: Outcome = failed ? { ...refusals[waiter.type], hint: failureHint(job) } : { ok: true };
      around.effect({ type: "answer", waiter: waiter.waiter, outcome });
    }
  }
}

/** Lets go of all who wait for a start that is no more, though nothing failed: who asked by hand is told why. */
export function releaseUnstarted(job: Job, reason: string, around: Surroundings): void {
  const asked = job.waiters.filter((waiter) => waiter.type !== "event");
  job.waiters = job.waiters.filter((waiter) => waiter.type === "event");
  for (const { type, waiter } of asked) {
    const hint = `${displayName(job)} waits: ${reason}`;
    around.effect({ type: "answer", waiter, outcome: { ...refusals[type], hint } });
  }
  release(job, false, around);
}

/** What failed, and how: `web main process terminated with status 1`. */
function failureText(job: Job): string {
  if (job.failure?.process === "requires") return `${displayName(job)}: ${job.failure.reason}`;
  return `${displayName(job)} ${describeFailure(job.failure)}`;
}

/** The same without the job. */
export function describeFailure(failure: Failure | null): string {
  if (failure === null) return "failed";
  const { process, status, reason } = failure;
  if (process === "requires") return reason ?? "it lacks what it requires";
  if (process === "respawn")
    return `was respawned too often (respawn limit)${status === null ? "" : `, the last time it ${describeEnd(status)}`}`;
  const how = reason !== null ? `: ${reason}` : status === null ? " failed" : ` ${describeEnd(status)}`;
  return `${process} process${how}`;
}

/** The same, with the way to more. */
function failureHint(job: Job): string {
  return `${failureText(job)}; \`initctl explain ${job.jobClass.name}' tells more`;
}

type Refused = Extract<Outcome, { readonly ok: false }>;
const jobFailed: RequestError = "JobFailed";
const refusals: Readonly<Record<"start" | "stop" | "restart", Refused>> = {
  start: { ok: false, error: jobFailed, message: "Job failed to start" },
  stop: { ok: false, error: jobFailed, message: "Job failed while stopping" },
  restart: { ok: false, error: jobFailed, message: "Job failed to restart" },
};

/** Records the first failure of a run, and tells at once all who wait (docs/upstart.md#47-failure). */
export function fail(
  job: Job,
  process: Failure["process"],
  status: ProcessStatus | null,
  around: Surroundings,
  reason: string | null = null,
): void {
  if (job.failure !== null) return;
  job.failure = { process, status, reason };
  release(job, true, around);
}

import { displayName, type Job, nobody } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
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

/** What failed, and how: `web main process terminated with status 1`. */
function failureText(job: Job): string {
  if (job.failure === null) return `${displayName(job)} failed`;
  const { process, status, reason } = job.failure;
  if (process === "respawn") return `${displayName(job)} was respawned too often (respawn limit)`;
  const how = reason !== null ? `: ${reason}` : status === null ? " failed" : ` ${describeEnd(status)}`;
  return `${displayName(job)} ${process} process${how}`;
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

/** Records the first failure of a run, and tells at once all who wait (reference 5.6). */
export function fail(
  job: Job,
  process: ProcessName | "respawn",
  status: ProcessStatus | null,
  around: Surroundings,
  reason: string | null = null,
): void {
  if (job.failure !== null) return;
  job.failure = { process, status, reason };
  release(job, true, around);
}

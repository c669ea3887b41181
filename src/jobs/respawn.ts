import type { Job } from "./job.ts";
import type { ProcessStatus } from "./messages.ts";

/** What the end of a main process means while the goal is start (docs/upstart.md#44-process-ends). */
export type Verdict = "finished" | "failed" | "respawn" | "too-fast";

/** An exit status, or a signal shifted left by 8, as `normal exit` lists them (docs/upstart.md#45-exit-statuses). */
export function encodedStatus(status: ProcessStatus): number {
  switch (status.type) {
    case "exited":
      return status.status;
    case "killed":
      return status.signal << 8;
    case "stopped":
    case "continued":
      return 0;
  }
}

/** The exit status that a shell would give: 128 and the signal for one that was killed. */
export function shellStatus(status: ProcessStatus): number {
  if (status.type === "exited") return status.status;
  return status.type === "killed" ? 128 + status.signal : 0;
}

/**
 * Whether the end of main was one that its class calls normal, or status 0 where that ends the job
 * (docs/upstart.md#45-exit-statuses).
 */
function isNormal(job: Job, status: ProcessStatus): boolean {
  if (job.killReason !== null) return false;
  const { jobClass } = job;
  const encoded = encodedStatus(status);
  if (jobClass.normalExit.includes(encoded)) return true;
  return encoded === 0 && !(jobClass.respawn && !jobClass.task);
}

/**
 * Judges the end of the main process, and counts it for the respawn limit. `mayRespawn` is false while everything is
 * being stopped: then only a bad status is a failure.
 */
export function judge(job: Job, status: ProcessStatus, now: number, mayRespawn: boolean): Verdict {
  if (isNormal(job, status)) return "finished";
  if (!job.jobClass.respawn) return "failed";
  if (!mayRespawn) return encodedStatus(status) === 0 && job.killReason === null ? "finished" : "failed";
  return countRespawn(job, now) ? "respawn" : "too-fast";
}

/**
 * Counts a respawn; false if the limit is exceeded (docs/upstart.md#48-respawn). Upstart's clock knows whole seconds.
 */
export function countRespawn(job: Job, now: number): boolean {
  const { count, interval } = job.jobClass.respawnLimit;
  if (count === 0 || interval === 0) return true;
  const seconds = Math.floor(now / 1000);
  if (job.respawnCount > 0 && seconds - job.respawnTime < interval) {
    job.respawnCount += 1;
    return job.respawnCount <= count;
  }
  job.respawnTime = seconds;
  job.respawnCount = 1;
  return true;
}

/** The job is started again: notes why, and when at the earliest. `ran` and `now` are milliseconds. */
export function planRespawn(job: Job, ran: number, now: number, random: () => number): void {
  job.startCause = { type: "respawn" };
  const delay = respawnDelay(job, ran, random);
  if (delay > 0) job.respawnAt = now + delay;
}

/**
 * `respawn backoff MIN MAX`: how long to wait before this respawn, in milliseconds. Doubles from MIN with each
 * respawn in a row up to MAX; between half and the whole of it, so that jobs that died together don't come back
 * together. A run that lasted MAX begins anew. 0 without the stanza.
 */
function respawnDelay(job: Job, ran: number, random: () => number): number {
  const backoff = job.jobClass.respawnBackoff;
  if (backoff === null) return 0;
  if (ran >= backoff.max * 1000) job.respawnsInARow = 0;
  const doublings = Math.min(job.respawnsInARow, 30);
  job.respawnsInARow += 1;
  const full = Math.min(backoff.max, backoff.min * 2 ** doublings) * 1000;
  return Math.round(full * (0.5 + 0.5 * random()));
}

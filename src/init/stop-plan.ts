import type { Job } from "../jobs/job.ts";
import { stopOrder } from "../jobs/stop-order.ts";

/**
 * Stops jobs wave by wave: who was started because another one was, goes before that other (docs/design.md#10-stop).
 * What the stop itself started runs until all else is gone: a task to its end, a service until then.
 */
export class StopPlan {
  readonly #jobs: () => Iterable<Job>;
  readonly #stop: (job: Job) => void;
  #waves: Job[][] = [];

  /** `jobs` gives those that there are; `stop` gives one goal stop. */
  constructor(jobs: () => Iterable<Job>, stop: (job: Job) => void) {
    this.#jobs = jobs;
    this.#stop = stop;
  }

  /** Stops whose turn it is. */
  advance(): void {
    if (this.#waves[0]?.some(isThere)) return;
    this.#waves.shift();
    if (this.#waves.length === 0) this.#waves = this.#plan();
    for (const job of this.#waves[0] ?? []) if (isThere(job) && job.goal !== "stop") this.#stop(job);
  }

  #plan(): Job[][] {
    const all = [...this.#jobs()];
    const earlier = all.filter((job) => !job.ofShutdown);
    return stopOrder(earlier.length > 0 ? earlier : all.filter((job) => !job.jobClass.task));
  }
}

/** A job that reached `waiting` is none any more. */
function isThere(job: Job): boolean {
  return job.state !== "waiting";
}

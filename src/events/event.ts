import type { Environment } from "./environment.ts";

/**
 * Pending: not looked at yet. Handling: conditions have been matched, and something may still block it.
 * Finished: nobody waits for it any more (docs/upstart.md#51-queue).
 */
export type Progress = "pending" | "handling" | "finished";

/** A named message with variables (docs/upstart.md#5-events). `Waiting` is what may wait for its end. */
export class Event<Waiting = unknown> {
  readonly id: number;
  readonly name: string;
  readonly env: Environment;
  progress: Progress = "pending";
  failed = false;
  /** What of the jobs failed first, for people. */
  culprit: string | null = null;
  /** Jobs that it started or stopped and that are not there yet. */
  jobs = 0;
  /** Places of conditions that it fulfilled and that hold it until the condition as a whole is. */
  held = 0;
  /** Emitted for the stop of everything, or by a job that such an event started. */
  readonly ofShutdown: boolean;
  readonly waiters: Waiting[] = [];

  constructor(id: number, name: string, env: Environment, ofShutdown = false) {
    this.id = id;
    this.name = name;
    this.env = env;
    this.ofShutdown = ofShutdown;
  }
}

/**
 * The event that follows a failed one; null after a failure of such an event itself
 * (docs/upstart.md#56-end-of-an-event).
 */
export function failureName(name: string): string | null {
  return name.endsWith("/failed") ? null : `${name}/failed`;
}

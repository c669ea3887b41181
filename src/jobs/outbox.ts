import { type LogPriority, passes } from "../log/priority.ts";
import { displayName, type Job, type JobEvent } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { Effect, Outcome, ProcessStatus, Trace, Waiter } from "./messages.ts";
import type { Goal, State } from "./states.ts";

/**
 * The effects of a run, in order. Answers come after all others: whoever is told that something is over finds it so.
 */
export class Outbox {
  /** Log effects below this are not made; text that nobody reads costs time. */
  logPriority: LogPriority = "debug";
  #effects: Effect[] = [];
  #answers: Effect[] = [];

  push(effect: Effect): void {
    if (effect.type === "answer") this.#answers.push(effect);
    else this.#effects.push(effect);
  }

  /** All since the last time. */
  take(): Effect[] {
    const effects = this.#answers.length === 0 ? this.#effects : this.#effects.concat(this.#answers);
    this.#effects = [];
    this.#answers = [];
    return effects;
  }

  answer(waiter: Waiter, outcome: Outcome): void {
    this.#answers.push({ type: "answer", waiter, outcome });
  }

  logs(priority: LogPriority): boolean {
    return passes(priority, this.logPriority);
  }

  log(priority: LogPriority, text: string, job?: Job): void {
    if (this.logs(priority))
      this.#effects.push({ type: "log", priority, text, ...(job === undefined ? {} : { job }) });
  }

  /** A fault of upinit's own. */
  fault(where: string, error: unknown): void {
    const text = error instanceof Error ? `${error.message} ${error.stack ?? ""}` : String(error);
    this.log("error", `Internal error at ${where}: ${text.trim()}`);
  }

  goalChanged(job: Job, from: Goal): void {
    if (this.logs("info"))
      this.log("info", `${displayName(job)} goal changed from ${from} to ${job.goal}`, job);
    this.#trace({ type: "goal", job, from, to: job.goal });
  }

  stateChanged(job: Job, from: State): void {
    if (this.logs("info"))
      this.log("info", `${displayName(job)} state changed from ${from} to ${job.state}`, job);
    this.#trace({ type: "state", job, from, to: job.state });
  }

  eventProgressed({ name, env, failed }: JobEvent, progress: "handling" | "finished"): void {
    if (progress === "handling" && this.logs("info")) this.log("info", `Handling ${name} event`);
    this.#trace({ type: "event", name, env, progress, failed });
  }

  /** `status` is null for one that was started. */
  processChanged(job: Job, process: ProcessName, pid: number, status: ProcessStatus | null): void {
    this.#trace({ type: "process", job, process, pid, status });
  }

  #trace(what: Trace): void {
    this.#effects.push({ type: "trace", what });
  }
}

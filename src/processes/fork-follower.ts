import type { Job } from "../jobs/job.ts";
import { Descent, type DescentState } from "./descent.ts";
import { ForkTracer, type TracedState } from "./fork-tracer.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";

/** What a re-exec takes along. */
export interface FollowerState {
  readonly traced: readonly TracedState[];
  readonly early: readonly number[];
  readonly descended: readonly DescentState[];
}

/**
 * Finds the process that `expect fork` and `expect daemon` mean: by ptrace, and where that is not allowed or saw
 * nothing (vfork(2), a daemon that a script's command starts), by descent.
 */
export class ForkFollower {
  readonly #tracer: ForkTracer;
  readonly #descent: Descent;

  /** `adopt`: the new main process may be a child of another. */
  constructor(reactor: ProcessReactor, host: ProcessHost, adopt: (pid: number) => void) {
    const becomeMain = (job: Job, pid: number): void => {
      adopt(pid);
      host.tell({ type: "main-pid", job, pid });
      host.settle();
    };
    this.#tracer = new ForkTracer(reactor, host, becomeMain);
    this.#descent = new Descent(reactor, host, becomeMain);
  }

  snapshot(): FollowerState {
    return { ...this.#tracer.snapshot(), descended: this.#descent.snapshot() };
  }

  restore(state: FollowerState, jobOfId: (id: number) => Job | undefined): void {
    this.#tracer.restore(state.traced, state.early, jobOfId);
    this.#descent.restore(state.descended, jobOfId);
  }

  /** The main process is about to execute and asks to be traced. */
  trace(job: Job, pid: number): void {
    this.#tracer.trace(job, pid);
  }

  /** The main process runs untraced: its descendants are looked for. */
  descend(job: Job, pid: number): void {
    this.#descent.follow(job, pid);
  }

  /** The instance is gone, or its main process was not executed. */
  forget(job: Job): void {
    this.#tracer.forget(job);
    this.#descent.forget(job);
  }

  /** Whether it waits for something of this process. */
  follows(pid: number): boolean {
    return this.#tracer.follows(pid) || this.#descent.follows(pid);
  }

  /** A traced process is held; `status` as the reaper has it. */
  trapped(pid: number, status: number): void {
    this.#tracer.trapped(pid, status);
  }

  /**
   * A process has ended, and is not reaped yet. True if the job goes on with another one, so that this end is nothing
   * that the job has to know.
   */
  ended(pid: number): boolean {
    const traced = this.#tracer.ended(pid);
    if (traced === null) return this.#descent.ended(pid);
    return traced.outcome === "goes on" || this.#descent.inherit(traced.job, pid, traced.forks);
  }
}

import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import { forksOf } from "./forks.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { findKin } from "./lineage.ts";
import { type ProcessRecord, readProcess } from "./process-table.ts";

/**
 * Without ptrace a daemon's second fork can't be told from a daemon that forks once. One that lives this long is
 * taken for the last. Milliseconds.
 */
const settleTime = 2_000;

/** A main process that is followed without ptrace. */
interface Ancestor {
  readonly job: Job;
  readonly forks: number;
  /** It is taken for the service; only if it ends soon and leaves another was it a step on the way. */
  readonly told: boolean;
  /** A child that was there when it was looked for last. */
  child: ProcessRecord | null;
}

/** What a re-exec takes along. */
export interface DescentState {
  readonly pid: number;
  readonly job: number;
  readonly forks: number;
  readonly told: boolean;
}

/** Follows daemons without ptrace: what a main process leaves when it ends, or has beside it for long, is the service. */
export class Descent {
  readonly #reactor: ProcessReactor;
  readonly #host: ProcessHost;
  readonly #becomeMain: (job: Job, pid: number) => void;
  readonly #ancestors = new Map<number, Ancestor>();

  constructor(reactor: ProcessReactor, host: ProcessHost, becomeMain: (job: Job, pid: number) => void) {
    this.#reactor = reactor;
    this.#host = host;
    this.#becomeMain = becomeMain;
  }

  snapshot(): DescentState[] {
    return [...this.#ancestors].map(([pid, { job, forks, told }]) => ({ pid, job: job.id, forks, told }));
  }

  restore(states: readonly DescentState[], jobOfId: (id: number) => Job | undefined): void {
    for (const { pid, job: id, forks, told } of states) {
      const job = jobOfId(id);
      if (job !== undefined) this.#watch(pid, { job, forks, told, child: null });
    }
  }

  /** The main process runs, and nothing has been forked yet. */
  follow(job: Job, pid: number): void {
    this.#watch(pid, { job, forks: 0, told: false, child: null });
  }

  follows(pid: number): boolean {
    return this.#ancestors.has(pid);
  }

  forget(job: Job): void {
    for (const [pid, ancestor] of this.#ancestors) if (ancestor.job === job) this.#ancestors.delete(pid);
  }

  /** A process has ended, and is not reaped yet. True if the job goes on with another one. */
  ended(pid: number): boolean {
    const ancestor = this.#ancestors.get(pid);
    if (ancestor === undefined) return false;
    this.#ancestors.delete(pid);
    return this.inherit(ancestor.job, pid, ancestor.forks);
  }

  /** Looks for what this process, which has ended and is not reaped yet, left. True if the job goes on with that. */
  inherit(job: Job, pid: number, forks: number): boolean {
    const self = native.getpid();
    const heir = this.#find(job, pid, (process) => process.parent === self);
    if (heir === null) return false;
    const main = job.pids.get("main");
    this.#becomeMain(job, heir.pid);
    // A daemon's second child is of its parent's session, and leads none.
    const isSecond = heir.session !== heir.pid && heir.session !== main;
    const told = forks + 1 >= forksOf(job) || isSecond;
    if (told) this.#ready(job);
    this.#watch(heir.pid, { job, forks: forks + 1, told, child: null });
    return true;
  }

  #watch(pid: number, ancestor: Ancestor): void {
    this.#ancestors.set(pid, ancestor);
    this.#reactor.after(settleTime, () => this.#look(pid, ancestor));
  }

  #find(job: Job, pid: number, matches: (process: ProcessRecord) => boolean): ProcessRecord | null {
    return findKin({
      job,
      main: pid,
      startTime: readProcess(pid)?.startTime ?? 0,
      matches: (process) => matches(process) && this.#host.jobOfPid(process.pid) === undefined,
    });
  }

  /** It lives on: either it was the last fork already, or it stays beside the service that it forked. */
  #look(pid: number, ancestor: Ancestor): void {
    if (this.#ancestors.get(pid) !== ancestor) return;
    const { job, forks, told } = ancestor;
    if (told) {
      this.#ancestors.delete(pid);
      return;
    }
    if (forks > 0) {
      this.#host.log.info(`${displayName(job)} main process (${pid}) forked once only and is taken as it is`);
      this.#settle(pid, job);
      return;
    }
    const child = this.#find(job, pid, ({ parent }) => parent === pid);
    if (child !== null && child.pid === ancestor.child?.pid) {
      this.#becomeMain(job, child.pid);
      this.#settle(pid, job);
      return;
    }
    ancestor.child = child;
    this.#reactor.after(settleTime, () => this.#look(pid, ancestor));
  }

  #settle(pid: number, job: Job): void {
    this.#ancestors.delete(pid);
    this.#ready(job);
  }

  #ready(job: Job): void {
    this.#host.tell({ type: "ready", job });
  }
}

import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import { forksOf } from "./forks.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { isRunning } from "./process-table.ts";

/** How far a process of the chain has come. */
export type TraceState =
  /** Forked by us; its first exec will hold it. */
  | "new"
  /** Forked by the process that was followed before; begins with a SIGSTOP that the kernel gives it. */
  | "new-child"
  /** Runs, and reports forks and execs. */
  | "running"
  /** No longer traced: it is the one that is meant, unless it turns out to be a helper. */
  | "released";

interface Link {
  readonly job: Job;
  state: TraceState;
  forks: number;
  /** Who forked it, while that one lives; null for our own child. */
  parent: number | null;
  /** The child that is followed in its place. */
  heir: number | null;
  /** What it forked while its heir lived. */
  readonly later: number[];
}

/** What a re-exec takes along: the kernel goes on tracing for the new upinit, since it is the same process. */
export interface TracedState {
  readonly pid: number;
  readonly job: number;
  readonly state: TraceState;
  readonly forks: number;
  readonly parent: number | null;
  readonly heir: number | null;
  readonly later: readonly number[];
}

const SIGTRAP = 5;
const SIGSTOP = 19;
/** A child that lives this long beside the one that forked it is the service. Milliseconds. */
const graceTime = 1_000;
/** For this long it may still turn out to have been a helper. Milliseconds. */
const helperTime = 60_000;

/**
 * Follows forks by ptrace(2), as Upstart does: the child of the first fork (`expect fork`), or of the second
 * (`expect daemon`), or the first child that executes a program. Unlike Upstart it goes back to a process whose child
 * ended while it lives itself: that was a helper (`x=$(date)` in a script), and no service.
 */
export class ForkTracer {
  readonly #reactor: ProcessReactor;
  readonly #host: ProcessHost;
  /** Tells that another process is the main one. */
  readonly #becomeMain: (job: Job, pid: number) => void;
  readonly #chain = new Map<number, Link>();
  /** Children whose first stop came before the news of the fork that made them. */
  readonly #early = new Set<number>();
  /** Children that are let go as soon as they are held. */
  readonly #unwanted = new Set<number>();

  constructor(reactor: ProcessReactor, host: ProcessHost, becomeMain: (job: Job, pid: number) => void) {
    this.#reactor = reactor;
    this.#host = host;
    this.#becomeMain = becomeMain;
  }

  snapshot(): { traced: TracedState[]; early: number[] } {
    const traced = [...this.#chain].map(([pid, { job, ...rest }]) => ({ pid, ...rest, job: job.id }));
    return { traced, early: [...this.#early, ...this.#unwanted] };
  }

  restore(
    traced: readonly TracedState[],
    early: readonly number[],
    jobOfId: (id: number) => Job | undefined,
  ): void {
    for (const { pid, job: id, later, ...rest } of traced) {
      const job = jobOfId(id);
      if (job === undefined) native.ptraceDetach(pid, 0);
      else this.#chain.set(pid, { job, ...rest, later: [...later] });
    }
    for (const pid of early) this.#early.add(pid);
    for (const [pid, link] of this.#chain) if (link.state === "released") this.#wait(pid, link);
  }

  /** The main process is about to execute and asks to be traced. */
  trace(job: Job, pid: number): void {
    this.#chain.set(pid, { job, state: "new", forks: 0, parent: null, heir: null, later: [] });
  }

  follows(pid: number): boolean {
    return this.#chain.has(pid);
  }

  /** The job is over, or was never begun: none of its processes stays traced. */
  forget(job: Job): void {
    for (const [pid, link] of this.#chain) {
      if (link.job !== job) continue;
      this.#chain.delete(pid);
      if (link.state !== "released") native.ptraceDetach(pid, 0);
    }
    this.#letGo();
  }

  /** A traced process is held; `status` as the reaper has it. */
  trapped(pid: number, status: number): void {
    const signal = status & 0xff;
    const event = status >> 8;
    const link = this.#chain.get(pid);
    if (link === undefined || link.state === "released") this.#stranger(pid);
    else if (event === native.PTRACE_EVENT_FORK) this.#forked(pid, link);
    else if (event === native.PTRACE_EVENT_EXEC) this.#executed(pid, link);
    else if (link.state === "new" && signal === SIGTRAP) this.#resume(pid, link);
    else if (link.state === "new-child" && signal === SIGSTOP) this.#childBegins(pid, link);
    else native.ptraceContinue(pid, signal);
  }

  /**
   * A process has ended. "goes on": the job has another main process now. "lost": this was its main process, and what
   * it may have forked unseen is to be looked for. null: it was none of the chain, or not its last.
   */
  ended(pid: number): { readonly outcome: "goes on" | "lost"; readonly job: Job; forks: number } | null {
    this.#unwanted.delete(pid);
    const link = this.#chain.get(pid);
    if (link === undefined) return null;
    this.#chain.delete(pid);
    const { job, forks } = link;
    if (link.heir !== null) {
      this.#leaveTo(link.heir);
      return null;
    }
    if (job.goal === "start" && this.#goBack(link)) return { outcome: "goes on", job, forks };
    this.forget(job);
    return job.goal === "start" ? { outcome: "lost", job, forks } : null;
  }

  /** The process that forked this one has ended: what is left is the service. */
  #leaveTo(heir: number): void {
    const link = this.#chain.get(heir);
    if (link === undefined) return;
    link.parent = null;
    if (link.state === "released") this.#ready(link);
  }

  /** A child that ended while the one that forked it lives was a helper. */
  #goBack(link: Link): boolean {
    const { job, parent: pid } = link;
    const parent = pid === null ? undefined : this.#chain.get(pid);
    if (pid === null || parent === undefined || !isRunning(pid)) return false;
    parent.heir = null;
    const next = parent.later.find(isRunning);
    parent.later.length = 0;
    if (next === undefined) {
      this.#becomeMain(job, pid);
      return true;
    }
    const heir: Link = {
      job,
      state: "released",
      forks: parent.forks + 1,
      parent: pid,
      heir: null,
      later: [],
    };
    parent.heir = next;
    this.#chain.set(next, heir);
    this.#becomeMain(job, next);
    this.#wait(next, heir);
    return true;
  }

  /** Probably a child that was stopped before its parent's fork was reported. Nobody else may be held. */
  #stranger(pid: number): void {
    if (this.#chain.size > 0 && !this.#unwanted.delete(pid)) this.#early.add(pid);
    else native.ptraceDetach(pid, 0);
  }

  #forked(pid: number, link: Link): void {
    const child = native.ptraceGetEventMessage(pid);
    native.ptraceContinue(pid, 0);
    if (child <= 0) return;
    const { job, heir, forks } = link;
    if (heir !== null && isRunning(heir)) {
      link.later.push(child);
      if (this.#early.delete(child)) native.ptraceDetach(child, 0);
      else this.#unwanted.add(child);
      return;
    }
    if (heir !== null) this.#chain.delete(heir);
    const next: Link = { job, state: "new-child", forks, parent: pid, heir: null, later: [] };
    link.heir = child;
    this.#chain.set(child, next);
    this.#becomeMain(job, child);
    if (this.#early.delete(child)) this.#childBegins(child, next);
  }

  #childBegins(pid: number, link: Link): void {
    link.forks += 1;
    if (link.forks >= forksOf(link.job)) this.#release(pid, link);
    else this.#resume(pid, link);
  }

  #executed(pid: number, link: Link): void {
    this.#host.log.info(`${displayName(link.job)} main process (${pid}) executable changed`);
    if (link.forks > 0) this.#release(pid, link);
    else native.ptraceContinue(pid, 0);
  }

  #resume(pid: number, link: Link): void {
    link.state = "running";
    native.ptraceSetOptions(pid, native.PTRACE_O_TRACEFORK | native.PTRACE_O_TRACEEXEC);
    native.ptraceContinue(pid, 0);
  }

  #release(pid: number, link: Link): void {
    link.state = "released";
    native.ptraceDetach(pid, 0);
    if (link.parent === null || !this.#chain.has(link.parent)) this.#ready(link);
    else this.#wait(pid, link);
  }

  /** While the one that forked it lives, nobody knows whether it is the service or a helper. */
  #wait(pid: number, link: Link): void {
    const later = (after: number, act: () => void): void => {
      this.#reactor.after(after, () => this.#chain.get(pid) === link && act());
    };
    later(graceTime, () => this.#host.tell({ type: "ready", job: link.job }));
    later(helperTime, () => this.forget(link.job));
  }

  #ready({ job }: Link): void {
    this.forget(job);
    this.#host.tell({ type: "ready", job });
    this.#host.settle();
  }

  /** Where nothing is traced any more, nobody may stay held. */
  #letGo(): void {
    if (this.#chain.size > 0) return;
    for (const pid of [...this.#early, ...this.#unwanted]) native.ptraceDetach(pid, 0);
    this.#early.clear();
    this.#unwanted.clear();
  }
}

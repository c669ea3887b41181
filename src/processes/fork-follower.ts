import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { findProcesses, hasEnvironment, type ProcessRecord, readProcess } from "./process-table.ts";

/** How far a traced process has come. */
type TraceState =
  /** Forked by us; its first exec will hold it. */
  | "new"
  /** Forked by the process that was followed before; begins with a SIGSTOP that the kernel gives it. */
  | "new-child"
  /** Runs, and reports forks and execs. */
  | "running";

interface Traced {
  readonly job: Job;
  state: TraceState;
  forks: number;
}

/** A main process that is followed without ptrace. */
interface Descended {
  readonly job: Job;
  readonly startTime: number;
  forks: number;
}

const SIGTRAP = 5;
const SIGSTOP = 19;
/**
 * Without ptrace a daemon's second fork can't be told from a daemon that forks once. One that lives this long is
 * taken for the last.
 */
const settleTime = 2000;
/** How often descendants are looked for while something says that they may be there. */
const mostLooks = 4;

/** What a re-exec takes along: the kernel goes on tracing for the new upinit, since it is the same process. */
export interface FollowerState {
  readonly traced: readonly {
    readonly pid: number;
    readonly job: number;
    readonly state: TraceState;
    readonly forks: number;
  }[];
  readonly early: readonly number[];
  readonly descended: readonly {
    readonly pid: number;
    readonly job: number;
    readonly startTime: number;
    readonly forks: number;
  }[];
}

/**
 * Finds the process that `expect fork` and `expect daemon` mean (reference 6.3): by ptrace, or, where that is not
 * allowed, by looking which descendant remains when a process ends.
 */
export class ForkFollower {
  readonly #host: ProcessHost;
  readonly #reactor: ProcessReactor;
  readonly #traced = new Map<number, Traced>();
  /** Children whose first stop came before the news of the fork that made them. */
  readonly #early = new Set<number>();
  readonly #descended = new Map<number, Descended>();

  constructor(reactor: ProcessReactor, host: ProcessHost) {
    this.#reactor = reactor;
    this.#host = host;
  }

  snapshot(): FollowerState {
    return {
      traced: [...this.#traced].map(([pid, { job, state, forks }]) => ({ pid, job: job.id, state, forks })),
      early: [...this.#early],
      descended: [...this.#descended].map(([pid, { job, startTime, forks }]) => ({
        pid,
        job: job.id,
        startTime,
        forks,
      })),
    };
  }

  restore(state: FollowerState, jobOfId: (id: number) => Job | undefined): void {
    for (const { pid, job: id, state: reached, forks } of state.traced) {
      const job = jobOfId(id);
      if (job === undefined) native.ptraceDetach(pid, 0);
      else this.#traced.set(pid, { job, state: reached, forks });
    }
    for (const pid of state.early) this.#early.add(pid);
    for (const { pid, job: id, startTime, forks } of state.descended) {
      const job = jobOfId(id);
      if (job !== undefined) this.#settleOn(pid, { job, startTime, forks });
    }
  }

  /** The main process is about to execute and asks to be traced. */
  trace(job: Job, pid: number): void {
    this.#traced.set(pid, { job, state: "new", forks: 0 });
  }

  /** The main process runs untraced: its descendants are looked for when it ends. */
  descend(job: Job, pid: number): void {
    const startTime = readProcess(pid)?.startTime ?? 0;
    this.#descended.set(pid, { job, startTime, forks: 0 });
  }

  /** Whether it waits for something of this process. */
  follows(pid: number): boolean {
    return this.#traced.has(pid) || this.#descended.has(pid);
  }

  /** A traced process is held; `status` as the reaper has it. */
  trapped(pid: number, status: number): void {
    const signal = status & 0xff;
    const event = status >> 8;
    const traced = this.#traced.get(pid);
    if (traced === undefined) this.#stranger(pid);
    else if (event === native.PTRACE_EVENT_FORK) this.#forked(pid, traced);
    else if (event === native.PTRACE_EVENT_EXEC) this.#executed(pid, traced);
    else if (traced.state === "new" && signal === SIGTRAP) this.#resume(pid, traced);
    else if (traced.state === "new-child" && signal === SIGSTOP) this.#childBegins(pid, traced);
    else native.ptraceContinue(pid, signal);
  }

  /**
   * A process has ended, and is not reaped yet. True if the job goes on with another one, so that this end is nothing
   * that the job has to know.
   */
  ended(pid: number): boolean {
    if (this.#traced.delete(pid)) this.#letGo();
    const descended = this.#descended.get(pid);
    if (descended === undefined) return false;
    this.#descended.delete(pid);
    const heir = this.#findHeir(pid, descended);
    if (heir === null) return false;
    this.#inherit(heir, descended);
    return true;
  }

  // ── ptrace ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Probably a child that was stopped before its parent's fork was reported. Nobody else may be held. */
  #stranger(pid: number): void {
    if (this.#traced.size > 0) this.#early.add(pid);
    else native.ptraceDetach(pid, 0);
  }

  #forked(pid: number, traced: Traced): void {
    const child = native.ptraceGetEventMessage(pid);
    this.#traced.delete(pid);
    native.ptraceDetach(pid, 0);
    if (child <= 0) return;
    const { job } = traced;
    const next: Traced = { job, state: "new-child", forks: traced.forks };
    this.#traced.set(child, next);
    this.#host.tell({ type: "main-pid", job, pid: child });
    this.#host.settle();
    if (this.#early.delete(child)) this.#childBegins(child, next);
  }

  #childBegins(pid: number, traced: Traced): void {
    traced.forks += 1;
    if (traced.forks >= forksOf(traced.job)) this.#ready(pid, traced);
    else this.#resume(pid, traced);
  }

  #executed(pid: number, traced: Traced): void {
    this.#host.log.info(`${displayName(traced.job)} main process (${pid}) executable changed`);
    if (traced.forks > 0) this.#ready(pid, traced);
    else native.ptraceContinue(pid, 0);
  }

  #resume(pid: number, traced: Traced): void {
    traced.state = "running";
    native.ptraceSetOptions(pid, native.PTRACE_O_TRACEFORK | native.PTRACE_O_TRACEEXEC);
    native.ptraceContinue(pid, 0);
  }

  #ready(pid: number, traced: Traced): void {
    this.#traced.delete(pid);
    native.ptraceDetach(pid, 0);
    this.#host.tell({ type: "ready", job: traced.job });
    this.#host.settle();
    this.#letGo();
  }

  /** Where nothing is traced any more, nobody may stay held. */
  #letGo(): void {
    if (this.#traced.size > 0) return;
    for (const pid of this.#early) native.ptraceDetach(pid, 0);
    this.#early.clear();
  }

  // ── descent ─────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The oldest process that came to us as a child when `pid` ended, and is of its kin. A look takes its time: a process
   * that forked and ended meanwhile shows as a zombie without its child, one that executes something has no
   * environment; then it is worth another.
   */
  #findHeir(pid: number, descended: Descended): ProcessRecord | null {
    let unsure: ProcessRecord | null = null;
    for (let look = 0; look < mostLooks; look += 1) {
      const seen = this.#look(pid, descended);
      if (seen.kin !== null) return seen.kin;
      if (!seen.again) return null;
      unsure = seen.unsure;
    }
    return unsure;
  }

  #look(
    pid: number,
    { job, startTime }: Descended,
  ): { kin: ProcessRecord | null; unsure: ProcessRecord | null; again: boolean } {
    const self = native.getpid();
    const marks = [`UPSTART_JOB=${job.jobClass.name}`, `UPSTART_INSTANCE=${job.instance}`];
    const orphans = findProcesses(
      (process) =>
        process.parent === self &&
        process.pid !== pid &&
        process.startTime >= startTime &&
        this.#host.jobOfPid(process.pid) === undefined,
    );
    let kin: ProcessRecord | null = null;
    let unsure: ProcessRecord | null = null;
    let again = false;
    for (const process of orphans ?? []) {
      const ofSession = process.session === pid || process.group === pid;
      const belongs = ofSession || hasEnvironment(process.pid, marks);
      if (belongs === true && (kin === null || process.startTime < kin.startTime)) kin = process;
      if (belongs !== null) continue;
      again = true;
      if (process.state !== "Z") unsure ??= process;
    }
    return { kin, unsure, again };
  }

  #inherit(heir: ProcessRecord, descended: Descended): void {
    const { job } = descended;
    const forks = descended.forks + 1;
    this.#host.tell({ type: "main-pid", job, pid: heir.pid });
    // A daemon's second child is of its parent's session, and leads none.
    const isSecond = heir.session !== heir.pid && heir.session !== job.pids.get("main");
    if (forks >= forksOf(job) || isSecond) {
      this.#host.tell({ type: "ready", job });
      return;
    }
    this.#settleOn(heir.pid, { job, startTime: heir.startTime, forks });
  }

  /** Follows a descendant; one that has been forked already is taken for the last if nothing comes of it. */
  #settleOn(pid: number, descended: Descended): void {
    this.#descended.set(pid, descended);
    if (descended.forks === 0) return;
    const { job } = descended;
    this.#reactor.after(settleTime, () => {
      if (this.#descended.get(pid) !== descended) return;
      this.#descended.delete(pid);
      this.#host.log.info(`${displayName(job)} main process (${pid}) forked once only and is taken as it is`);
      this.#host.tell({ type: "ready", job });
    });
  }
}

/** How many forks make the process that is meant. */
function forksOf(job: Job): number {
  return job.jobClass.expect === "daemon" ? 2 : 1;
}

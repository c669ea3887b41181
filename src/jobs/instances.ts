import { ConditionState } from "../events/condition-state.ts";
import type { Environment } from "../events/environment.ts";
import { Job, type JobEvent, processOfPid } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { ClassEntry, JobRegistry } from "./job-registry.ts";
import type { ProcessStatus } from "./messages.ts";

/** The instances of all classes: made, found by their processes, and remembered when they are gone. */
export class Instances {
  readonly #registry: JobRegistry;
  readonly #now: () => number;
  readonly #byPid = new Map<number, Job>();
  #lastId = 0;

  constructor(registry: JobRegistry, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  /** The id given last; ids are never used twice. */
  get lastId(): number {
    return this.#lastId;
  }

  /** By the name of their class. */
  *all(): Generator<Job, void, undefined> {
    for (const entry of this.#registry.all()) yield* entry.instances.values();
  }

  create(entry: ClassEntry, instance: string): Job {
    const stopOn = entry.stopOn === null ? null : new ConditionState<JobEvent>(entry.stopOn);
    const job = new Job(++this.#lastId, entry.jobClass, instance, stopOn, this.#now());
    entry.addInstance(job);
    return job;
  }

  /** An instance as it would be, of which nobody else knows. */
  imagine({ jobClass }: ClassEntry, instance: string, env: Environment): Job {
    const job = new Job(0, jobClass, instance, null, this.#now());
    job.env = env;
    return job;
  }

  /** After a re-exec put the jobs back. */
  resume(lastId: number): void {
    this.#lastId = lastId;
    for (const job of this.all()) {
      for (const pid of job.pids.values()) this.#byPid.set(pid, job);
    }
  }

  ofPid(pid: number): { readonly job: Job; readonly process: ProcessName } | undefined {
    const job = this.#byPid.get(pid);
    const process = job && processOfPid(job, pid);
    return job && process && { job, process };
  }

  processStarted(job: Job, process: ProcessName, pid: number): void {
    this.forget(job, process);
    job.pids.set(process, pid);
    this.#byPid.set(pid, job);
  }

  processGone(job: Job, process: ProcessName, pid: number, status: ProcessStatus): void {
    this.forget(job, process);
    this.#entryOf(job)?.remember({ instance: job.instance, process, pid, status, at: this.#now() });
  }

  /** Whatever there is of the process is the job's no more. */
  forget(job: Job, process: ProcessName): void {
    const pid = job.pids.get(process);
    if (pid === undefined) return;
    job.pids.delete(process);
    this.#byPid.delete(pid);
  }

  spawnFailed(job: Job, process: ProcessName, reason: string): void {
    const entry = this.#entryOf(job);
    if (entry === undefined) return;
    entry.lastFailure = {
      instance: job.instance,
      process,
      status: null,
      reason,
      exitStatus: 1,
      at: this.#now(),
    };
  }

  environmentChanged(job: Job): void {
    this.#entryOf(job)?.environmentChanged(job);
  }

  /**
   * The instance is no more. Returns its class if with that a new definition came into force, of which `start on` is
   * fulfilled by events that the old one held.
   */
  retire(job: Job): ClassEntry | null {
    const entry = this.#entryOf(job);
    if (entry === undefined || entry.instances.get(job.instance) !== job) return null;
    entry.removeInstance(job);
    if (entry.schedule !== null) {
      const took = this.#now() - job.startedAt;
      entry.lastRun = { at: job.startedAt, took, good: job.failure === null };
    }
    if (job.ending !== null) entry.lastRunWasGood = !job.ending.failed;
    if (job.stopCause !== null)
      entry.lastStop = { instance: job.instance, cause: job.stopCause, at: this.#now() };
    if (job.failure !== null) {
      const before = entry.lastFailure?.instance === job.instance ? entry.lastFailure.reason : null;
      const reason = job.failure.reason ?? before;
      const exitStatus = job.ending?.exitStatus ?? 1;
      entry.lastFailure = { ...job.failure, instance: job.instance, reason, exitStatus, at: this.#now() };
    }
    return this.#registry.reconsider(entry);
  }

  #entryOf(job: Job): ClassEntry | undefined {
    return this.#registry.find(job.jobClass.name);
  }
}

import { EventQueue } from "../events/queue.ts";
import { boundHook } from "./bounds.ts";
import { EventHandling } from "./event-handling.ts";
import { noProbing, noRequirements } from "./features.ts";
import * as happenings from "./happenings.ts";
import { Instances } from "./instances.ts";
import type { EventWaiter, Job, JobEvent } from "./job.ts";
import type { JobClass, ProcessName } from "./job-class.ts";
import { JobEnvironments } from "./job-environment.ts";
import { type ClassEntry, JobRegistry } from "./job-registry.ts";
import type { Levels } from "./levels.ts";
import * as lifecycle from "./lifecycle.ts";
import type { Effect, Message, ProcessStatus, Waiter } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type Preview, previewEvent } from "./preview.ts";
import { goOnWithNewer } from "./renewal.ts";
import { replicaCount } from "./replicas.ts";
import { Requests } from "./requests.ts";
import type { FeatureModules, Requirements, Surroundings } from "./surroundings.ts";
import { mainAlive } from "./watchdog.ts";

export { displayName } from "./job.ts";
export type { ClassEntry, ProcessExit } from "./job-registry.ts";
export type { Preview } from "./preview.ts";
export type { Request } from "./requests.ts";

export interface WorldOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** init's own environment, for a bare `env KEY`. */
  readonly initEnvironment: () => readonly string[];
  /** What every job starts with (docs/upstart.md#32-variables-of-a-job, step 1). */
  readonly defaultEnvironment: readonly string[];
  /** Seconds of `--start-timeout`, for jobs without their own; absent: none. */
  readonly defaultStartTimeout?: number | null;
  /** Whether the end of this job ends the container; absent: none does. */
  readonly endsContainer?: (job: Job, failed: boolean) => boolean;
  /** What is loaded of what only some jobs need. */
  readonly features?: FeatureModules;
  /** Given to every process last, as `UPSTART_SESSION` is in a session. */
  readonly extraEnvironment?: readonly string[];
}

export interface EmitOptions {
  /**
   * The waiter is told as soon as no job instance blocks the event, even if a half-fulfilled condition still holds it:
   * the events of a boot would otherwise wait for those that come after them (docs/design.md#7-boot).
   */
  readonly ignoreHalfConditions?: boolean;
  /** An event of the stop of everything: what it starts may run although nothing new is to be started. */
  readonly ofShutdown?: boolean;
}

/** Visits to events in one run: some hundredths of a second. A chain of a thousand jobs takes some thousands. */
const visitsPerRun = 500;

/**
 * All jobs and events together. Nothing is done here: requests and messages change the jobs, and `run` gives the
 * effects that are to be carried out, in order. Nothing re-enters: what effects bring about comes back by `tell`.
 */
export class World {
  readonly options: WorldOptions;
  readonly queue = new EventQueue<EventWaiter>();
  readonly registry: JobRegistry;
  readonly environments: JobEnvironments;
  readonly instances: Instances;
  #levels: Levels | null = null;
  readonly outbox = new Outbox();
  readonly requests: Requests;
  quiescing = false;
  readonly #mailbox: Message[] = [];
  #isBusy = false;
  readonly #around: Surroundings;
  readonly #events: EventHandling;

  constructor(options: WorldOptions) {
    this.options = options;
    this.registry = new JobRegistry(this.queue);
    const { defaultEnvironment, initEnvironment, extraEnvironment } = options;
    this.environments = new JobEnvironments(defaultEnvironment, initEnvironment, extraEnvironment ?? []);
    this.instances = new Instances(this.registry, options.now);
    this.#around = this.#surroundings();
    this.requests = new Requests(this.registry, this.instances, this.#around);
    this.#events = new EventHandling(this.registry, this.instances, this.outbox, this.#around);
  }

  /** What must hold beside events; nothing until a class needs it, whose feature is loaded then. */
  /** Whether any job ever said `requires` or `after`. */
  get hasRequirements(): boolean {
    return (this.options.features?.levels ?? null) !== null;
  }

  get levels(): Requirements {
    const module = this.options.features?.levels ?? null;
    if (module === null) return noRequirements;
    this.#levels ??= new module.Levels(this.registry, this.instances, () => this.#around);
    return this.#levels;
  }

  // --- classes and instances ---

  /**
   * A definition was read. Instances keep the old one, and so do those started while there are any
   * (docs/upstart.md#27-changes).
   */
  setClass(jobClass: JobClass): void {
    const known = this.registry.find(jobClass.name);
    const isNew = known === undefined;
    const before = known === undefined ? null : replicaCount(known);
    const fulfilled = this.registry.set(jobClass);
    // The number alone acts at once; all else of a changed file waits for the next start.
    if (known !== undefined && before !== null && replicaCount(known) !== before)
      this.requests.rescale(known, before, { type: "file" });
    this.levels.classesChanged(isNew ? (this.registry.find(jobClass.name) ?? null) : null, jobClass);
    this.#startIfFulfilled(fulfilled);
  }

  /** A new definition came into force, and events that the old one held may fulfil its `start on`. */
  #startIfFulfilled(entry: ClassEntry | null): void {
    if (entry !== null) this.#events.startByCondition(entry, false);
  }

  /** The definition is gone. With instances the class stays until the last of them is gone. */
  removeClass(name: string): void {
    this.registry.remove(name);
    this.levels.classesChanged(null, null);
  }

  findClass(name: string): ClassEntry | undefined {
    return this.registry.find(name);
  }

  /** By name, bytewise. */
  classes(): readonly ClassEntry[] {
    return this.registry.all();
  }

  findJob(className: string, instance: string): Job | undefined {
    return this.registry.find(className)?.instances.get(instance);
  }

  /** All instances, by the name of their class. */
  jobs(): Iterable<Job> {
    return this.instances.all();
  }

  /** Whose process this is, if it is a job's. */
  jobOfPid(pid: number): { readonly job: Job; readonly process: ProcessName } | undefined {
    return this.instances.ofPid(pid);
  }

  // --- events ---

  /** Queues an event; the waiter is told when it is finished. The variables must be `KEY=VALUE`. */
  emit(name: string, env: readonly string[], waiter: Waiter | null, options: EmitOptions = {}): JobEvent {
    const event = this.queue.emit(name, [...env], options.ofShutdown === true);
    if (waiter !== null)
      event.waiters.push({ type: "request", waiter, early: options.ignoreHalfConditions === true });
    return event;
  }

  /** A schedule is due: the event `schedule JOB= TIME=`, which only this job hears. */
  emitSchedule(job: string, time: string): void {
    this.#events.schedule(this.emit("schedule", [`JOB=${job}`, `TIME=${time}`], null), job);
  }

  /** What an event would start and stop; nothing is changed. */
  preview(name: string, env: readonly string[]): Preview {
    return previewEvent(this, name, env);
  }

  /**
   * The stop of everything begins: nothing is respawned from here on, a restart ends in a stop, and events start
   * nothing new, but for what an event of the stop itself starts, and tasks that something else waits for. A condition
   * that is fulfilled by half holds no event any more.
   */
  quiesce(): void {
    this.quiescing = true;
    this.queue.ignoreConditions();
    for (const job of [...this.jobs()]) {
      if (job.goal !== "stop" && comesBackUp(job))
        lifecycle.requestStop(job, [], { type: "shutdown" }, this.#around);
      boundHook(job, this.#around);
    }
  }

  // --- environment tables (docs/upstart.md#92-commands); without a job the one that all start with ---

  variable(job: Job | null, key: string): string | undefined {
    return this.environments.get(job, key);
  }

  variables(job: Job | null): string[] {
    return this.environments.list(job);
  }

  /** Without a job also for all instances that are there. */
  setVariable(job: Job | null, entry: string, replace: boolean): void {
    this.environments.set(job, entry, replace, this.jobs());
    this.#environmentsChanged(job);
  }

  unsetVariable(job: Job | null, key: string): void {
    this.environments.unset(job, key, this.jobs());
    this.#environmentsChanged(job);
  }

  resetVariables(job: Job | null): void {
    this.environments.reset(job);
    this.#environmentsChanged(job);
  }

  #environmentsChanged(job: Job | null): void {
    for (const each of job === null ? this.jobs() : [job]) this.instances.environmentChanged(each);
  }

  // --- the mailbox ---

  /** Puts into the mailbox what happened outside. Nothing is done before `run`. */
  tell(message: Message): void {
    this.#mailbox.push(message);
  }

  /**
   * Works through the mailbox and then the events, to a standstill, and gives the effects since the last time. If jobs
   * follow each other without end it stops in between, with `isBusy`: the caller then does what else there is to do,
   * and comes back.
   */
  run(): Effect[] {
    let budget = visitsPerRun;
    let moved = false;
    do {
      for (const message of this.#mailbox.splice(0)) this.#receiveSafely(message);
      budget -= this.queue.poll(this.#events, budget);
      // What starts and stops require is decided when each event has reached everybody.
      moved = budget > 0 && this.levels.settle();
    } while ((this.#mailbox.length > 0 || moved) && budget > 0);
    this.#isBusy = budget <= 0;
    return this.outbox.take();
  }

  /** Whether the last `run` was not done with everything. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** A fault of upinit's own costs the job that it concerns, and nobody else. */
  #receiveSafely(message: Message): void {
    try {
      this.#receive(message);
    } catch (error) {
      this.outbox.fault(`message ${message.type}`, error);
      const job = "job" in message ? message.job : undefined;
      if (job !== undefined && job.goal !== "stop")
        lifecycle.requestStop(job, [], { type: "end" }, this.#around);
    }
  }

  #receive(message: Message): void {
    const around = this.#around;
    switch (message.type) {
      case "started":
        happenings.processStarted(message.job, message.process, message.pid, around);
        break;
      case "withdrawn":
        if (message.job.spawning === message.process) this.instances.forget(message.job, message.process);
        break;
      case "executed":
        happenings.processExecuted(message.job, message.process, around);
        break;
      case "spawn-failed":
        this.instances.spawnFailed(message.job, message.process, message.reason);
        happenings.spawnFailed(message.job, message, around);
        break;
      case "process":
        this.#processChanged(message.pid, message.status);
        break;
      case "gone":
        this.#processVanished(message.pid);
        break;
      case "ready":
        happenings.mainReady(message.job, around);
        break;
      case "main-pid":
        happenings.mainPidChanged(message.job, message.pid, around);
        break;
      case "probed":
        around.probing.probed(message.job, message.id, message.outcome, message.reason, around);
        break;
      case "alive":
        mainAlive(message.job, around);
        break;
      case "timer":
        happenings.timerExpired(message.job, message.timer, around);
        break;
      case "abandoned":
        this.#abandon(message.waiter);
        break;
    }
  }

  #processChanged(pid: number, status: ProcessStatus): void {
    const owner = this.jobOfPid(pid);
    if (owner !== undefined) happenings.processChanged(owner.job, owner.process, status, this.#around);
  }

  #processVanished(pid: number): void {
    const owner = this.jobOfPid(pid);
    if (owner !== undefined) happenings.processVanished(owner.job, owner.process, pid, this.#around);
  }

  /** Whoever waited is gone; what was asked for goes on. */
  #abandon({ id }: Waiter): void {
    for (const event of this.queue.events) {
      const index = event.waiters.findIndex(
        (waiting) => waiting.type === "request" && waiting.waiter.id === id,
      );
      if (index >= 0) event.waiters.splice(index, 1);
    }
    for (const job of this.jobs()) {
      job.waiters = job.waiters.filter((waiting) => waiting.type === "event" || waiting.waiter.id !== id);
    }
  }

  // --- re-exec; `snapshot.ts` does the rest ---

  /** After the jobs were put back: their pids are known again, their timers run, and what was asked for is. */
  resume(lastJobId: number): void {
    this.instances.resume(lastJobId);
    this.levels.resume();
    for (const job of this.jobs()) {
      this.instances.environmentChanged(job);
      lifecycle.resume(job, this.#around);
    }
  }

  #retired(job: Job): void {
    const entry = this.registry.find(job.jobClass.name);
    this.#startIfFulfilled(this.instances.retire(job));
    this.levels.retired(job);
    this.levels.changed(job);
    if (entry !== undefined) goOnWithNewer(entry, job.stopCause, this.instances, this.#around);
  }

  // --- what jobs need of the world ---

  #surroundings(): Surroundings {
    const world = this;
    const { queue, environments, instances, outbox } = this;
    const { now, random, defaultStartTimeout, endsContainer } = this.options;
    return {
      endsContainer: endsContainer ?? (() => false),
      defaultStartTimeout: defaultStartTimeout ?? null,
      queue,
      environments,
      get quiescing() {
        return world.quiescing;
      },
      now,
      random,
      effect: (effect) => outbox.push(effect),
      logs: (priority) => outbox.logs(priority),
      log: (priority, text, job) => outbox.log(priority, text, job),
      unblocked: (event) => world.#events.unblocked(event),
      environmentChanged: (job) => instances.environmentChanged(job),
      processStarted: (job, process, pid) => {
        instances.processStarted(job, process, pid);
        outbox.processChanged(job, process, pid, null);
      },
      processGone: (job, process, pid, status) => {
        instances.processGone(job, process, pid, status);
        outbox.processChanged(job, process, pid, status);
      },
      processForgotten: (job, process) => instances.forget(job, process),
      get levels() {
        return world.levels;
      },
      get probing() {
        return world.options.features?.probes ?? noProbing;
      },
      goalChanged: (job, from) => {
        outbox.goalChanged(job, from);
        world.levels.changed(job);
      },
      stateChanged: (job, from) => {
        outbox.stateChanged(job, from);
        world.levels.changed(job);
      },
      retired: (job) => world.#retired(job),
    };
  }
}

/** Whether the job is on its way down in order to come up again. */
function comesBackUp(job: Job): boolean {
  if (job.goal === "respawn") return true;
  return ["stopping", "killed", "post-stopping", "post-stop"].includes(job.state);
}

import { ConditionState } from "../events/condition-state.ts";
import { addVariables, type Environment, expand, isEnvironment, setVariable } from "../events/environment.ts";
import { failureName } from "../events/event.ts";
import { EventQueue } from "../events/queue.ts";
import { type LogPriority, passes } from "../log/priority.ts";
import { displayName, type EventWaiter, Job, type JobEvent, type JobWaiter, processOfPid } from "./job.ts";
import type { JobClass, ProcessName } from "./job-class.ts";
import { JobEnvironments } from "./job-environment.ts";
import { type ClassEntry, JobRegistry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import type { Effect, Message, ProcessStatus, RequestError, Waiter } from "./messages.ts";
import { type Preview, previewEvent } from "./preview.ts";
import type { Goal, State } from "./states.ts";

export { displayName } from "./job.ts";
export type { ClassEntry, ProcessExit } from "./job-registry.ts";
export type { Preview } from "./preview.ts";

export interface WorldOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** init's own environment, for a bare `env KEY`. */
  readonly initEnvironment: () => readonly string[];
  /** What every job starts with (reference 3.8, step 1). */
  readonly defaultEnvironment: readonly string[];
  /** Given to every process last, as `UPSTART_SESSION` is in a session. */
  readonly extraEnvironment?: readonly string[];
}

/** What came of a request: the instance that it concerns, or why it is refused (reference 7.10). */
export type Request =
  | { readonly ok: true; readonly job: Job }
  | { readonly ok: false; readonly error: RequestError; readonly message: string };

export interface EmitOptions {
  /**
   * The waiter is told as soon as no job instance blocks the event, even if a half-fulfilled condition still holds it:
   * the events of a boot would otherwise wait for those that come after them (design section 4).
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
  /** Log effects below this are not made; text that nobody reads costs time. */
  logPriority: LogPriority = "debug";
  /** Whether trace effects are made. */
  tracing = true;
  quiescing = false;
  readonly #jobsByPid = new Map<number, Job>();
  readonly #mailbox: Message[] = [];
  #effects: Effect[] = [];
  /** Come after the other effects of a run: whoever is told that something is over finds it so. */
  #answers: Effect[] = [];
  #lastJobId = 0;
  #isBusy = false;
  readonly #around: lifecycle.Surroundings;

  constructor(options: WorldOptions) {
    this.options = options;
    this.registry = new JobRegistry(this.queue);
    const { defaultEnvironment, initEnvironment, extraEnvironment } = options;
    this.environments = new JobEnvironments(defaultEnvironment, initEnvironment, extraEnvironment ?? []);
    this.#around = this.#surroundings();
  }

  // --- classes and instances ---

  /** A definition was read. Instances keep the old one, and so do those started while there are any (reference 7.7). */
  setClass(jobClass: JobClass): void {
    const fulfilled = this.registry.set(jobClass);
    if (fulfilled !== null) this.#startByCondition(fulfilled, false);
  }

  /** The definition is gone. With instances the class stays until the last of them is gone. */
  removeClass(name: string): void {
    this.registry.remove(name);
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
  *jobs(): Generator<Job, void, undefined> {
    for (const entry of this.registry.all()) yield* entry.instances.values();
  }

  /** Whose process this is, if it is a job's. */
  jobOfPid(pid: number): { readonly job: Job; readonly process: ProcessName } | undefined {
    const job = this.#jobsByPid.get(pid);
    const process = job && processOfPid(job, pid);
    return job && process && { job, process };
  }

  // --- requests (reference 8.2, 8.3). Refused at once, or answered by an `answer` effect if there is a waiter. ---

  start(name: string, env: readonly string[], waiter: Waiter | null): Request {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const existing = named.entry.instances.get(named.instance);
    if (existing !== undefined && existing.goal !== "stop") return refuseStart(existing);
    const job = existing ?? this.#create(named.entry, named.instance);
    job.startEnv = named.env;
    lifecycle.requestStart(job, waiting("start", waiter), this.#around);
    return { ok: true, job };
  }

  stop(name: string, env: readonly string[], waiter: Waiter | null): Request {
    const found = this.lookup(name, env);
    if (!found.ok) return found;
    if (found.job.goal === "stop") return refuseStop(displayName(found.job));
    found.job.stopEnv = copyEnvironment(env);
    lifecycle.requestStop(found.job, waiting("stop", waiter), this.#around);
    return found;
  }

  restart(name: string, env: readonly string[], waiter: Waiter | null): Request {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const job = named.entry.instances.get(named.instance);
    if (job === undefined) return unknownInstance(named.instance);
    // Upstart names only the instance here.
    if (job.goal === "stop") return refuseStop(job.instance);
    job.startEnv = named.env;
    return this.#restart(job, waiter);
  }

  /** `reload`: sends the reload signal to main alone, whatever the state. */
  reload(name: string, env: readonly string[]): Request {
    const found = this.lookup(name, env);
    return found.ok ? this.#reload(found.job) : found;
  }

  /** The instance that these variables name. */
  lookup(name: string, env: readonly string[]): Request {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const job = named.entry.instances.get(named.instance);
    return job === undefined ? unknownInstance(named.instance) : { ok: true, job };
  }

  // The forms for a process inside the job: by exact name, and the environment stays what it was.

  startInstance(className: string, instance: string, waiter: Waiter | null): Request {
    const found = this.#exact(className, instance);
    if (!found.ok) return found;
    if (found.job.goal !== "stop") return refuseStart(found.job);
    found.job.startEnv = null;
    lifecycle.requestStart(found.job, waiting("start", waiter), this.#around);
    return found;
  }

  stopInstance(className: string, instance: string, waiter: Waiter | null): Request {
    const found = this.#exact(className, instance);
    if (!found.ok) return found;
    if (found.job.goal === "stop") return refuseStop(displayName(found.job));
    found.job.stopEnv = null;
    lifecycle.requestStop(found.job, waiting("stop", waiter), this.#around);
    return found;
  }

  restartInstance(className: string, instance: string, waiter: Waiter | null): Request {
    const found = this.#exact(className, instance);
    if (!found.ok) return found;
    if (found.job.goal === "stop") return refuseStop(displayName(found.job));
    found.job.startEnv = null;
    return this.#restart(found.job, waiter);
  }

  reloadInstance(className: string, instance: string): Request {
    const found = this.#exact(className, instance);
    return found.ok ? this.#reload(found.job) : found;
  }

  /** Queues an event; the waiter is told when it is finished. The variables must be `KEY=VALUE`. */
  emit(name: string, env: readonly string[], waiter: Waiter | null, options: EmitOptions = {}): JobEvent {
    const event = this.queue.emit(name, [...env], options.ofShutdown === true);
    if (waiter !== null)
      event.waiters.push({ type: "request", waiter, early: options.ignoreHalfConditions === true });
    return event;
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
      if (job.goal !== "stop" && comesBackUp(job)) lifecycle.requestStop(job, [], this.#around);
    }
  }

  // --- environment tables (reference 8.2); without a job the one that all start with ---

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
    for (const each of job === null ? this.jobs() : [job]) this.#environmentChanged(each);
  }

  #environmentChanged(job: Job): void {
    this.registry.find(job.jobClass.name)?.environmentChanged(job);
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
    do {
      for (const message of this.#mailbox.splice(0)) this.#receiveSafely(message);
      budget -= this.queue.poll(this.#handler, budget);
    } while (this.#mailbox.length > 0 && budget > 0);
    this.#isBusy = budget <= 0;
    const effects = this.#answers.length === 0 ? this.#effects : this.#effects.concat(this.#answers);
    this.#effects = [];
    this.#answers = [];
    return effects;
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
      this.#reportFault(`message ${message.type}`, error);
      const job = "job" in message ? message.job : undefined;
      if (job !== undefined && job.goal !== "stop") lifecycle.requestStop(job, [], this.#around);
    }
  }

  #reportFault(where: string, error: unknown): void {
    const text = error instanceof Error ? `${error.message} ${error.stack ?? ""}` : String(error);
    this.#log("error", `Internal error at ${where}: ${text.trim()}`);
  }

  #receive(message: Message): void {
    const around = this.#around;
    switch (message.type) {
      case "started":
        lifecycle.processStarted(message.job, message.process, message.pid, around);
        break;
      case "withdrawn":
        if (message.job.spawning === message.process) this.#forget(message.job, message.process);
        break;
      case "executed":
        lifecycle.processExecuted(message.job, message.process, around);
        break;
      case "spawn-failed":
        this.#rememberSpawnFailure(message.job, message.process, message.reason);
        lifecycle.spawnFailed(message.job, message.process, message.reason, message.exitStatus, around);
        break;
      case "process":
        this.#processChanged(message.pid, message.status);
        break;
      case "gone":
        this.#processVanished(message.pid);
        break;
      case "ready":
        lifecycle.mainReady(message.job, around);
        break;
      case "main-pid":
        lifecycle.mainPidChanged(message.job, message.pid, around);
        break;
      case "alive":
        lifecycle.mainAlive(message.job, around);
        break;
      case "timer":
        lifecycle.timerExpired(message.job, message.timer, around);
        break;
      case "abandoned":
        this.#abandon(message.waiter);
        break;
    }
  }

  #processChanged(pid: number, status: ProcessStatus): void {
    const owner = this.jobOfPid(pid);
    if (owner !== undefined) lifecycle.processChanged(owner.job, owner.process, status, this.#around);
  }

  #processVanished(pid: number): void {
    const owner = this.jobOfPid(pid);
    const unknown: ProcessStatus = { type: "exited", status: 0 };
    if (owner !== undefined) lifecycle.processGone(owner.job, owner.process, pid, unknown, this.#around);
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

  get lastJobId(): number {
    return this.#lastJobId;
  }

  /** After the jobs were put back: their pids are known again, their timers run, and what was asked for is. */
  resume(lastJobId: number): void {
    this.#lastJobId = lastJobId;
    for (const job of this.jobs()) {
      for (const pid of job.pids.values()) this.#jobsByPid.set(pid, job);
      this.#environmentChanged(job);
      lifecycle.resume(job, this.#around);
    }
  }

  // --- events ---

  readonly #handler = {
    handle: (event: JobEvent): void => {
      try {
        this.#handle(event);
      } catch (error) {
        this.#reportFault(`event ${event.name}`, error);
      }
    },
    finish: (event: JobEvent): void => this.#finish(event),
  };

  /** Shows a pending event to all classes, by name; in each the stops come first (reference 4.4). */
  #handle(event: JobEvent): void {
    if (this.#logs("info")) this.#log("info", `Handling ${event.name} event`);
    this.#traceEvent(event, "handling");
    for (const entry of this.registry.listeningTo(event.name, event.env)) {
      this.#handleStops(entry, event);
      // The last instance of a class whose file is gone takes the class with it.
      if (this.registry.find(entry.jobClass.name) !== entry) continue;
      if (entry.startOn?.handle(event, [], this.queue) === true)
        this.#startByCondition(entry, event.ofShutdown);
    }
    if (event.jobs === 0) this.#tellEarly(event);
  }

  #handleStops(entry: ClassEntry, event: JobEvent): void {
    for (const job of entry.instancesListeningTo(event.name, event.env)) {
      const { stopOn } = job;
      if (stopOn?.handle(event, job.env, this.queue) !== true) continue;
      if (job.goal !== "stop") {
        const contributors = stopOn.contributors();
        job.stopEnv = environmentOf([], contributors, "UPSTART_STOP_EVENTS");
        lifecycle.requestStop(job, this.#attach(contributors, job), this.#around);
      }
      stopOn.reset(this.queue);
    }
  }

  /** `start on` of the class is fulfilled: starts the instance that the events name, and forgets them. */
  #startByCondition(entry: ClassEntry, ofShutdown: boolean): void {
    const condition = entry.startOn as ConditionState<JobEvent>;
    const contributors = condition.contributors();
    const env = environmentOf(this.environments.ofClass(entry.jobClass), contributors, "UPSTART_EVENTS");
    const instance = expand(entry.jobClass.instance, env);
    if (!instance.ok) {
      this.#log("warn", `Failed to obtain ${entry.jobClass.name} instance: ${instance.error}`);
    } else if (this.#mayStart(entry.jobClass, contributors, ofShutdown)) {
      this.#startInstance(entry, instance.text, env, contributors, ofShutdown);
    }
    condition.reset(this.queue);
  }

  #startInstance(
    entry: ClassEntry,
    instance: string,
    env: Environment,
    contributors: readonly JobEvent[],
    ofShutdown: boolean,
  ): void {
    const existing = entry.instances.get(instance);
    if (existing !== undefined && existing.goal !== "stop") return;
    const job = existing ?? this.#create(entry, instance);
    job.startEnv = env;
    job.ofShutdown = ofShutdown;
    lifecycle.requestStart(job, this.#attach(contributors, job), this.#around);
  }

  /**
   * While everything is being stopped an event starts only what belongs to the stop: jobs of its own events, and tasks,
   * but none after the fact (`started`, `stopped`), or a task that follows itself would go on for ever.
   */
  #mayStart(jobClass: JobClass, contributors: readonly JobEvent[], ofShutdown: boolean): boolean {
    if (!this.quiescing || ofShutdown) return true;
    return jobClass.task && !contributors.some(({ name }) => name === "started" || name === "stopped");
  }

  /** The events wait for the job; but not the one that the job waits for, or neither would ever go on. */
  #attach(events: readonly JobEvent[], job: Job): JobWaiter[] {
    const waiters: JobWaiter[] = [];
    for (const event of events) {
      if (event === job.blocker) continue;
      this.queue.block(event);
      waiters.push({ type: "event", event });
    }
    return waiters;
  }

  /** Nobody waits for the event any more: tells who waits for it (reference 4.6). */
  #finish(event: JobEvent): void {
    this.#traceEvent(event, "finished");
    for (const waiter of event.waiters.splice(0)) {
      if (waiter.type === "request") this.#answerEmit(waiter.waiter, event.failed);
      else this.#goOn(waiter.job);
    }
    const name = event.failed ? failureName(event.name) : null;
    if (name !== null) this.queue.emit(name, [...event.env], event.ofShutdown);
  }

  /** What a job waited for is over. */
  #goOn(job: Job): void {
    try {
      lifecycle.blockerFinished(job, this.#around);
    } catch (error) {
      this.#reportFault(`${displayName(job)} ${job.state}`, error);
    }
  }

  #tellEarly(event: JobEvent): void {
    for (const waiter of [...event.waiters]) {
      if (waiter.type !== "request" || !waiter.early) continue;
      event.waiters.splice(event.waiters.indexOf(waiter), 1);
      this.#answerEmit(waiter.waiter, event.failed);
    }
  }

  #answerEmit(waiter: Waiter, failed: boolean): void {
    const outcome = failed
      ? ({ ok: false, error: "EventFailed", message: "Event failed" } as const)
      : ({ ok: true } as const);
    this.#answers.push({ type: "answer", waiter, outcome });
  }

  // --- instances ---

  /** The class, and the instance that the variables name with the environment that it would be started with. */
  #name(
    name: string,
    env: readonly string[],
  ):
    | { readonly ok: true; readonly entry: ClassEntry; readonly instance: string; readonly env: Environment }
    | { readonly ok: false; readonly error: RequestError; readonly message: string } {
    const entry = this.registry.find(name);
    if (entry === undefined) return { ok: false, error: "UnknownJob", message: `Unknown job: ${name}` };
    if (!isEnvironment(env))
      return { ok: false, error: "InvalidArgs", message: "Env must be KEY=VALUE pairs" };
    const full = this.environments.ofClass(entry.jobClass);
    addVariables(full, env);
    const instance = expand(entry.jobClass.instance, full);
    if (!instance.ok) return { ok: false, error: "InvalidArgs", message: instance.error };
    return { ok: true, entry, instance: instance.text, env: full };
  }

  #exact(className: string, instance: string): Request {
    const entry = this.registry.find(className);
    if (entry === undefined) return { ok: false, error: "UnknownJob", message: `Unknown job: ${className}` };
    const job = entry.instances.get(instance);
    return job === undefined ? unknownInstance(instance) : { ok: true, job };
  }

  #create(entry: ClassEntry, instance: string): Job {
    const stopOn = entry.stopOn === null ? null : new ConditionState<JobEvent>(entry.stopOn);
    const job = new Job(++this.#lastJobId, entry.jobClass, instance, stopOn, this.options.now());
    entry.addInstance(job);
    return job;
  }

  #restart(job: Job, waiter: Waiter | null): Request {
    job.stopEnv = null;
    lifecycle.requestRestart(job, waiting("restart", waiter), this.#around);
    return { ok: true, job };
  }

  #reload(job: Job): Request {
    const pid = job.pids.get("main");
    if (pid === undefined) {
      return { ok: false, error: "NotRunning", message: `Job is not running: ${displayName(job)}` };
    }
    this.#effects.push({ type: "kill", job, pid, signal: job.jobClass.reloadSignal, group: false });
    return { ok: true, job };
  }

  #retire(job: Job): void {
    const entry = this.registry.find(job.jobClass.name);
    if (entry === undefined || entry.instances.get(job.instance) !== job) return;
    entry.removeInstance(job);
    if (job.failure !== null) {
      const reason = entry.lastFailure?.instance === job.instance ? entry.lastFailure.reason : null;
      entry.lastFailure = { ...job.failure, instance: job.instance, reason, at: this.options.now() };
    }
    const fulfilled = this.registry.reconsider(entry);
    if (fulfilled !== null) this.#startByCondition(fulfilled, false);
  }

  #rememberSpawnFailure(job: Job, process: ProcessName, reason: string): void {
    const entry = this.registry.find(job.jobClass.name);
    if (entry === undefined) return;
    entry.lastFailure = { instance: job.instance, process, status: null, reason, at: this.options.now() };
  }

  // --- what jobs need of the world ---

  #surroundings(): lifecycle.Surroundings {
    const world = this;
    const { now, random } = this.options;
    return {
      queue: this.queue,
      environments: this.environments,
      get quiescing() {
        return world.quiescing;
      },
      now,
      random,
      effect: (effect) => {
        if (effect.type === "answer") world.#answers.push(effect);
        else world.#effects.push(effect);
      },
      logs: (priority) => world.#logs(priority),
      log: (priority, text, job) => world.#log(priority, text, job),
      unblocked: (event) => {
        if (event.progress === "handling" && event.jobs === 0) world.#tellEarly(event);
      },
      environmentChanged: (job) => world.#environmentChanged(job),
      processStarted: (job, process, pid) => world.#processStarted(job, process, pid),
      processGone: (job, process, pid, status) => {
        world.#forget(job, process);
        const entry = world.registry.find(job.jobClass.name);
        entry?.remember({ instance: job.instance, process, pid, status, at: now() });
        if (world.tracing)
          world.#effects.push({ type: "trace", what: { type: "process", job, process, pid, status } });
      },
      processForgotten: (job, process) => world.#forget(job, process),
      goalChanged: (job, from) => world.#goalChanged(job, from),
      stateChanged: (job, from) => world.#stateChanged(job, from),
      retired: (job) => world.#retire(job),
    };
  }

  #processStarted(job: Job, process: ProcessName, pid: number): void {
    this.#forget(job, process);
    job.pids.set(process, pid);
    this.#jobsByPid.set(pid, job);
    if (this.tracing) {
      this.#effects.push({ type: "trace", what: { type: "process", job, process, pid, status: null } });
    }
  }

  #forget(job: Job, process: ProcessName): void {
    const pid = job.pids.get(process);
    if (pid === undefined) return;
    job.pids.delete(process);
    this.#jobsByPid.delete(pid);
  }

  #goalChanged(job: Job, from: Goal): void {
    if (this.#logs("info"))
      this.#log("info", `${displayName(job)} goal changed from ${from} to ${job.goal}`, job);
    if (this.tracing) this.#effects.push({ type: "trace", what: { type: "goal", job, from, to: job.goal } });
  }

  #stateChanged(job: Job, from: State): void {
    if (this.#logs("info"))
      this.#log("info", `${displayName(job)} state changed from ${from} to ${job.state}`, job);
    if (this.tracing)
      this.#effects.push({ type: "trace", what: { type: "state", job, from, to: job.state } });
  }

  #traceEvent(event: JobEvent, progress: "handling" | "finished"): void {
    if (!this.tracing) return;
    const { name, env, failed } = event;
    this.#effects.push({ type: "trace", what: { type: "event", name, env, progress, failed } });
  }

  #logs(priority: LogPriority): boolean {
    return passes(priority, this.logPriority);
  }

  #log(priority: LogPriority, text: string, job?: Job): void {
    if (this.#logs(priority))
      this.#effects.push({ type: "log", priority, text, ...(job === undefined ? {} : { job }) });
  }
}

/** Whether the job is on its way down in order to come up again. */
function comesBackUp(job: Job): boolean {
  if (job.goal === "respawn") return true;
  return ["stopping", "killed", "post-stopping", "post-stop"].includes(job.state);
}

function waiting(type: "start" | "stop" | "restart", waiter: Waiter | null): JobWaiter[] {
  return waiter === null ? [] : [{ type, waiter }];
}

function copyEnvironment(env: readonly string[]): Environment {
  const copy: Environment = [];
  addVariables(copy, env);
  return copy;
}

/** Adds the variables of the events, the later in the condition winning, and the list of their names. */
function environmentOf(env: Environment, events: readonly JobEvent[], list: string): Environment {
  for (const event of events) addVariables(env, event.env);
  setVariable(env, `${list}=${events.map(({ name }) => name).join(" ")}`, true);
  return env;
}

function refuseStart(job: Job): Request {
  return { ok: false, error: "AlreadyStarted", message: `Job is already running: ${displayName(job)}` };
}

function refuseStop(name: string): Request {
  return { ok: false, error: "AlreadyStopped", message: `Job has already been stopped: ${name}` };
}

function unknownInstance(instance: string): Request {
  return { ok: false, error: "UnknownInstance", message: `Unknown instance: ${instance}` };
}

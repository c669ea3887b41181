import type { ConditionState } from "../events/condition-state.ts";
import { addVariables, type Environment, expand, getVariable, setVariable } from "../events/environment.ts";
import { failureName } from "../events/event.ts";
import type { EventHandler } from "../events/queue.ts";
import type { Cause } from "./cause.ts";
import type { Instances } from "./instances.ts";
import { displayName, type EventWaiter, type Job, type JobEvent, type JobWaiter } from "./job.ts";
import type { JobClass } from "./job-class.ts";
import { isJobEvent } from "./job-event-names.ts";
import type { ClassEntry, JobRegistry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import type { Waiter } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { startsOf } from "./replicas.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * What events do to jobs: the conditions that they fulfil, and who is told when they are over
 * (docs/upstart.md#5-events).
 */
export class EventHandling implements EventHandler<EventWaiter> {
  readonly #registry: JobRegistry;
  readonly #instances: Instances;
  readonly #outbox: Outbox;
  readonly #around: Surroundings;
  readonly #scheduled = new Map<JobEvent, string>();

  constructor(registry: JobRegistry, instances: Instances, outbox: Outbox, around: Surroundings) {
    this.#registry = registry;
    this.#instances = instances;
    this.#outbox = outbox;
    this.#around = around;
  }

  handle(event: JobEvent): void {
    try {
      this.#handle(event);
    } catch (error) {
      this.#outbox.fault(`event ${event.name}`, error);
    }
  }

  /** Nobody waits for the event any more: tells who waits for it (docs/upstart.md#56-end-of-an-event). */
  finish(event: JobEvent): void {
    this.#outbox.eventProgressed(event, "finished");
    for (const waiter of event.waiters.splice(0)) {
      if (waiter.type === "request") this.#answer(waiter.waiter, event);
      else this.#goOn(waiter.job);
    }
    const name = event.failed ? failureName(event.name) : null;
    if (name !== null) this.#around.queue.emit(name, [...event.env], event.ofShutdown);
  }

  /** A job let go of the event. */
  unblocked(event: JobEvent): void {
    if (event.progress === "handling" && event.jobs === 0) this.#tellEarly(event);
  }

  /** An event that only one job hears, whose schedule it is. */
  schedule(event: JobEvent, job: string): void {
    this.#scheduled.set(event, job);
  }

  #startBySchedule(event: JobEvent, name: string): void {
    const entry = this.#registry.find(name);
    if (entry === undefined || this.#around.quiescing) return;
    const cause: Cause = { type: "schedule", time: getVariable(event.env, "TIME") ?? "" };
    const all = environmentOf([], [event], "UPSTART_EVENTS");
    for (const given of startsOf(entry, all)) this.#startOne(entry, given, [event], false, cause);
  }

  /** `start on` of the class is fulfilled: starts the instance that the events name, and forgets them. */
  startByCondition(entry: ClassEntry, ofShutdown: boolean): void {
    const condition = entry.startOn as ConditionState<JobEvent>;
    const contributors = condition.contributors();
    const all = environmentOf([], contributors, "UPSTART_EVENTS");
    for (const given of startsOf(entry, all)) this.#startOne(entry, given, contributors, ofShutdown);
    condition.reset(this.#around.queue);
  }

  #startOne(
    entry: ClassEntry,
    given: Environment,
    contributors: readonly JobEvent[],
    ofShutdown: boolean,
    cause?: Cause,
  ): void {
    const env = this.#around.environments.ofClass(entry.jobClass);
    addVariables(env, given);
    const instance = expand(entry.jobClass.instance, env);
    if (!instance.ok) {
      this.#outbox.log("warn", `Failed to obtain ${entry.jobClass.name} instance: ${instance.error}`);
    } else if (this.#mayStart(entry.jobClass, contributors, ofShutdown)) {
      const job = this.#instanceToStart(entry, instance.text);
      if (job !== null) this.#start(entry, job, env, given, contributors, ofShutdown, cause);
    }
  }

  /** Shows a pending event to all classes, by name; in each the stops come first (docs/upstart.md#54-handling). */
  #handle(event: JobEvent): void {
    this.#outbox.eventProgressed(event, "handling");
    for (const entry of this.#registry.listeningTo(event.name, event.env)) {
      this.#handleStops(entry, event);
      // The last instance of a class whose file is gone takes the class with it.
      if (this.#registry.find(entry.jobClass.name) !== entry) continue;
      if (entry.startOn?.handle(event, [], this.#around.queue) === true)
        this.startByCondition(entry, event.ofShutdown);
    }
    const scheduled = this.#scheduled.get(event);
    if (scheduled !== undefined) {
      this.#scheduled.delete(event);
      this.#startBySchedule(event, scheduled);
    }
    if (event.jobs === 0) this.#tellEarly(event);
  }

  #handleStops(entry: ClassEntry, event: JobEvent): void {
    if (entry.wishes.size > 0) this.#around.levels.heard(entry, event);
    for (const job of entry.instancesListeningTo(event.name, event.env)) {
      const { stopOn } = job;
      if (stopOn?.handle(event, job.env, this.#around.queue) !== true) continue;
      if (job.goal !== "stop") {
        const contributors = stopOn.contributors();
        job.stopEnv = environmentOf([], contributors, "UPSTART_STOP_EVENTS");
        lifecycle.requestStop(job, this.#attach(contributors, job), causeOf(contributors), this.#around);
      } else this.#around.levels.stoppedBy(job, causeOf(stopOn.contributors()), event);
      stopOn.reset(this.#around.queue);
    }
  }

  /** The instance of this name, unless it is to run already. */
  #instanceToStart(entry: ClassEntry, instance: string): Job | null {
    const existing = entry.instances.get(instance);
    if (existing !== undefined && existing.goal !== "stop") return null;
    return existing ?? this.#instances.create(entry, instance);
  }

  #start(
    entry: ClassEntry,
    job: Job,
    env: Environment,
    given: Environment,
    contributors: readonly JobEvent[],
    ofShutdown: boolean,
    cause = causeOf(contributors),
  ): void {
    if (entry.wishes.size > 0) this.#around.levels.forgetWish(entry, job.instance);
    job.startEnv = env;
    job.given = given;
    job.ofShutdown = ofShutdown;
    lifecycle.requestStart(job, this.#attach(contributors, job), cause, this.#around);
  }

  /**
   * While everything is being stopped an event starts only what belongs to the stop: jobs of its own events, and tasks,
   * but none after the fact (`started`, `stopped`), or a task that follows itself would go on for ever.
   */
  #mayStart(jobClass: JobClass, contributors: readonly JobEvent[], ofShutdown: boolean): boolean {
    if (!this.#around.quiescing || ofShutdown) return true;
    return jobClass.task && !contributors.some(({ name }) => name === "started" || name === "stopped");
  }

  /** The events wait for the job; but not the one that the job waits for, or neither would ever go on. */
  #attach(events: readonly JobEvent[], job: Job): JobWaiter[] {
    const waiters: JobWaiter[] = [];
    for (const event of events) {
      if (event === job.blocker) continue;
      this.#around.queue.block(event);
      waiters.push({ type: "event", event });
    }
    return waiters;
  }

  /** What a job waited for is over. */
  #goOn(job: Job): void {
    try {
      lifecycle.blockerFinished(job, this.#around);
    } catch (error) {
      this.#outbox.fault(`${displayName(job)} ${job.state}`, error);
    }
  }

  #tellEarly(event: JobEvent): void {
    for (const waiter of [...event.waiters]) {
      if (waiter.type !== "request" || !waiter.early) continue;
      event.waiters.splice(event.waiters.indexOf(waiter), 1);
      this.#answer(waiter.waiter, event);
    }
  }

  #answer(waiter: Waiter, { failed, culprit }: JobEvent): void {
    const hint = culprit === null ? {} : { hint: culprit };
    this.#outbox.answer(
      waiter,
      failed ? { ok: false, error: "EventFailed", message: "Event failed", ...hint } : { ok: true },
    );
  }
}

/** The events as the cause of a start or stop; the last one that tells of a job names that job. */
function causeOf(events: readonly JobEvent[]): Cause {
  const told = events.findLast(({ name }) => isJobEvent(name));
  return {
    type: "event",
    events: events.map(({ name }) => name),
    job: told === undefined ? null : (getVariable(told.env, "JOB") ?? null),
  };
}

/** Adds the variables of the events, the later in the condition winning, and the list of their names. */
function environmentOf(env: Environment, events: readonly JobEvent[], list: string): Environment {
  for (const event of events) addVariables(env, event.env);
  setVariable(env, `${list}=${events.map(({ name }) => name).join(" ")}`, true);
  return env;
}

/**
 * Levels beside events: what must hold while a job runs (`requires`, `after`; docs/requirements.md). A job waits in
 * `start/waiting` until what it requires is there; what it requires goes down after it; and it comes back with it.
 * Nothing here costs a job that neither requires nor is required.
 */
import { ConditionState } from "../events/condition-state.ts";
import { addVariables, type Environment, expand, getVariable } from "../events/environment.ts";
import { type Cause, causeText } from "./cause.ts";
import type { Instances } from "./instances.ts";
import { displayName, hasMain, isAlive, type Job, type JobEvent } from "./job.ts";
import type { JobClass } from "./job-class.ts";
import type { ClassEntry, JobRegistry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import { isHeldDown, isOnItsWay, isThere, isWhole } from "./presence.ts";
import { startsOf } from "./replicas.ts";
import { RequirementGraph } from "./requirement-graph.ts";
import { holdFor, selfWait } from "./self-wait.ts";
import { isOnWayDown } from "./states.ts";
import type { Surroundings } from "./surroundings.ts";
import { describeFailure, fail, releaseUnstarted } from "./waiters.ts";

/** A job that is down and is to run again as soon as it can; with the variables of its start. */
export interface Wish {
  readonly given: Environment;
  /** Not started yet since the container started: nobody misses it. */
  readonly first: boolean;
  /** What has arrived of `stop on` since the job is down; not kept over a re-exec. */
  stopOn?: ConditionState<JobEvent>;
}

/** What a job in `start/waiting` has seen of its requirements since it began to wait. */
interface Waiting {
  /** Those that it pulled, or saw on their way: one that is gone then is gone for good. */
  readonly seen: Set<string>;
}

export class Levels {
  readonly #registry: JobRegistry;
  readonly #instances: Instances;
  readonly #around: () => Surroundings;
  #graph: RequirementGraph | null = null;
  /** Whether any class requires anything. */
  #isUsed = false;
  readonly #waiting = new Map<Job, Waiting>();
  /** Jobs that may not go down before these are. */
  readonly #held = new Map<Job, Set<Job>>();
  /** Classes that something happened to since the last `settle`. */
  readonly #changed = new Set<string>();
  /** Jobs that have just begun to wait. */
  readonly #new = new Set<Job>();

  constructor(registry: JobRegistry, instances: Instances, around: () => Surroundings) {
    this.#registry = registry;
    this.#instances = instances;
    this.#around = around;
  }

  // ── what the life of a job asks ─────────────────────────────────────────────────────────────────────────

  /** Whether the job may go on to `starting`. If not, it waits until `settle` lets it. */
  admits(job: Job): boolean {
    const { requires, after } = job.jobClass;
    if (requires.length === 0 && after.length === 0) return true;
    const waiting = this.#waiting.get(job);
    if (waiting === undefined || this.#new.has(job)) return false;
    return this.#blockers(job).length === 0;
  }

  /** The job is in `start/waiting`. */
  waits(job: Job): void {
    this.#waiting.set(job, { seen: new Set() });
    this.#new.add(job);
  }

  /** Whether the job must stay up until those that require it are down. */
  holds(job: Job): boolean {
    if (!this.#isUsed || job.forced) return false;
    if (hasMain(job) && !isAlive(job, "main")) return false;
    return this.#held.has(job);
  }

  /**
   * The job is about to go down: for good, with its failure or without, or to come back. Those that require it go
   * first.
   */
  leaves(job: Job, comesBack: boolean): void {
    if (!this.#isUsed || job.jobClass.task || job.state === "waiting") return;
    if (this.#hasOther(job)) return;
    const dependents = this.#dependentsUp(job).filter(
      (dependent) => !comesBack || this.#isHard(dependent, job.jobClass.name),
    );
    if (dependents.length === 0) return;
    this.#held.set(job, new Set(dependents));
    for (const dependent of dependents) {
      // What goes down already is waited for all the same.
      if (dependent.goal === "stop" || (comesBack && isOnWayDown(dependent.state))) continue;
      if (comesBack) this.#restartFor(dependent, job);
      else this.#stopFor(dependent, job);
    }
  }

  /** Its goal or state is another one, or it is gone. */
  changed(job: Job): void {
    if (!this.#isUsed) return;
    this.#changed.add(job.jobClass.name);
    if (job.state !== "waiting" || job.goal === "stop") {
      this.#waiting.delete(job);
      this.#new.delete(job);
    }
  }

  /** Whether the end of this job by itself is that of what it requires: then it is not at fault. */
  lacks(job: Job): boolean {
    return job.jobClass.requires.some(({ job: name, soft }) => {
      const entry = this.#registry.find(name);
      return !soft && entry !== undefined && !entry.jobClass.task && !isThere(entry);
    });
  }

  /** The instance is gone. Where only a requirement took it down, it is still wanted. */
  retired(job: Job): void {
    this.#held.delete(job);
    const { jobClass, stopCause } = job;
    if (jobClass.requires.length === 0) return;
    const entry = this.#registry.find(jobClass.name);
    if (entry === undefined) return;
    const isWanted = stopCause?.type === "requires" && job.startCause?.type !== "schedule";
    if (isWanted && !this.#around().quiescing)
      entry.wishes = new Map(entry.wishes).set(job.instance, { given: job.given, first: false });
    else this.forgetWish(entry, job.instance);
  }

  /** An event that `stop on` of a wanted job names, which is down, or going down: it may end the wish. */
  heard(entry: ClassEntry, event: JobEvent): void {
    const { jobClass, stopOn } = entry;
    if (stopOn === null || isEndOfRequired(jobClass, event)) return;
    for (const [instance, wish] of entry.wishes) {
      if (wish.first) continue;
      wish.stopOn ??= new ConditionState(stopOn);
      const env = this.#around().environments.ofClass(jobClass);
      addVariables(env, wish.given);
      if (wish.stopOn.handle(event, env, holdsNothing)) this.forgetWish(entry, instance);
    }
  }

  /** The `stop on` of a job that goes down already is fulfilled: it is not to come back by itself. */
  stoppedBy(job: Job, cause: Cause, event: JobEvent): void {
    if (job.stopCause?.type === "requires" && !isEndOfRequired(job.jobClass, event)) job.stopCause = cause;
  }

  forgetWish(entry: ClassEntry, instance: string): boolean {
    if (!entry.wishes.has(instance)) return false;
    const left = new Map(entry.wishes);
    left.delete(instance);
    entry.wishes = left;
    return true;
  }

  // ── classes ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A definition was read, or one is gone; `fresh` if there was none of its name. */
  classesChanged(fresh: ClassEntry | null, read: JobClass | null): void {
    if (read !== null && (read.requires.length > 0 || read.after.length > 0)) this.#isUsed = true;
    if (fresh !== null && isWantedFromTheStart(fresh.jobClass))
      fresh.wishes = new Map(
        startsOf(fresh, []).map((given) => [
          getVariable(given, "REPLICA") ?? fresh.jobClass.instance,
          { given, first: true },
        ]),
      );
    if (this.#isUsed) for (const { jobClass } of this.#registry.all()) this.#changed.add(jobClass.name);
  }

  /** Why a class can't be started, whatever happens to others; undefined where nothing is wrong with it. */
  faultOf(name: string): string | undefined {
    return this.#isUsed ? this.#theGraph().faultOf(name) : undefined;
  }

  // ── what others want to know ────────────────────────────────────────────────────────────────────────────

  /** What a job in `start/waiting` waits for: the names of jobs. */
  waitsFor(job: Job): string[] {
    return this.#waiting.has(job) ? this.#blockers(job) : [];
  }

  /** The classes of wanted jobs that are down, and what each lacks. */
  *missed(): Generator<{ readonly entry: ClassEntry; readonly lacking: string[] }, void, undefined> {
    if (!this.#isUsed) return;
    for (const entry of this.#registry.all()) {
      if ([...entry.wishes.values()].some(({ first }) => !first))
        yield { entry, lacking: this.#lacking(entry) };
    }
  }

  /** The jobs that go down with this one and come back. */
  dependentsOf(name: string): Job[] {
    if (!this.#isUsed) return [];
    const found = new Set<Job>();
    const todo = [name];
    const seen = new Set(todo);
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      for (const entry of this.#theGraph().dependentsOf(next)) {
        if (seen.has(entry.jobClass.name) || !requiresHard(entry, next)) continue;
        seen.add(entry.jobClass.name);
        todo.push(entry.jobClass.name);
        for (const job of entry.instances.values()) found.add(job);
      }
    }
    return [...found];
  }

  // ── one step ────────────────────────────────────────────────────────────────────────────────────────────

  /** Decides what the changes since the last time mean. True if it did anything. */
  settle(): boolean {
    if (this.#changed.size === 0 && this.#new.size === 0) return false;
    const changed = [...this.#changed];
    const fresh = [...this.#new];
    this.#changed.clear();
    this.#new.clear();
    for (const job of fresh) this.#lookAgain(job);
    const graph = this.#theGraph();
    for (const name of changed) {
      const entry = this.#registry.find(name);
      if (entry !== undefined) this.#releaseRequired(entry);
      for (const dependent of graph.dependentsOf(name)) {
        for (const job of dependent.instances.values()) this.#lookAgain(job);
        this.#heal(dependent, name);
      }
      if (entry !== undefined) this.#heal(entry, null);
    }
    return true;
  }

  /** What this class requires may go down, if all that held it is down. */
  #releaseRequired({ jobClass, instances }: ClassEntry): void {
    for (const job of instances.values()) if (this.#held.has(job)) this.#lookAtHeld(job);
    for (const { job: name } of jobClass.requires) {
      const required = this.#registry.find(name);
      for (const job of required?.instances.values() ?? []) this.#lookAtHeld(job);
    }
  }

  #lookAtHeld(job: Job): void {
    const dependents = this.#held.get(job);
    if (dependents === undefined) return;
    for (const dependent of dependents) if (dependent.state === "waiting") dependents.delete(dependent);
    if (dependents.size > 0 && job.goal !== "start") return;
    this.#held.delete(job);
    if (job.state === "running" && job.goal !== "start") lifecycle.advance(job, this.#around());
  }

  #lookAgain(job: Job): void {
    const waiting = this.#waiting.get(job);
    if (waiting === undefined || job.goal !== "start") return;
    const fault = this.#theGraph().faultOf(job.jobClass.name) ?? selfWait(job, this.#registry);
    if (fault !== undefined) {
      this.#failStart(job, fault, 1);
      return;
    }
    for (const { job: name } of job.jobClass.requires) {
      if (!this.#await(job, waiting, name)) return;
    }
    if (this.#blockers(job).length === 0) lifecycle.advance(job, this.#around());
  }

  /** Sees to it that what is required comes; false if the job waits no longer. */
  #await(job: Job, { seen }: Waiting, name: string): boolean {
    const entry = this.#registry.find(name);
    if (entry === undefined || isWhole(entry)) return true;
    if (isOnItsWay(entry)) {
      seen.add(name);
      return true;
    }
    if (isGoingDown(entry) && seen.has(name)) return true;
    if (seen.has(name)) {
      this.#giveUpOn(job, entry);
      return false;
    }
    seen.add(name);
    if (job.startCause?.type !== "hand" && isHeldDown(entry)) {
      this.#stay(job, entry);
      return false;
    }
    return this.#pull(job, entry);
  }

  #pull(job: Job, entry: ClassEntry): boolean {
    for (const given of startsOf(entry, [])) {
      if (!this.#pullOne(job, entry, given)) return false;
    }
    return this.#waiting.has(job);
  }

  #pullOne(job: Job, entry: ClassEntry, given: Environment): boolean {
    const around = this.#around();
    const env = around.environments.ofClass(entry.jobClass);
    addVariables(env, given);
    const instance = expand(entry.jobClass.instance, env);
    if (!instance.ok) {
      const text = `it requires ${entry.jobClass.name}, of which only an instance can start: ${instance.error}`;
      this.#failStart(job, text, 1);
      return false;
    }
    const existing = entry.instances.get(instance.text);
    if (existing !== undefined && existing.goal !== "stop") return true;
    const required = existing ?? this.#instances.create(entry, instance.text);
    required.startEnv = env;
    required.given = given;
    required.ofShutdown = job.ofShutdown;
    required.respawnCount = 0;
    lifecycle.requestStart(required, [], { type: "required", by: job.jobClass.name }, around);
    return this.#waiting.has(job);
  }

  /** What is required is down for good: the start fails, or ends if that was only stopped. */
  #giveUpOn(job: Job, entry: ClassEntry): void {
    const { lastFailure, lastStop, jobClass } = entry;
    const failed = lastFailure !== null && (lastStop === null || lastFailure.at >= lastStop.at);
    if (failed)
      this.#failStart(
        job,
        `it requires ${jobClass.name}, which failed: ${describeFailure(lastFailure)}`,
        lastFailure.exitStatus,
      );
    else this.#stay(job, entry);
  }

  #failStart(job: Job, reason: string, exitStatus: number): void {
    const around = this.#around();
    around.log("warn", `  ${displayName(job)} cannot start: ${reason}`, job);
    job.ending = { failed: true, exitStatus };
    job.stopCause = { type: "requires", job: "", why: reason };
    fail(job, "requires", null, around, reason);
    lifecycle.changeGoal(job, "stop", around);
  }

  /** It does not start now, which is no failure; it is still wanted. */
  #stay(job: Job, entry: ClassEntry): void {
    const around = this.#around();
    const { name } = entry.jobClass;
    const cause = whyDown(entry);
    job.stopCause = { type: "requires", job: name, why: cause };
    releaseUnstarted(job, `it requires ${name}, which was stopped ${cause}`.trimEnd(), around);
    lifecycle.changeGoal(job, "stop", around);
  }

  /** Starts what is wanted and down, if all that it requires is there. `back` came back just now. */
  #heal(entry: ClassEntry, back: string | null): void {
    if (entry.wishes.size === 0 || this.#around().quiescing) return;
    if (this.#theGraph().faultOf(entry.jobClass.name) !== undefined || this.#lacking(entry).length > 0)
      return;
    for (const [instance, { given, first }] of entry.wishes) {
      this.forgetWish(entry, instance);
      if (entry.instances.has(instance)) continue;
      const cause: Cause = { type: "back", job: back ?? entry.jobClass.requires[0]?.job ?? "", first };
      this.#startWanted(entry, instance, given, cause);
    }
  }

  #startWanted(entry: ClassEntry, instance: string, given: Environment, cause: Cause): void {
    const around = this.#around();
    const env = around.environments.ofClass(entry.jobClass);
    addVariables(env, given);
    const job = this.#instances.create(entry, instance);
    job.startEnv = env;
    job.given = given;
    lifecycle.requestStart(job, [], cause, around);
  }

  // ── those that require ──────────────────────────────────────────────────────────────────────────────────

  #stopFor(job: Job, required: Job): void {
    const around = this.#around();
    const { name } = required.jobClass;
    const failed = required.failure !== null;
    const why = required.stopCause === null ? "" : causeText(required.stopCause, false);
    job.stopCause = { type: "requires", job: name, why };
    if (failed) {
      const reason = `it requires ${name}, which failed: ${describeFailure(required.failure)}`;
      job.ending = { failed: true, exitStatus: required.ending?.exitStatus ?? 1 };
      fail(job, "requires", null, around, reason);
    } else {
      job.ending = null;
      releaseUnstarted(job, `it requires ${name}, which was stopped ${why}`.trimEnd(), around);
    }
    lifecycle.changeGoal(job, "stop", around);
  }

  #restartFor(job: Job, required: Job): void {
    const why = required.stopCause === null ? "" : causeText(required.stopCause, false);
    job.stopCause = { type: "requires", job: required.jobClass.name, why };
    lifecycle.bringBack(job, this.#around());
    job.startCause = { type: "back", job: required.jobClass.name, first: false };
  }

  /** Instances that have a process or a hook, or are about to, and require this one. */
  #dependentsUp(job: Job): Job[] {
    const found: Job[] = [];
    for (const entry of this.#theGraph().dependentsOf(job.jobClass.name)) {
      if (!entry.jobClass.requires.some((required) => required.job === job.jobClass.name)) continue;
      for (const dependent of entry.instances.values())
        if (dependent.state !== "waiting" && !entry.jobClass.task) found.push(dependent);
    }
    return found;
  }

  #isHard(dependent: Job, name: string): boolean {
    return dependent.jobClass.requires.some((required) => required.job === name && !required.soft);
  }

  /** Whether another instance of its class stays up. */
  #hasOther(job: Job): boolean {
    for (const other of this.#registry.find(job.jobClass.name)?.instances.values() ?? [])
      if (other !== job && other.state === "running" && other.goal === "start") return true;
    return false;
  }

  #lacking({ jobClass }: Pick<Job, "jobClass">): string[] {
    return jobClass.requires
      .map(({ job }) => job)
      .filter((name) => {
        const entry = this.#registry.find(name);
        return entry === undefined || !isWhole(entry);
      });
  }

  #blockers(job: Job): string[] {
    const found = this.#lacking(job);
    for (const name of job.jobClass.after) {
      const entry = this.#registry.find(name);
      if (entry === undefined || found.includes(name) || !isOnItsWay(entry)) continue;
      // Order alone does not wait for a job that waits for this one.
      if (holdFor(job, (other) => other === name) === undefined) found.push(name);
    }
    return found;
  }

  #theGraph(): RequirementGraph {
    if (this.#graph === null || !this.#graph.isOf(this.#registry))
      this.#graph = new RequirementGraph(this.#registry);
    return this.#graph;
  }

  // ── over a re-exec ──────────────────────────────────────────────────────────────────────────────────────

  /** After the jobs were put back: who waits, and who is held, is found again. */
  resume(): void {
    this.#isUsed = [...this.#registry.all()].some(
      ({ jobClass }) => jobClass.requires.length > 0 || jobClass.after.length > 0,
    );
    if (!this.#isUsed) return;
    for (const { jobClass, instances } of this.#registry.all()) {
      this.#changed.add(jobClass.name);
      for (const job of instances.values()) {
        if (job.state === "waiting" && job.goal === "start") this.waits(job);
        if (job.state === "running" && job.goal !== "start")
          this.#held.set(job, new Set(this.#goingFor(job)));
      }
    }
  }

  #goingFor(job: Job): Job[] {
    return this.#theGraph()
      .dependentsOf(job.jobClass.name)
      .flatMap((entry) => [...entry.instances.values()])
      .filter(({ state, goal }) => state !== "waiting" && goal !== "start");
  }
}

/** A job that nothing else starts is wanted as soon as it can run. */
function isWantedFromTheStart({
  requires,
  startOn,
  manual,
  instance,
  schedules,
  replicas,
}: JobClass): boolean {
  if (startOn !== null || manual || schedules.length > 0) return false;
  return requires.length > 0 && (replicas !== null || !instance.includes("$"));
}

/** Who is down is blocked by nothing, and so blocks nothing. */
const holdsNothing = { hold(): void {}, unhold(): void {} };

/** Whether the event only says that a required job goes down: this takes the job down, but does not unwish it. */
function isEndOfRequired({ requires }: JobClass, { name, env }: JobEvent): boolean {
  if (name !== "stopping" && name !== "stopped") return false;
  const ended = getVariable(env, "JOB");
  return requires.some(({ job }) => job === ended);
}

function isGoingDown({ instances }: ClassEntry): boolean {
  return instances.size > 0;
}

function whyDown({ instances, lastStop }: ClassEntry): string {
  const cause = [...instances.values()].at(-1)?.stopCause ?? lastStop?.cause;
  return cause === undefined || cause === null ? "" : causeText(cause, false);
}

function requiresHard({ jobClass }: ClassEntry, name: string): boolean {
  return jobClass.requires.some(({ job, soft }) => job === name && !soft);
}

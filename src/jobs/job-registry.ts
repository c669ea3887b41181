import {
  type CompiledCondition,
  ConditionState,
  compileCondition,
  type Holder,
} from "../events/condition-state.ts";
import { indexKey, indexKeysOf } from "../events/pattern.ts";
import type { Cause } from "./cause.ts";
import { InstanceIndex } from "./instance-index.ts";
import type { Failure, Job, JobEvent } from "./job.ts";
import type { JobClass, ProcessName } from "./job-class.ts";
import type { Wish } from "./levels.ts";
import type { ProcessStatus } from "./messages.ts";
import type { Renewal } from "./renewal.ts";

/** The end of a process, remembered for explanations. */
export interface ProcessExit {
  readonly instance: string;
  readonly process: ProcessName;
  readonly pid: number;
  readonly status: ProcessStatus;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** The last failure of an instance. `reason` is why a process could not be executed, or was ended. */
interface LastFailure extends Failure {
  readonly instance: string;
  /** That stands for it: of the container, if it ends it. */
  readonly exitStatus: number;
  readonly at: number;
}

/** How many ends of processes a class remembers. */
const rememberedExits = 5;

// Most classes have none of these most of the time, and share what is empty.
const noInstances: ReadonlyMap<string, Job> = new Map();
const noWishes: ReadonlyMap<string, Wish> = new Map();
const noExits: readonly ProcessExit[] = [];

/** What became of the schedules of a class. Times are milliseconds since 1970. */
export interface ScheduleRecord {
  next: number | null;
  last: number | null;
  /** By which the next time was found; "" for `every`. */
  zone: string;
  /** Runs that were due while one lasted, in all, and before the last run. */
  skipped: number;
  skippedBefore: number;
}

/** A loaded class with its instances. */
export class ClassEntry {
  /** What is in force. With instances it stays so even if the file has changed (docs/upstart.md#27-changes). */
  jobClass: JobClass;
  startOn: ConditionState<JobEvent> | null;
  stopOn: CompiledCondition | null;
  instances: ReadonlyMap<string, Job> = noInstances;
  #index: InstanceIndex | null;
  /** Takes over when the last instance is gone. */
  next: JobClass | null = null;
  /** What is to run again once it has. */
  renewal: Renewal | null = null;
  /** The file is gone: the class goes with its last instance. */
  deleted = false;
  /** The last ends of processes of all instances, the oldest first. */
  exits: readonly ProcessExit[] = noExits;
  lastFailure: LastFailure | null = null;
  /** Why the last instance that is gone was stopped, and when. */
  lastStop: { readonly instance: string; readonly cause: Cause; readonly at: number } | null = null;
  /** Of a task: whether its last run that came to its own end was good; null before. */
  lastRunWasGood: boolean | null = null;
  /** When its last run began (monotonic milliseconds), how long it took, and whether it ended well. */
  lastRun: { readonly at: number; readonly took: number; readonly good: boolean } | null = null;
  schedule: ScheduleRecord | null = null;
  /** `initctl scale`; null: the number of the file. */
  scaled: number | null = null;
  /** Instances that are down and wanted, by name. */
  wishes: ReadonlyMap<string, Wish> = noWishes;
  /** What ended before counts for nobody's health any longer: `reset-failed`. Monotonic milliseconds. */
  resetAt = Number.NEGATIVE_INFINITY;

  constructor(jobClass: JobClass) {
    this.jobClass = jobClass;
    this.startOn = jobClass.startOn === null ? null : new ConditionState(compileCondition(jobClass.startOn));
    this.stopOn = jobClass.stopOn === null ? null : compileCondition(jobClass.stopOn);
    this.#index = this.stopOn && InstanceIndex.of(this.stopOn);
  }

  /** Those of a new definition; there are no instances. */
  takeConditions(fresh: ClassEntry): void {
    this.startOn = fresh.startOn;
    this.stopOn = fresh.stopOn;
    this.#index = fresh.#index;
  }

  remember(exit: ProcessExit): void {
    this.exits = [...this.exits.slice(1 - rememberedExits), exit];
  }

  /** The variables of an instance are others than before. */
  environmentChanged(job: Job): void {
    this.#index?.update(job);
  }

  /** The instances of which `stop on` may match this event; a list of its own, that they can leave meanwhile. */
  instancesListeningTo(name: string, env: readonly string[]): Job[] {
    if (this.instances.size === 0 || !this.stopOn?.leaves.some((pattern) => pattern.event === name))
      return [];
    return this.#index?.candidates(name, env) ?? [...this.instances.values()];
  }

  /** Forgets the failures so far (`initctl reset-failed`). */
  resetFailures(now: number): void {
    this.lastFailure = null;
    this.lastStop = null;
    this.resetAt = now;
  }

  addInstance(job: Job): void {
    if (this.instances === noInstances) this.instances = new Map();
    (this.instances as Map<string, Job>).set(job.instance, job);
  }

  removeInstance(job: Job): void {
    this.#index?.remove(job);
    if (this.instances.size === 1) this.instances = noInstances;
    else (this.instances as Map<string, Job>).delete(job.instance);
  }
}

/** The loaded classes by name, and by the events that they listen to. */
export class JobRegistry {
  readonly #entries = new Map<string, ClassEntry>();
  /** Entries by the keys under which the events of their conditions are filed. */
  readonly #listeners = new Map<string, Set<ClassEntry>>();
  readonly #holder: Holder<JobEvent>;
  #sorted: ClassEntry[] | null = null;

  constructor(holder: Holder<JobEvent>) {
    this.#holder = holder;
  }

  find(name: string): ClassEntry | undefined {
    return this.#entries.get(name);
  }

  /** All entries by name, bytewise. */
  all(): readonly ClassEntry[] {
    this.#sorted ??= [...this.#entries.values()].sort(byName);
    return this.#sorted;
  }

  /** The entries of which a condition may match this event, by name. */
  listeningTo(name: string, env: readonly string[]): ClassEntry[] {
    const found = new Set<ClassEntry>();
    for (const key of indexKeysOf(name, env)) {
      for (const entry of this.#listeners.get(key) ?? []) found.add(entry);
    }
    return found.size < 2 ? [...found] : [...found].sort(byName);
  }

  /**
   * Takes over a definition that was read. While the class has instances the old one stays in force. Returns the entry
   * if the new one is in force and events that the old one held fulfil its `start on`.
   */
  set(jobClass: JobClass): ClassEntry | null {
    const entry = this.#entries.get(jobClass.name);
    if (entry === undefined) {
      this.add(new ClassEntry(jobClass));
      return null;
    }
    entry.deleted = false;
    entry.next = jobClass;
    return this.reconsider(entry);
  }

  /** The definition is gone; the class stays as long as it has instances. */
  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.deleted = true;
    entry.next = null;
    this.reconsider(entry);
  }

  /**
   * Lets a better definition take over, or the deletion take effect, once there is no instance
   * (docs/upstart.md#27-changes).
   */
  reconsider(entry: ClassEntry): ClassEntry | null {
    if (entry.instances.size > 0) return null;
    if (entry.deleted) {
      this.#drop(entry);
      entry.startOn?.reset(this.#holder);
      return null;
    }
    if (entry.next === null) return null;
    return this.#replace(entry, entry.next);
  }

  add(entry: ClassEntry): void {
    this.#entries.set(entry.jobClass.name, entry);
    this.#sorted = null;
    for (const key of keysOf(entry)) {
      const listeners = this.#listeners.get(key);
      if (listeners === undefined) this.#listeners.set(key, new Set([entry]));
      else listeners.add(entry);
    }
  }

  #drop(entry: ClassEntry): void {
    this.#entries.delete(entry.jobClass.name);
    this.#sorted = null;
    for (const key of keysOf(entry)) {
      const listeners = this.#listeners.get(key);
      listeners?.delete(entry);
      if (listeners?.size === 0) this.#listeners.delete(key);
    }
  }

  /**
   * Events that the old condition holds are shown to the new one before they are let go of
   * (docs/upstart.md#53-held-events).
   */
  #replace(entry: ClassEntry, jobClass: JobClass): ClassEntry | null {
    const old = entry.startOn;
    const fresh = new ClassEntry(jobClass);
    this.#drop(entry);
    entry.jobClass = jobClass;
    entry.takeConditions(fresh);
    entry.next = null;
    this.add(entry);
    let fulfilled = false;
    for (const event of old?.heldEvents() ?? []) {
      if (entry.startOn?.handle(event, [], this.#holder) === true) fulfilled = true;
    }
    old?.reset(this.#holder);
    return fulfilled ? entry : null;
  }
}

function keysOf(entry: ClassEntry): Set<string> {
  const leaves = [...(entry.startOn?.compiled.leaves ?? []), ...(entry.stopOn?.leaves ?? [])];
  return new Set(leaves.map(indexKey));
}

function byName(a: ClassEntry, b: ClassEntry): number {
  return compareBytes(a.jobClass.name, b.jobClass.name);
}

/** Compares as the UTF-8 forms would, byte by byte. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return byteOrder(left) - byteOrder(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for characters after all others of the basic plane. */
function byteOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

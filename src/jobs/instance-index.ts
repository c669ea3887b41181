import type { CompiledCondition } from "../events/condition-state.ts";
import { getVariable } from "../events/environment.ts";
import { isLiteral } from "../events/glob.ts";
import { type Pattern, type Selector, selectedValue, selectorOf } from "../events/pattern.ts";
import type { Job } from "./job.ts";

/**
 * The instances of a class by the variables that its `stop on` compares with (`stop on removed DEV=$DEV`), so that an
 * event finds the few that it can mean without asking all: with ten thousand instances that is the difference between
 * an instant and a minute.
 */
export class InstanceIndex {
  /** By the event's name: what to look for, or null if its patterns can mean any instance. */
  readonly #selectors: ReadonlyMap<string, readonly Selector[] | null>;
  readonly #variables: readonly string[];
  /** Instances by `KEY=VALUE` of their environment. */
  readonly #byEntry = new Map<string, Set<Job>>();
  /** Instances with a value that is a pattern itself. */
  readonly #patterned = new Set<Job>();
  readonly #entriesOf = new Map<Job, readonly string[]>();

  private constructor(selectors: ReadonlyMap<string, readonly Selector[] | null>) {
    this.#selectors = selectors;
    const all = [...selectors.values()].flatMap((each) => each ?? []);
    this.#variables = [...new Set(all.map(({ variable }) => variable))];
  }

  /** null if it would be of no use. */
  static of(condition: CompiledCondition): InstanceIndex | null {
    if (condition.leaves.every((pattern) => selectorOf(pattern) === null)) return null;
    const selectors = new Map<string, Selector[] | null>();
    for (const pattern of condition.leaves) addSelector(selectors, pattern);
    return new InstanceIndex(selectors);
  }

  /** Takes note of what the instance's variables are now. */
  update(job: Job): void {
    this.remove(job);
    const entries: string[] = [];
    for (const variable of this.#variables) {
      const value = getVariable(job.env, variable);
      if (value === undefined) continue;
      if (!isLiteral(value)) this.#patterned.add(job);
      entries.push(`${variable}=${value}`);
    }
    this.#entriesOf.set(job, entries);
    for (const entry of entries) {
      const jobs = this.#byEntry.get(entry);
      if (jobs === undefined) this.#byEntry.set(entry, new Set([job]));
      else jobs.add(job);
    }
  }

  remove(job: Job): void {
    for (const entry of this.#entriesOf.get(job) ?? []) {
      const jobs = this.#byEntry.get(entry);
      jobs?.delete(job);
      if (jobs?.size === 0) this.#byEntry.delete(entry);
    }
    this.#entriesOf.delete(job);
    this.#patterned.delete(job);
  }

  /** The instances of which `stop on` may match this event, in the order of their start; null for all. */
  candidates(event: string, env: readonly string[]): Job[] | null {
    const selectors = this.#selectors.get(event);
    if (selectors === undefined) return [];
    if (selectors === null) return null;
    const found = new Set(this.#patterned);
    for (const selector of selectors) {
      const value = selectedValue(selector, env);
      if (value === undefined) continue;
      for (const job of this.#byEntry.get(`${selector.variable}=${value}`) ?? []) found.add(job);
    }
    return [...found].sort((a, b) => a.id - b.id);
  }
}

function addSelector(selectors: Map<string, Selector[] | null>, pattern: Pattern): void {
  const selector = selectorOf(pattern);
  const others = selectors.get(pattern.event);
  if (selector === null || others === null) selectors.set(pattern.event, null);
  else if (others === undefined) selectors.set(pattern.event, [selector]);
  else others.push(selector);
}

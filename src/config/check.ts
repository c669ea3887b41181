import type { Condition, MatchCondition } from "../events/condition.ts";
import { isLiteral, matchesGlob } from "../events/glob.ts";
import type { JobClass } from "../jobs/job-class.ts";

import { conditionsOf, eachMatch, jobOfMatch } from "./show.ts";

/**
 * `initctl check-config` (docs/upstart.md#97-check-config): conditions that can never become true, because nothing
 * emits an event or no such job is loaded. Pure, over all loaded classes.
 */

/** Events that init itself emits. */
const internalEvents: readonly string[] = [
  "startup",
  "starting",
  "started",
  "stopping",
  "stopped",
  "control-alt-delete",
  "keyboard-request",
  "power-status-changed",
  "debug",
];

export interface CheckOptions {
  /** Only the class of this name; the others still count as emitters. */
  readonly only?: string;
  /** Event names never to complain about. */
  readonly ignoreEvents?: readonly string[];
  /** Complain about each bad operand, also where an `or` has another way to be true. */
  readonly warn?: boolean;
  /**
   * Complain about a group in a condition that can come true without it, as Upstart does: about the first one from the
   * right that can't. Otherwise only about conditions that can't come true at all.
   */
  readonly eachGroup?: boolean;
  /** Complain also about words that no instance can have for its name, though a job has. Upstart does not. */
  readonly instances?: boolean;
  /** Events besides Upstart's own that the running init emits; `initctl check-config` passes none. */
  readonly knownEvents?: readonly string[];
}

export interface CheckProblem {
  readonly stanza: "start on" | "stop on";
  /** `instance`: a job is named where the name of an instance is compared. */
  readonly kind: "job" | "event" | "instance";
  /** The job, event or instance that is not known. */
  readonly name: string;
  /** What was probably meant; null if that is open. */
  readonly hint: string | null;
}

export interface CheckResult {
  readonly job: string;
  readonly problems: readonly CheckProblem[];
}

/** What the check needs of a class. */
export type CheckedClass = Pick<JobClass, "name" | "emits" | "startOn" | "stopOn">;

/** The classes with something to say about, in the order given. */
export function checkConditions(classes: Iterable<CheckedClass>, options: CheckOptions = {}): CheckResult[] {
  const all = [...classes];
  const known = new KnownNames(all, [...(options.ignoreEvents ?? []), ...(options.knownEvents ?? [])]);
  const results: CheckResult[] = [];
  for (const jobClass of all) {
    if (options.only !== undefined && jobClass.name !== options.only) continue;
    const problems = conditionsOf(jobClass).flatMap(([stanza, condition]) => {
      const impossible = findImpossible(condition, options, known);
      const problems = (impossible === null ? [] : unknownMatches(impossible, known)).map(
        ([match, kind]): CheckProblem => {
          const name = kind === "job" ? jobOfMatch(match).job : match.event;
          const isJob = kind === "event" && known.isJob(name);
          return { stanza, kind, name, hint: isJob ? `${name} is a job: started ${name}` : null };
        },
      );
      return options.instances === true
        ? [...problems, ...jobsAsInstances(stanza, condition, known)]
        : problems;
    });
    if (problems.length > 0) results.push({ job: jobClass.name, problems });
  }
  return results;
}

/** `started A B`, where B is another job: it is compared with the name of the instance of A. */
function jobsAsInstances(
  stanza: CheckProblem["stanza"],
  condition: Condition,
  known: KnownNames,
): CheckProblem[] {
  return eachMatch(condition).flatMap((match): CheckProblem[] => {
    const { job, rest } = jobOfMatch(match);
    const [name = ""] = rest;
    if (job === "" || match.args[1] !== name || !known.isJob(name)) return [];
    const hint = `the second word is an instance of ${job}: ${match.event} ${job} and ${match.event} ${name}`;
    return [{ stanza, kind: "instance", name, hint }];
  });
}

/** As `initctl check-config` prints it; with `--explain` each line is followed by what to do. */
export function renderCheck(results: readonly CheckResult[], explains = false): string {
  return results
    .map(({ job, problems }) => {
      const lines = problems.map(({ stanza, kind, name, hint }) => {
        const advice =
          hint ?? (kind === "job" ? "no such job is loaded" : "no loaded job emits it, nor does upinit");
        return `  ${stanza}: unknown ${kind} ${name}\n${explains ? `    ${advice}\n` : ""}`;
      });
      return `${job}\n${lines.join("")}`;
    })
    .join("");
}

/** The condition, or the first group of it from the right, that can't become true; null if there is none. */
function findImpossible(condition: Condition, options: CheckOptions, known: KnownNames): Condition | null {
  if (!canBecomeTrue(condition, options.warn === true, known)) return condition;
  // An operand that stands alone beside one that can become true does no harm.
  if (condition.type === "match" || options.eachGroup !== true) return null;
  const groups = [condition.right, condition.left].filter((operand) => operand.type !== "match");
  for (const group of groups) {
    const found = findImpossible(group, options, known);
    if (found !== null) return found;
  }
  return null;
}

/** `strict`: an `or` needs both of its sides. */
function canBecomeTrue(condition: Condition, strict: boolean, known: KnownNames): boolean {
  if (condition.type === "match") return known.missing(condition) === null;
  const right = canBecomeTrue(condition.right, strict, known);
  const left = canBecomeTrue(condition.left, strict, known);
  return condition.type === "and" || strict ? left && right : left || right;
}

/** The operands that can't become true, from right to left as Upstart lists them. */
function unknownMatches(condition: Condition, known: KnownNames): [MatchCondition, "job" | "event"][] {
  if (condition.type === "match") {
    const kind = known.missing(condition);
    return kind === null ? [] : [[condition, kind]];
  }
  return [...unknownMatches(condition.right, known), ...unknownMatches(condition.left, known)];
}

/** Everything that may be waited for: loaded jobs, events that they emit, events of init's own. */
class KnownNames {
  readonly #jobs: ReadonlySet<string>;
  readonly #events: Set<string>;
  readonly #patterns: string[] = [];

  constructor(classes: readonly CheckedClass[], events: readonly string[]) {
    this.#jobs = new Set(classes.map((jobClass) => jobClass.name));
    this.#events = new Set([...internalEvents, ...events]);
    for (const emitted of classes.flatMap((jobClass) => jobClass.emits)) {
      if (isLiteral(emitted)) this.#events.add(emitted);
      else this.#patterns.push(emitted);
    }
  }

  /** What of this operand is not known, null if all is. A name that starts with `$` is only known at run time. */
  missing(match: MatchCondition): "job" | "event" | null {
    const { job } = jobOfMatch(match);
    if (job !== "" && !job.startsWith("$") && !this.#hasJob(job)) return "job";
    if (this.#events.has(match.event)) return null;
    return this.#patterns.some((pattern) => matchesGlob(pattern, match.event)) ? null : "event";
  }

  isJob(name: string): boolean {
    return this.#jobs.has(name);
  }

  #hasJob(name: string): boolean {
    if (this.#jobs.has(name)) return true;
    return !isLiteral(name) && [...this.#jobs].some((job) => matchesGlob(name, job));
  }
}

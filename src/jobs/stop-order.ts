import type { Condition } from "../events/condition.ts";
import { matchesGlob } from "../events/glob.ts";
import { type Pattern, preparePattern, wantedValue } from "../events/pattern.ts";
import type { Job } from "./job.ts";
import type { JobClass } from "./job-class.ts";

/**
 * In which order running jobs are stopped at the end (docs/design.md#10-stop): one whose `start on` names another's
 * `starting` or `started`, or whose `requires` or `after` does, stops before that other; all else at the same time.
 * Each wave may begin when the one before it is gone. Jobs that wait for each other in a circle go together, last.
 */
export function stopOrder(jobs: Iterable<Job>): Job[][] {
  const all = [...jobs];
  const byClass = new Map<string, Job[]>();
  for (const job of all) {
    const siblings = byClass.get(job.jobClass.name);
    if (siblings === undefined) byClass.set(job.jobClass.name, [job]);
    else siblings.push(job);
  }
  // How many jobs must be gone before each, and which jobs wait for each.
  const before = new Map<Job, number>(all.map((job) => [job, 0]));
  const after = new Map<Job, Job[]>();
  for (const [name, dependents] of byClass) {
    const [{ jobClass }] = dependents as [Job];
    for (const base of classesStartedBefore(jobClass, byClass)) {
      if (base === name) continue;
      const bases = byClass.get(base) as Job[];
      for (const dependent of dependents) after.set(dependent, [...(after.get(dependent) ?? []), ...bases]);
      for (const each of bases) before.set(each, (before.get(each) as number) + dependents.length);
    }
  }
  return waves(all, before, after);
}

/** Each job in the wave after the last one that it has to wait for, in the order in which they were given. */
function waves(
  all: readonly Job[],
  before: Map<Job, number>,
  after: ReadonlyMap<Job, readonly Job[]>,
): Job[][] {
  const result: Job[][] = [];
  const waveOf = new Map<Job, number>();
  let ready = all.filter((job) => before.get(job) === 0);
  for (let wave = 0; ready.length > 0; wave++) {
    const next: Job[] = [];
    for (const job of ready) {
      waveOf.set(job, wave);
      for (const base of after.get(job) ?? []) {
        const count = (before.get(base) as number) - 1;
        before.set(base, count);
        if (count === 0) next.push(base);
      }
    }
    result.push([]);
    ready = next;
  }
  if (waveOf.size < all.length) result.push([]);
  for (const job of all) result[waveOf.get(job) ?? result.length - 1]?.push(job);
  return result;
}

/** Names of the classes whose `starting` or `started` this class's `start on` asks for, among those that run. */
function classesStartedBefore(jobClass: JobClass, running: ReadonlyMap<string, unknown>): Set<string> {
  const found = new Set<string>();
  for (const name of [...jobClass.requires.map(({ job }) => job), ...jobClass.after])
    if (running.has(name)) found.add(name);
  for (const pattern of patternsOf(jobClass.startOn)) {
    if (pattern.event !== "starting" && pattern.event !== "started") continue;
    const wanted = wantedValue(pattern, "JOB", 0);
    if (wanted === null || wanted.includes("$")) continue;
    if (running.has(wanted)) found.add(wanted);
    else for (const name of running.keys()) if (matchesGlob(wanted, name)) found.add(name);
  }
  return found;
}

function patternsOf(condition: Condition | null): Pattern[] {
  const patterns: Pattern[] = [];
  const todo = condition === null ? [] : [condition];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (node.type === "match") patterns.push(preparePattern(node));
    else todo.push(node.left, node.right);
  }
  return patterns;
}

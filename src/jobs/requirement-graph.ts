import type { ClassEntry, JobRegistry } from "./job-registry.ts";

/** What is wrong with the requirements of a job, in words. */
type Fault = string;

/** Who needs whom, by the names of classes: `requires` and `after` of all that is loaded. */
export class RequirementGraph {
  /** By the name that a stanza names: the classes that have it. */
  readonly #dependents = new Map<string, ClassEntry[]>();
  readonly #faults = new Map<string, Fault>();

  constructor(registry: JobRegistry) {
    for (const entry of registry.all()) {
      for (const name of namesOf(entry)) {
        const known = this.#dependents.get(name);
        if (known === undefined) this.#dependents.set(name, [entry]);
        else known.push(entry);
      }
    }
    this.#findFaults(registry);
  }

  /** Classes whose `requires` or `after` names this one. */
  dependentsOf(name: string): readonly ClassEntry[] {
    return this.#dependents.get(name) ?? [];
  }

  /** Why no instance of this class can start: it is part of a cycle, or requires what does not exist. */
  faultOf(name: string): Fault | undefined {
    return this.#faults.get(name);
  }

  #findFaults(registry: JobRegistry): void {
    for (const cycle of cyclesOf(registry)) {
      const text = `a cycle of requirements: ${[...cycle, cycle[0]].join(" -> ")}`;
      for (const name of cycle) this.#faults.set(name, text);
    }
    for (const { jobClass } of registry.all()) {
      const missing = jobClass.requires.find(({ job }) => registry.find(job) === undefined);
      if (missing !== undefined && !this.#faults.has(jobClass.name))
        this.#faults.set(jobClass.name, `it requires ${missing.job}, and there is no such job`);
    }
  }
}

function namesOf({ jobClass }: ClassEntry): Set<string> {
  return new Set([...jobClass.requires.map(({ job }) => job), ...jobClass.after]);
}

/**
 * The cycles among loaded classes, each beginning with its first name by the alphabet. Tarjan's algorithm for strongly
 * connected components, without recursion.
 */
function cyclesOf(registry: JobRegistry): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];
  const targets = (name: string): string[] => {
    const entry = registry.find(name);
    return entry === undefined
      ? []
      : [...namesOf(entry)].filter((target) => registry.find(target) !== undefined);
  };
  for (const { jobClass } of registry.all()) {
    if (index.has(jobClass.name)) continue;
    const work = [{ name: jobClass.name, edges: targets(jobClass.name), next: 0 }];
    enter(jobClass.name);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const target = frame.edges[frame.next++];
      if (target === undefined) {
        work.pop();
        leave(frame.name, work.at(-1)?.name);
      } else if (!index.has(target)) {
        enter(target);
        work.push({ name: target, edges: targets(target), next: 0 });
      } else if (onStack.has(target)) {
        low.set(frame.name, Math.min(low.get(frame.name) as number, index.get(target) as number));
      }
    }
  }
  return cycles;

  function enter(name: string): void {
    low.set(name, index.size);
    index.set(name, index.size);
    stack.push(name);
    onStack.add(name);
  }

  function leave(name: string, parent: string | undefined): void {
    if (parent !== undefined) low.set(parent, Math.min(low.get(parent) as number, low.get(name) as number));
    if (low.get(name) !== index.get(name)) return;
    const members = stack.splice(stack.indexOf(name));
    for (const member of members) onStack.delete(member);
    if (members.length > 1 || targets(name).includes(name)) cycles.push(inOrder(members, targets));
  }
}

/** A way round through a component, from its first member by the alphabet. */
function inOrder(members: readonly string[], targets: (name: string) => string[]): string[] {
  const inside = new Set(members);
  const first = [...members].sort()[0] as string;
  const cameFrom = new Map<string, string>();
  const todo = [first];
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    for (const target of targets(name)) {
      if (target === first) return wayTo(name, cameFrom, first);
      if (!inside.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, name);
      todo.push(target);
    }
  }
  return [first];
}

function wayTo(last: string, cameFrom: ReadonlyMap<string, string>, first: string): string[] {
  const way = [last];
  for (let name = last; name !== first; way.unshift(name)) name = cameFrom.get(name) as string;
  return way;
}

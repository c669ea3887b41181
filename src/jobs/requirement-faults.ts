import type { JobClass } from "./job-class.ts";

/** Why a job can't be started, whatever happens to others. */
export interface RequirementFault {
  readonly kind: "cycle" | "unknown";
  readonly text: string;
  /** The name in its stanza that is at fault. */
  readonly name: string;
}

type Classes = ReadonlyMap<string, JobClass>;

/** What is wrong with `requires` and `after` of classes that are loaded together, by the names of the classes. */
export function requirementFaults(all: Iterable<JobClass>): Map<string, RequirementFault> {
  const classes: Classes = new Map([...all].map((jobClass) => [jobClass.name, jobClass]));
  const faults = new Map<string, RequirementFault>();
  for (const cycle of cyclesOf(classes)) {
    const text = `a cycle of requirements: ${[...cycle, cycle[0]].join(" -> ")}`;
    cycle.forEach((name, index) => {
      faults.set(name, { kind: "cycle", text, name: cycle[(index + 1) % cycle.length] as string });
    });
  }
  for (const { name, requires } of classes.values()) {
    const missing = requires.find(({ job }) => !classes.has(job))?.job;
    if (missing === undefined || faults.has(name)) continue;
    const text = `it requires ${missing}, and there is no such job`;
    faults.set(name, { kind: "unknown", text, name: missing });
  }
  return faults;
}

/** The names in its `requires` and `after`. */
export function requirementsOf({ requires, after }: JobClass): Set<string> {
  return new Set([...requires.map(({ job }) => job), ...after]);
}

/**
 * The cycles among loaded classes, each beginning with its first name by the alphabet. Tarjan's algorithm for strongly
 * connected components, without recursion.
 */
function cyclesOf(classes: Classes): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];
  const targets = (name: string): string[] => {
    const jobClass = classes.get(name);
    return jobClass === undefined
      ? []
      : [...requirementsOf(jobClass)].filter((target) => classes.has(target));
  };
  for (const root of classes.keys()) {
    if (index.has(root)) continue;
    const work = [{ name: root, edges: targets(root), next: 0 }];
    enter(root);
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

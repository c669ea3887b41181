import type { Condition } from "./condition.ts";
import type { Event } from "./event.ts";
import { matchesPattern, type Pattern, preparePattern } from "./pattern.ts";

/** A node of a compiled condition. Children have a smaller index than their parents; the root is the last. */
type Node =
  | { readonly type: "match"; readonly leaf: number }
  | { readonly type: "and" | "or"; readonly left: number; readonly right: number };

/** A condition in the form that is matched against events. Immutable; shared by all instances of a class. */
export interface CompiledCondition {
  readonly source: Condition;
  readonly nodes: readonly Node[];
  /** The events, in the order in which the condition names them. */
  readonly leaves: readonly Pattern[];
}

/** Compiles a condition. Takes no stack for its depth: a condition of a thousand `or` is a thousand levels deep. */
export function compileCondition(source: Condition): CompiledCondition {
  const nodes: Node[] = [];
  const leaves: Pattern[] = [];
  const done: number[] = [];
  const todo: { readonly condition: Condition; readonly visited: boolean }[] = [
    { condition: source, visited: false },
  ];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { condition, visited } = item;
    if (condition.type === "match") {
      nodes.push({ type: "match", leaf: leaves.length });
      leaves.push(preparePattern(condition));
      done.push(nodes.length - 1);
    } else if (visited) {
      const right = done.pop() as number;
      const left = done.pop() as number;
      nodes.push({ type: condition.type, left, right });
      done.push(nodes.length - 1);
    } else {
      todo.push({ condition, visited: true });
      todo.push({ condition: condition.right, visited: false });
      todo.push({ condition: condition.left, visited: false });
    }
  }
  return { source, nodes: nodes.length === 1 ? singleEvent : nodes, leaves };
}

/** What most conditions are: a single event. */
const singleEvent: readonly Node[] = [{ type: "match", leaf: 0 }];
const nothing: readonly null[] = [];

/** How a condition takes hold of the events that it keeps (docs/upstart.md#53-held-events): the queue counts it. */
export interface Holder<E> {
  hold(event: E): void;
  unhold(event: E): void;
}

/**
 * What has arrived of a condition: for each of its events the one that fulfilled it. An event that fulfilled a part
 * stays blocked until the whole is reset.
 */
export class ConditionState<E extends Event> {
  readonly compiled: CompiledCondition;
  /** By leaf; null while nothing has arrived. */
  #arrived: (E | null)[] | null = null;

  constructor(compiled: CompiledCondition) {
    this.compiled = compiled;
  }

  /** What has arrived: for each leaf its event, if it has one. */
  get arrived(): readonly (E | null | undefined)[] {
    return this.#arrived ?? nothing;
  }

  /**
   * Lets an event fulfil what it matches. True if by this the condition is fulfilled: the caller acts on it and then
   * resets. A part that is fulfilled already keeps its first event. `env` is what `$` refers to.
   */
  handle(event: E, env: readonly string[], holder: Holder<E>): boolean {
    let changed = false;
    const { leaves } = this.compiled;
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const pattern = leaves[leaf] as Pattern;
      if (pattern.event !== event.name || this.#isThere(leaf)) continue;
      if (!matchesPattern(pattern, event.env, env)) continue;
      this.#arrived ??= new Array<E | null>(leaves.length).fill(null);
      this.#arrived[leaf] = event;
      holder.hold(event);
      changed = true;
    }
    return changed && this.isFulfilled;
  }

  /** The leaves that an event would newly fulfil; nothing is changed. */
  wouldArrive(name: string, eventEnv: readonly string[], env: readonly string[]): boolean[] {
    return this.compiled.leaves.map(
      (pattern, leaf) =>
        !this.#isThere(leaf) && pattern.event === name && matchesPattern(pattern, eventEnv, env),
    );
  }

  get isFulfilled(): boolean {
    return this.values().at(-1) === true;
  }

  /** Whether each node is true; `also` are leaves that are taken for arrived. */
  values(also: readonly boolean[] = []): boolean[] {
    const values: boolean[] = [];
    for (const node of this.compiled.nodes) {
      if (node.type === "match") values.push(this.#isThere(node.leaf) || also[node.leaf] === true);
      else if (node.type === "and") values.push(values[node.left] === true && values[node.right] === true);
      else values.push(values[node.left] === true || values[node.right] === true);
    }
    return values;
  }

  /** The leaves that make the condition true, in its own order: those in branches that are false don't count. */
  contributingLeaves(also: readonly boolean[] = []): number[] {
    const { nodes } = this.compiled;
    const values = this.values(also);
    const leaves: number[] = [];
    const todo = [nodes.length - 1];
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      const node = nodes[index] as Node;
      if (values[index] !== true) continue;
      if (node.type === "match") leaves.push(node.leaf);
      else todo.push(node.right, node.left);
    }
    return leaves;
  }

  /** The events that made the condition true, in the order of the condition. */
  contributors(): E[] {
    return this.contributingLeaves().flatMap((leaf) => this.arrived[leaf] ?? []);
  }

  /** Everything is forgotten and let go of, what didn't contribute too. */
  reset(holder: Holder<E>): void {
    const arrived = this.arrived;
    this.#arrived = null;
    for (const event of arrived) if (event) holder.unhold(event);
  }

  /** The events that are held, without repetition, oldest first. */
  heldEvents(): E[] {
    const events = new Set(this.arrived.filter((event) => event !== null && event !== undefined));
    return [...events].sort((a, b) => a.id - b.id);
  }

  /** For re-exec: puts back what had arrived, without counting it again. */
  restore(arrived: readonly (E | null)[]): void {
    this.#arrived = arrived.some((event) => event !== null) ? [...arrived] : null;
  }

  #isThere(leaf: number): boolean {
    return this.#arrived !== null && this.#arrived[leaf] !== null;
  }
}

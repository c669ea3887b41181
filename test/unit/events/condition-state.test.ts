import { describe, expect, it } from "vitest";
import type { Condition } from "../../../src/events/condition.ts";
import { ConditionState, compileCondition } from "../../../src/events/condition-state.ts";
import { Event } from "../../../src/events/event.ts";

const event = (name: string, ...args: string[]): Condition => ({ type: "match", event: name, args });
const and = (left: Condition, right: Condition): Condition => ({ type: "and", left, right });
const or = (left: Condition, right: Condition): Condition => ({ type: "or", left, right });

class Counter {
  readonly counts = new Map<Event, number>();
  hold(event: Event): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
  }
  unhold(event: Event): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) - 1);
  }
}

function state(condition: Condition): {
  tree: ConditionState<Event>;
  holder: Counter;
  happen: (name: string) => boolean;
} {
  const tree = new ConditionState<Event>(compileCondition(condition));
  const holder = new Counter();
  let id = 0;
  return { tree, holder, happen: (name) => tree.handle(new Event(++id, name, []), [], holder) };
}

const names = (events: readonly Event[]): string[] => events.map(({ name }) => name);

describe("ConditionState", () => {
  it("is fulfilled by `or` at once, by `and` with both, in any order", () => {
    expect(state(or(event("a"), event("b"))).happen("b")).toBe(true);
    const both = state(and(event("a"), event("b")));
    expect(both.happen("b")).toBe(false);
    expect(both.happen("a")).toBe(true);
    expect(names(both.tree.contributors())).toEqual(["a", "b"]);
  });

  it("keeps the first event of a place, and does not fire again by itself", () => {
    const { tree, happen } = state(and(event("a"), event("b")));
    happen("a");
    happen("a");
    happen("b");
    expect(tree.contributors().map(({ id }) => id)).toEqual([1, 3]);
    expect(happen("a")).toBe(false);
    expect(happen("b")).toBe(false);
  });

  it("counts only branches that are true as contributors, but lets go of all", () => {
    const { tree, holder, happen } = state(or(event("a"), and(event("b"), event("c"))));
    happen("b");
    expect(happen("a")).toBe(true);
    expect(names(tree.contributors())).toEqual(["a"]);
    tree.reset(holder);
    expect([...holder.counts.values()]).toEqual([0, 0]);
    expect(tree.isFulfilled).toBe(false);
  });

  it("takes an event into each place that it matches", () => {
    const { tree, happen } = state(and(event("a"), event("a")));
    expect(happen("a")).toBe(true);
    expect(names(tree.contributors())).toEqual(["a", "a"]);
  });

  it("compares names of events to the letter", () => {
    expect(state(event("foo*")).happen("foobar")).toBe(false);
    expect(state(event("foo*")).happen("foo*")).toBe(true);
  });

  it("says what an event would bring without taking it", () => {
    const { tree, happen } = state(and(event("a"), event("b")));
    happen("a");
    const arriving = tree.wouldArrive("b", [], []);
    expect(tree.values(arriving).at(-1)).toBe(true);
    expect(tree.isFulfilled).toBe(false);
  });

  it("needs no stack for the depth of a condition", () => {
    let deep = event("x0");
    for (let index = 1; index < 50_000; index++) deep = and(deep, event("x0"));
    const { tree, happen } = state(deep);
    expect(happen("x0")).toBe(true);
    expect(tree.contributors()).toHaveLength(50_000);
  });
});

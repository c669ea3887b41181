import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HeapEntry, TimerHeap } from "../../../src/runtime/timer-heap.ts";

function entry(time: number, sequence: number): HeapEntry {
  return { time, sequence, position: -1 };
}

function drain(heap: TimerHeap<HeapEntry>): HeapEntry[] {
  const drained: HeapEntry[] = [];
  for (let first = heap.first(); first !== undefined; first = heap.first()) {
    heap.remove(first);
    drained.push(first);
  }
  return drained;
}

function inOrder(entries: readonly HeapEntry[]): HeapEntry[] {
  return [...entries].sort((left, right) => left.time - right.time || left.sequence - right.sequence);
}

describe("TimerHeap", () => {
  it("gives entries by time, and equal ones in the order they came", () => {
    const heap = new TimerHeap<HeapEntry>();
    const entries = [3, 1, 2, 1, 3, 0].map(entry);
    for (const each of entries) heap.add(each);
    expect(heap.size).toBe(6);
    expect(drain(heap)).toEqual(inOrder(entries));
    expect(heap.size).toBe(0);
  });

  it("takes out what was cancelled, once", () => {
    const heap = new TimerHeap<HeapEntry>();
    const [first, second] = [entry(1, 0), entry(2, 1)];
    heap.add(first);
    heap.add(second);
    heap.remove(first);
    heap.remove(first);
    expect(heap.size).toBe(1);
    heap.remove(second);
    heap.remove(second);
    expect(heap.first()).toBeUndefined();
  });

  it("keeps its order through any additions and cancellations", () => {
    const action = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ cancel: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const heap = new TimerHeap<HeapEntry>();
        const waiting: HeapEntry[] = [];
        actions.forEach((each, sequence) => {
          if ("add" in each) {
            const added = entry(each.add, sequence);
            heap.add(added);
            waiting.push(added);
          } else if (waiting.length > 0) {
            const [cancelled] = waiting.splice(each.cancel % waiting.length, 1);
            if (cancelled !== undefined) heap.remove(cancelled);
          }
          expect(heap.first()).toBe(inOrder(waiting)[0]);
        });
        expect(drain(heap)).toEqual(inOrder(waiting));
      }),
    );
  });
});

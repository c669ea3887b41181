import { describe, expect, it } from "vitest";
import { type Event, failureName } from "../../../src/events/event.ts";
import { EventQueue } from "../../../src/events/queue.ts";

/** Notes what happens; `onHandle` may do more. */
function play(queue: EventQueue<string>, onHandle: (event: Event<string>) => void = () => {}): string[] {
  const notes: string[] = [];
  queue.poll({
    handle: (event) => {
      notes.push(`handle ${event.name}`);
      onHandle(event);
    },
    finish: (event) => notes.push(`finish ${event.name}`),
  });
  return notes;
}

describe("EventQueue", () => {
  it("handles and finishes in order what nothing blocks", () => {
    const queue = new EventQueue<string>();
    queue.emit("a", []);
    queue.emit("b", []);
    expect(play(queue)).toEqual(["handle a", "finish a", "handle b", "finish b"]);
    expect(queue.size).toBe(0);
  });

  it("handles in the same pass what is emitted meanwhile", () => {
    const queue = new EventQueue<string>();
    queue.emit("a", []);
    const notes = play(queue, (event) => {
      if (event.name === "a") queue.emit("c", []);
    });
    expect(notes).toEqual(["handle a", "finish a", "handle c", "finish c"]);
  });

  it("does not hold up others behind a blocked event, and finishes it when the block is gone", () => {
    const queue = new EventQueue<string>();
    const blocked = queue.emit("a", []);
    queue.emit("b", []);
    expect(play(queue, (event) => event === blocked && queue.block(event))).toEqual([
      "handle a",
      "handle b",
      "finish b",
    ]);
    queue.unblock(blocked);
    expect(play(queue)).toEqual(["finish a"]);
  });

  it("finishes an older event that comes free in the next pass, after those still to be handled", () => {
    const queue = new EventQueue<string>();
    const old = queue.emit("old", []);
    play(queue, (event) => queue.block(event));
    queue.emit("b", []);
    queue.emit("c", []);
    const notes = play(queue, (event) => {
      if (event.name === "b") queue.unblock(old);
    });
    expect(notes).toEqual(["handle b", "finish b", "handle c", "finish c", "finish old"]);
  });

  it("finishes a younger event that comes free when its turn comes in the same pass", () => {
    const queue = new EventQueue<string>();
    const events = ["a", "b", "c"].map((name) => queue.emit(name, []));
    play(queue, (event) => queue.block(event));
    for (const event of events) queue.unblock(event);
    expect(play(queue)).toEqual(["finish a", "finish b", "finish c"]);
  });

  it("takes an event that is held by a condition for blocked as well", () => {
    const queue = new EventQueue<string>();
    const event = queue.emit("a", []);
    play(queue, () => queue.hold(event));
    expect(queue.isBlocked(event)).toBe(true);
    queue.unhold(event);
    expect(play(queue)).toEqual(["finish a"]);
  });

  it("can be told that conditions hold nothing any more", () => {
    const queue = new EventQueue<string>();
    const event = queue.emit("a", []);
    play(queue, () => queue.hold(event));
    queue.ignoreConditions();
    expect(play(queue)).toEqual(["finish a"]);
    queue.unhold(event);
    expect(play(queue)).toEqual([]);
  });

  it("names the event that follows a failed one, but none after that", () => {
    expect(failureName("runlevel")).toBe("runlevel/failed");
    expect(failureName("runlevel/failed")).toBeNull();
    expect(failureName("failed")).toBe("failed/failed");
  });
});

import type { Environment } from "./environment.ts";
import { Event } from "./event.ts";

/** What happens to an event on its way; given by whoever knows the jobs. */
export interface EventHandler<Waiting> {
  /** Matches a pending event against all conditions. */
  handle(event: Event<Waiting>): void;
  /** Tells those who wait; the event is gone from the queue. */
  finish(event: Event<Waiting>): void;
}

/**
 * The events that are not finished yet, in the order in which they were emitted. Upstart walks the whole list again
 * and again until nothing changes; this one visits in the same order those that something happened to, so an event
 * that waits costs nothing.
 */
export class EventQueue<Waiting> {
  readonly #events = new Map<number, Event<Waiting>>();
  /** Events to visit in this pass, the oldest first (a binary heap by id); all are younger than `#visited`. */
  readonly #current: Event<Waiting>[] = [];
  /** Events to visit in the next pass. */
  #next: Event<Waiting>[] = [];
  #visited = 0;
  #lastId = 0;
  /** Half-fulfilled conditions hold nothing any more. */
  #heldByJobsOnly = false;

  /** All events that are not finished, oldest first. */
  get events(): Iterable<Event<Waiting>> {
    return this.#events.values();
  }

  get size(): number {
    return this.#events.size;
  }

  /** The id given last; ids are never used twice. */
  get lastId(): number {
    return this.#lastId;
  }

  emit(name: string, env: Environment, ofShutdown = false): Event<Waiting> {
    const event = new Event<Waiting>(++this.#lastId, name, env, ofShutdown);
    this.#events.set(event.id, event);
    this.#schedule(event);
    return event;
  }

  isBlocked(event: Event<Waiting>): boolean {
    return event.jobs > 0 || (event.held > 0 && !this.#heldByJobsOnly);
  }

  find(id: number): Event<Waiting> | undefined {
    return this.#events.get(id);
  }

  /** Notes that a job begins to hold the event back. */
  block(event: Event<Waiting>): void {
    event.jobs += 1;
  }

  /** A job lets go of the event. */
  unblock(event: Event<Waiting>): void {
    event.jobs -= 1;
    this.#wake(event);
  }

  /** A place of a condition takes hold of the event. */
  hold(event: Event<Waiting>): void {
    event.held += 1;
  }

  /** A place of a condition lets go of the event. */
  unhold(event: Event<Waiting>): void {
    event.held -= 1;
    this.#wake(event);
  }

  /**
   * From now on only jobs hold events, no half-fulfilled conditions: nobody will see the rest of a condition while
   * everything is being stopped, and nobody is to wait for it.
   */
  ignoreConditions(): void {
    this.#heldByJobsOnly = true;
    for (const event of this.#events.values()) this.#wake(event);
  }

  /**
   * Handles and finishes events until nothing more happens by itself, or so many visits are made: jobs without
   * processes can follow each other without end. Then the next call begins a new pass, or the older events would never
   * have their turn. Returns how many it made.
   */
  poll(handler: EventHandler<Waiting>, limit = Number.POSITIVE_INFINITY): number {
    let visits = 0;
    while (visits < limit) {
      const event = this.#take();
      if (event === undefined) break;
      if (event.progress === "finished") continue;
      visits += 1;
      if (event.progress === "pending") {
        handler.handle(event);
        event.progress = "handling";
      }
      if (this.isBlocked(event)) continue;
      event.progress = "finished";
      this.#events.delete(event.id);
      handler.finish(event);
    }
    if (visits >= limit) this.#beginPass();
    return visits;
  }

  /** For re-exec: puts an event back as it was. To be called in order of their ids. */
  restore(event: Event<Waiting>): void {
    this.#events.set(event.id, event);
    if (event.progress === "pending" || !this.isBlocked(event)) this.#schedule(event);
  }

  /** For re-exec: the ids go on from here. */
  restoreLastId(id: number): void {
    this.#lastId = id;
  }

  #wake(event: Event<Waiting>): void {
    if (event.progress === "handling" && !this.isBlocked(event)) this.#schedule(event);
  }

  #schedule(event: Event<Waiting>): void {
    if (event.id > this.#visited) push(this.#current, event);
    else this.#next.push(event);
  }

  /** The next event to visit: the oldest that this pass has not gone past, else the oldest of a new pass. */
  #take(): Event<Waiting> | undefined {
    if (this.#current.length === 0) this.#beginPass();
    const event = pop(this.#current);
    if (event !== undefined) this.#visited = event.id;
    return event;
  }

  /** What this pass did not come to is part of the new one, at its place. */
  #beginPass(): void {
    this.#visited = 0;
    const next = this.#next;
    this.#next = [];
    for (const event of next) push(this.#current, event);
  }
}

interface Numbered {
  readonly id: number;
}

/** Adds to a binary heap with the smallest id on top. */
function push<T extends Numbered>(heap: T[], item: T): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as T;
    if (above.id <= item.id) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = item;
}

/** Takes the item with the smallest id off a binary heap. */
function pop<T extends Numbered>(heap: T[]): T | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as T).id < (heap[child] as T).id) child += 1;
    const below = heap[child] as T;
    if (last.id <= below.id) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return top;
}

import type { Trace } from "../jobs/messages.ts";

export type TraceListener = (trace: Trace) => void;

/** Who watches what happens: `initctl watch`, and the boot record. Costs nothing while nobody does. */
export class Traces {
  readonly #listeners = new Set<TraceListener>();

  subscribe(listener: TraceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(trace: Trace): void {
    for (const listener of this.#listeners) listener(trace);
  }
}

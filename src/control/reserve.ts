import * as native from "upinit:native";

/** How many clients can be served when there is no other descriptor left. */
const size = 4;

/**
 * Descriptors that are kept for clients: when the jobs have used up all others, PID 1 can still be asked what is the
 * matter, and told to stop some of them.
 */
export class Reserve {
  readonly #source: number;
  readonly #descriptors: number[] = [];

  /** `source` is any open descriptor. */
  constructor(source: number) {
    this.#source = source;
    this.fill();
  }

  /** Puts back what was released, as far as there is anything to have. */
  fill(): void {
    while (this.#descriptors.length < size) {
      const descriptor = native.dup(this.#source);
      if (descriptor < 0) return;
      this.#descriptors.push(descriptor);
    }
  }

  /** Makes room for one descriptor; false if there is nothing left to give. */
  release(): boolean {
    const descriptor = this.#descriptors.pop();
    return descriptor !== undefined && native.close(descriptor) === 0;
  }
}

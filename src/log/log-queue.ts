import * as native from "upinit:native";

/** Bytes of upinit's own lines that are kept for a descriptor that takes none. */
const largestQueue = 64 * 1024;

/** Lines that wait to be written, oldest first. When there is no room for one it is dropped and counted. */
export class LogQueue {
  #lines: Uint8Array[] = [];
  #size = 0;
  #dropped = 0;

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  add(line: Uint8Array): void {
    if (this.#size + line.length > largestQueue) {
      this.#dropped += 1;
      return;
    }
    this.#append(line);
  }

  /** What is to be written next; null when there is nothing. */
  first(): Uint8Array | null {
    if (this.#lines.length === 0 && this.#dropped > 0) {
      const text = `init: ${this.#dropped} messages dropped: nobody reads them\n`;
      this.#dropped = 0;
      this.#append(native.encode(text));
    }
    return this.#lines[0] ?? null;
  }

  /** The first `count` bytes of `first()` are written. */
  taken(count: number): void {
    const line = this.#lines[0];
    if (line === undefined) return;
    this.#size -= count;
    if (count < line.length) this.#lines[0] = line.subarray(count);
    else this.#lines.shift();
  }

  #append(line: Uint8Array): void {
    this.#lines.push(line);
    this.#size += line.length;
  }
}

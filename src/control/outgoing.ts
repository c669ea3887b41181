import * as native from "upinit:native";

/** Lines are short: kept one by one, each would cost several times its length. */
const smallestChunk = 4096;

interface Chunk {
  readonly bytes: Uint8Array;
  /** What is left lies from here to `end`. */
  start: number;
  end: number;
}

/** Bytes that a client has not taken yet. */
export class Outgoing {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    const last = this.#chunks.at(-1);
    const room = last === undefined ? 0 : last.bytes.length - last.end;
    const fitting = Math.min(room, bytes.length);
    if (last !== undefined && fitting > 0) {
      last.bytes.set(bytes.subarray(0, fitting), last.end);
      last.end += fitting;
    }
    const rest = bytes.length - fitting;
    if (rest === 0) return;
    const chunk = { bytes: new Uint8Array(Math.max(rest, smallestChunk)), start: 0, end: rest };
    chunk.bytes.set(bytes.subarray(fitting));
    this.#chunks.push(chunk);
  }

  /** Sends what the kernel takes now. A negative errno says that the client takes nothing any more. */
  send(fd: number): number {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const count = native.send(fd, chunk.bytes, chunk.start, chunk.end - chunk.start);
      if (count < 0) return count;
      chunk.start += count;
      this.#length -= count;
      if (chunk.start < chunk.end) return 0;
      this.#chunks.shift();
    }
    return 0;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
  }

  /** All of it, as bytes are in `upinit:native`. */
  text(): string {
    return this.#chunks.map(({ bytes, start, end }) => native.decode(bytes, start, end - start)).join("");
  }
}

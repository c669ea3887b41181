/** Smallest piece of memory that a tail takes once there is a byte to keep. */
const firstSize = 512;

/** Shared by all that hold nothing yet: a hundred jobs need no hundred empty buffers. */
export const noBytes = new Uint8Array(0);

/** The last bytes of a stream, up to a capacity. Takes memory as it is needed. */
export class Tail {
  #capacity: number;
  #bytes: Uint8Array = noBytes;
  /** Where the oldest byte is. */
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Keeps more from now on, or no more than this. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const kept = this.last(capacity);
    this.#capacity = capacity;
    this.#bytes = kept;
    this.#start = 0;
    this.#length = kept.length;
  }

  append(from: Uint8Array, offset: number, length: number): void {
    const count = Math.min(length, this.#capacity);
    let source = offset + length - count;
    this.#makeRoom(count);
    const size = this.#bytes.length;
    let left = count;
    while (left > 0) {
      const at = (this.#start + this.#length) % size;
      const piece = Math.min(left, size - at);
      this.#bytes.set(from.subarray(source, source + piece), at);
      source += piece;
      left -= piece;
      this.#length += piece;
    }
  }

  /** A copy of the last bytes, at most `count`. */
  last(count: number): Uint8Array {
    const length = Math.min(count, this.#length);
    const result = new Uint8Array(length);
    const size = this.#bytes.length;
    if (length === 0) return result;
    const from = (this.#start + this.#length - length) % size;
    const piece = Math.min(length, size - from);
    result.set(this.#bytes.subarray(from, from + piece), 0);
    result.set(this.#bytes.subarray(0, length - piece), piece);
    return result;
  }

  /** Drops or moves what is there until `count` more bytes fit. */
  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length && this.#bytes.length < this.#capacity) {
      let size = Math.max(firstSize, this.#bytes.length);
      while (size < needed) size *= 2;
      const grown = new Uint8Array(Math.min(size, this.#capacity));
      grown.set(this.last(this.#length), 0);
      this.#bytes = grown;
      this.#start = 0;
    }
    const excess = needed - this.#bytes.length;
    if (excess > 0) {
      this.#start = (this.#start + excess) % this.#bytes.length;
      this.#length -= excess;
    }
  }
}

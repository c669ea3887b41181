/** What the heap orders: first by time, among equals by when it came. */
export interface HeapEntry {
  readonly time: number;
  readonly sequence: number;
  /** Where the heap keeps it; -1 when it is not in there. The heap's own. */
  position: number;
}

function isBefore(left: HeapEntry, right: HeapEntry): boolean {
  return left.time < right.time || (left.time === right.time && left.sequence < right.sequence);
}

/**
 * A binary heap of timers. Each entry knows its position, so a cancelled timer leaves at once and costs no memory until
 * it would have been due.
 */
export class TimerHeap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The entry that is due next. */
  first(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    this.#place(entry, this.#entries.length);
    this.#rise(entry);
  }

  /** Takes an entry out; nothing happens if it is not in there. */
  remove(entry: Entry): void {
    const { position } = entry;
    if (position < 0 || this.#entries[position] !== entry) return;
    const last = this.#entries.pop();
    entry.position = -1;
    if (last === undefined || last === entry) return;
    this.#place(last, position);
    this.#rise(last);
    this.#sink(last);
  }

  #place(entry: Entry, position: number): void {
    this.#entries[position] = entry;
    entry.position = position;
  }

  #rise(entry: Entry): void {
    while (entry.position > 0) {
      const parentPosition = (entry.position - 1) >> 1;
      const parent = this.#entries[parentPosition];
      if (parent === undefined || !isBefore(entry, parent)) return;
      this.#place(parent, entry.position);
      this.#place(entry, parentPosition);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const child = this.#earlierChild(entry.position);
      if (child === undefined || !isBefore(child, entry)) return;
      const { position } = child;
      this.#place(child, entry.position);
      this.#place(entry, position);
    }
  }

  #earlierChild(position: number): Entry | undefined {
    const left = this.#entries[2 * position + 1];
    const right = this.#entries[2 * position + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
  }
}

import * as native from "upinit:native";
import { PIPE_BUF, SharedWriter } from "../log/shared-writer.ts";
import type { Timer, Watch } from "../runtime/reactor.ts";
import type { StandardOutputState } from "./output-state.ts";

/**
 * What happens to lines when the reader of standard output takes nothing: `wait` a second and then drop, `block`
 * the jobs for as long as it takes, or `drop` at once.
 */
export type OverflowPolicy = "wait" | "block" | "drop";

export interface OutputReactor {
  now(): number;
  watch(fd: number, events: number, handler: (events: number) => void): Watch;
  after(ms: number, callback: () => void): Timer;
}

/** One writer's line on standard output: whether it has begun one that is not ended. */
export interface LineState {
  open: boolean;
}

/** Largest piece that is prefixed and written at once. */
const outputSize = 96 * 1024;
/** Where the kernel allows it, the pipe to a busy reader holds this much. */
const grownPipe = 1024 * 1024;
/** How long a reader may take nothing before lines are dropped. */
const patience = 1000;
/** How often a reader that has gone is tried again. */
const retryGone = 1000;
/** How often dropped lines are said. */
const reportInterval = 1000;

const newline = 10;

/**
 * The container's standard output, which all captured output goes to, line by line. What the reader does not take at
 * once is kept here, one piece at most; while there is any, `full` is true and nobody may come with more.
 */
export class StandardOutput {
  readonly #reactor: OutputReactor;
  readonly #writer: SharedWriter;
  readonly #policy: OverflowPolicy;
  readonly #onRoom: () => void;
  readonly #onDrop: (lines: number, gone: boolean) => void;

  #out: Uint8Array | null = null;
  #outStart = 0;
  #outEnd = 0;

  /** What is not prefixed yet of the bytes that were given last; they stay where they are until `full` is false. */
  #restOf: Uint8Array | null = null;
  #restStart = 0;
  #restEnd = 0;
  #restPrefix: Uint8Array | null = null;
  #restState: LineState = { open: false };

  /** Whose unended line standard output stands in. */
  #openLine: LineState | null = null;
  #watch: Watch | null = null;
  #stallTimer: Timer | null = null;
  #lastProgress = 0;
  #reportTimer: Timer | null = null;
  #dropping = false;
  #dropped = 0;
  /** Not to be tried before this time: there is no reader. */
  #goneUntil = 0;

  /** `onRoom` is called when `full` has become false, `onDrop` when dropping begins (0) and ends. */
  constructor(
    reactor: OutputReactor,
    fd: number,
    policy: OverflowPolicy,
    onRoom: () => void,
    onDrop: (lines: number, gone: boolean) => void,
  ) {
    this.#reactor = reactor;
    this.#writer = new SharedWriter(fd);
    this.#policy = policy;
    this.#onRoom = onRoom;
    this.#onDrop = onDrop;
  }

  /** Whether it holds what the reader has not taken; more may then only come if it is to be dropped. */
  get full(): boolean {
    return !this.#dropping && this.#hasPending();
  }

  /**
   * Writes bytes with `prefix` before each line. They must stay unchanged until `full` is false. Bytes that do not
   * end with a newline leave the line open for the same `state` to go on; anybody else's line ends it first.
   */
  write(from: Uint8Array, offset: number, length: number, prefix: Uint8Array, state: LineState): void {
    if (length === 0) return;
    if (this.#dropping || this.#hasPending()) {
      this.#drop(from, offset, length);
      return;
    }
    if (this.#goneUntil !== 0 && this.#reactor.now() < this.#goneUntil) {
      this.#drop(from, offset, length);
      return;
    }
    this.#restOf = from;
    this.#restStart = offset;
    this.#restEnd = offset + length;
    this.#restPrefix = prefix;
    this.#restState = state;
    this.#proceed();
  }

  /** A busy writer: makes the pipe larger, so that it is woken up less often. */
  grow(): void {
    this.#writer.grow(grownPipe);
  }

  /**
   * Writes what is kept, as long as the reader takes something within `patience` milliseconds, and until `end` (monotonic
   * milliseconds) at most. For the end. Whether all of it was taken.
   */
  flush(patienceLeft: number, end: number): boolean {
    let since = native.monotonicTime();
    while (this.#hasPending()) {
      const before = this.#outStart;
      this.#proceed();
      if (!this.#hasPending()) break;
      if (this.#outStart !== before) since = native.monotonicTime();
      const left = Math.min(since + patienceLeft, end) - native.monotonicTime();
      const fd = this.#writer.watchable;
      if (left <= 0 || fd < 0) break;
      native.pollOne(fd, native.EPOLLOUT, Math.ceil(left));
    }
    return !this.#hasPending();
  }

  /** For a re-exec, which waits until nothing is left that has no prefix yet. */
  state(): StandardOutputState {
    const out = this.#out;
    const pending = out === null ? "" : native.decode(out, this.#outStart, this.#outEnd - this.#outStart);
    return { pending, dropping: this.#dropping, dropped: this.#dropped };
  }

  /** Goes on where another upinit of the same process left off. */
  restore({ pending, dropping, dropped }: StandardOutputState): void {
    this.#dropped = dropped;
    if (pending === "") return;
    const bytes = native.encode(pending);
    this.#out = new Uint8Array(Math.max(outputSize, bytes.length));
    this.#out.set(bytes);
    this.#outEnd = bytes.length;
    this.#dropping = dropping;
    this.#proceed();
  }

  /** This one's line is the last on standard output, and has no end yet. */
  restoreLine(state: LineState): void {
    this.#openLine = state;
  }

  /** Nothing more will be written: what is kept is lost, and said to be. */
  close(): void {
    if (this.#out !== null) this.#drop(this.#out, this.#outStart, this.#outEnd - this.#outStart);
    this.#outStart = 0;
    this.#outEnd = 0;
    this.#dropRest();
    this.#endWaiting();
    this.#reportDropped();
  }

  #hasPending(): boolean {
    return this.#outStart < this.#outEnd || this.#restStart < this.#restEnd;
  }

  /** Writes as much as goes. */
  #proceed(): void {
    while (this.#hasPending()) {
      if (this.#outStart === this.#outEnd) this.#fill();
      const taken = this.#writePiece();
      if (taken < 0) {
        this.#lose();
        return;
      }
      if (taken === 0) {
        this.#stall();
        return;
      }
      this.#outStart += taken;
      if (this.#stallTimer !== null) this.#lastProgress = this.#reactor.now();
    }
    this.#recover();
  }

  /** Prefixes as much of what was given as fits. */
  #fill(): void {
    this.#out ??= new Uint8Array(outputSize);
    const out = this.#out;
    const from = this.#restOf;
    const prefix = this.#restPrefix;
    if (from === null || prefix === null) return;
    const state = this.#restState;
    let begin = 0;
    if (this.#openLine !== null && this.#openLine !== state) {
      this.#openLine.open = false;
      out[0] = newline;
      begin = 1;
    }
    const room = begin === 0 ? out : out.subarray(begin);
    let length = this.#restEnd - this.#restStart;
    let written = native.prefixLines(from, this.#restStart, length, prefix, !state.open, room);
    while (written < 0) {
      length = Math.max(1, length >> 1);
      written = native.prefixLines(from, this.#restStart, length, prefix, !state.open, room);
    }
    this.#restStart += length;
    this.#outStart = 0;
    this.#outEnd = begin + written;
    state.open = from[this.#restStart - 1] !== newline;
    this.#openLine = state.open ? state : null;
    if (this.#restStart === this.#restEnd) this.#restOf = null;
  }

  /** Writes no more at once than the pipe surely takes whole, and then ends with a line. */
  #writePiece(): number {
    const out = this.#out;
    if (out === null) return 0;
    let length = this.#outEnd - this.#outStart;
    if (length > PIPE_BUF) {
      const whole = this.#writer.wholeWrite();
      if (whole < length) {
        const end = native.lastIndexOfByte(out, newline, this.#outStart, whole);
        length = end < 0 ? whole : end + 1 - this.#outStart;
      }
    }
    return this.#writer.write(out, this.#outStart, length);
  }

  #stall(): void {
    const fd = this.#writer.watchable;
    if (this.#watch === null && fd >= 0) {
      this.#watch = this.#reactor.watch(fd, native.EPOLLOUT, () => this.#continue());
    }
    if (this.#policy === "drop") this.#beginDropping();
    else if (this.#policy === "wait" && this.#stallTimer === null && !this.#dropping) {
      this.#lastProgress = this.#reactor.now();
      this.#armStallTimer(patience);
    }
  }

  #continue(): void {
    this.#proceed();
    if (!this.#hasPending()) this.#onRoom();
  }

  #armStallTimer(ms: number): void {
    this.#stallTimer = this.#reactor.after(ms, () => {
      this.#stallTimer = null;
      const left = this.#lastProgress + patience - this.#reactor.now();
      if (left > 0) this.#armStallTimer(left);
      else this.#beginDropping();
    });
  }

  /** From here on lines are dropped until what is kept has been taken; what is kept stays whole. */
  #beginDropping(): void {
    if (this.#dropping) return;
    this.#dropping = true;
    if (this.#policy !== "drop") this.#onDrop(0, false);
    this.#dropRest();
    this.#onRoom();
  }

  /** The reader is gone: what is kept is lost. It is tried again later, since a named pipe may get another one. */
  #lose(): void {
    const first = this.#goneUntil === 0;
    this.#goneUntil = this.#reactor.now() + retryGone;
    if (this.#out !== null) this.#drop(this.#out, this.#outStart, this.#outEnd - this.#outStart);
    this.#outStart = 0;
    this.#outEnd = 0;
    this.#openLine = null;
    this.#dropRest();
    this.#endWaiting();
    if (first) this.#onDrop(0, true);
  }

  #recover(): void {
    this.#endWaiting();
    this.#goneUntil = 0;
    if (this.#dropped > 0)
      this.#reportTimer ??= this.#reactor.after(reportInterval, () => this.#reportDropped());
  }

  #endWaiting(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#stallTimer?.cancel();
    this.#stallTimer = null;
    this.#dropping = false;
  }

  #reportDropped(): void {
    this.#reportTimer?.cancel();
    this.#reportTimer = null;
    if (this.#dropped === 0) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    this.#onDrop(lines, false);
  }

  #dropRest(): void {
    if (this.#restOf !== null) this.#drop(this.#restOf, this.#restStart, this.#restEnd - this.#restStart);
    this.#restOf = null;
    this.#restStart = 0;
    this.#restEnd = 0;
  }

  #drop(from: Uint8Array, offset: number, length: number): void {
    this.#dropped += native.countByte(from, newline, offset, length);
  }
}

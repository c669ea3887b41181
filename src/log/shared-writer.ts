import * as native from "upinit:native";
import { EAGAIN, EBADF, EINTR } from "../runtime/errno.ts";

const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const S_IFIFO = 0o010000;
const S_IFREG = 0o100000;

/** Up to here a write to a pipe is all or nothing, and whole among other writers' (pipe(7)). */
export const PIPE_BUF = 4096;
const PAGE = 4096;

/**
 * How a descriptor can be written to without ever waiting:
 * - `own`: through a description of our own, opened anew and non-blocking;
 * - `socket`: by MSG_DONTWAIT;
 * - `polled`: after a look whether there is room, and then no more than PIPE_BUF;
 * - `direct`: it does not wait by nature (files, /dev/null);
 * - `closed`: there is nothing to write to.
 */
type Way = "own" | "socket" | "polled" | "direct" | "closed";

/**
 * Writes to a descriptor that upinit shares with others: its standard output or error. It never waits and never sets
 * O_NONBLOCK on the shared description, which belongs to whoever else holds it.
 */
export class SharedWriter {
  readonly #fd: number;
  #way: Way | null = null;
  #target: number;
  #isPipe = false;

  constructor(fd: number) {
    this.#fd = fd;
    this.#target = fd;
  }

  /** What to watch for EPOLLOUT after a write that took nothing; -1 if there is nothing to watch. */
  get watchable(): number {
    const way = this.#open();
    return way === "direct" || way === "closed" ? -1 : this.#target;
  }

  /**
   * Writes what can be written now: the number of bytes taken, 0 if that is none, or -errno if the descriptor takes
   * nothing any more (-EPIPE: its reader is gone).
   */
  write(bytes: Uint8Array, offset: number, length: number): number {
    let result: number;
    switch (this.#open()) {
      case "closed":
        return -EBADF;
      case "socket":
        result = native.send(this.#target, bytes, offset, length);
        break;
      case "polled":
        if (native.pollOne(this.#target, native.EPOLLOUT, 0) === 0) return 0;
        result = native.write(this.#target, bytes, offset, Math.min(length, PIPE_BUF));
        break;
      default:
        result = native.write(this.#target, bytes, offset, length);
    }
    return result === -EAGAIN || result === -EINTR ? 0 : result;
  }

  /**
   * How many bytes a write can hold without being cut in the middle by a full pipe, at least PIPE_BUF. Neighbouring
   * pages of a pipe hold more than one page's worth together, or they would have been merged; so at most twice the
   * pages that its filling needs are in use.
   */
  wholeWrite(): number {
    const way = this.#open();
    if (!this.#isPipe) return Number.MAX_SAFE_INTEGER;
    if (way === "polled") return PIPE_BUF;
    const size = native.pipeSize(this.#target);
    const filled = native.pipeFilled(this.#target);
    if (size < 0 || filled < 0) return PIPE_BUF;
    const free = size / PAGE - 2 * Math.ceil(filled / PAGE) - 1;
    return Math.max(PIPE_BUF, free * PAGE);
  }

  /** Makes room in the pipe, where it is one and the kernel lets us. */
  grow(bytes: number): void {
    this.#open();
    if (this.#isPipe && native.pipeSize(this.#target) < bytes) native.setPipeSize(this.#target, bytes);
  }

  #open(): Way {
    this.#way ??= this.#chooseWay();
    return this.#way;
  }

  #chooseWay(): Way {
    const stat = native.fstat(this.#fd);
    if (typeof stat === "number") return "closed";
    const type = (stat[0] ?? 0) & S_IFMT;
    if (type === S_IFSOCK) return "socket";
    this.#isPipe = type === S_IFIFO;
    if (!this.#isPipe && (type === S_IFREG || !native.isTerminal(this.#fd))) return "direct";
    const flags = native.O_WRONLY | native.O_NONBLOCK | native.O_NOCTTY;
    const own = native.open(`/proc/self/fd/${this.#fd}`, flags);
    if (own < 0) return "polled";
    this.#target = own;
    return "own";
  }
}

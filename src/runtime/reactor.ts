import * as native from "upinit:native";
import { allSignals, signals, withoutSignals } from "./signals.ts";
import { check } from "./system-error.ts";
import { type HeapEntry, TimerHeap } from "./timer-heap.ts";

/** A watched descriptor. */
export interface Watch {
  /** What to look for: EPOLLIN and so on. 0 mutes it altogether, hang-up and error included. */
  set(events: number): void;
  /** Ends watching; the descriptor stays open. Must come before the descriptor is closed. */
  close(): void;
}

/** A timer that waits. */
export interface Timer {
  /** Nothing happens if it is over already. */
  cancel(): void;
}

/** A signal that came: its number, who sent it (0 for the kernel), and si_code of sigaction(2). */
export interface SignalInfo {
  readonly signal: number;
  readonly pid: number;
  readonly uid: number;
  readonly code: number;
}

export interface ReactorOptions {
  /** Ends the process with a status, instead of at once: for commands that clean up on the way out. */
  readonly exit?: (status: number) => void;
  /** An epoll instance, and a signalfd for all signals, which are blocked; default: made here. */
  readonly descriptors?: { readonly epoll: number; readonly signals: number };
}

/**
 * What the kernel sends a process that made a fault itself. Blocked, it would kill an init on the spot; so they stay
 * open for the host, which tells a fault from a signal that somebody sent, and leaves the latter, blocked, to us.
 */
const faultSignals: readonly number[] = [
  signals.SIGSEGV,
  signals.SIGBUS,
  signals.SIGILL,
  signals.SIGFPE,
  signals.SIGABRT,
];
const blockedSignals = withoutSignals(allSignals, ...faultSignals);

const eventsATurn = 64;
const signalsARead = 32;
/** A handler that fails so often, one time after the other, is left alone for a while: its descriptor stays ready. */
const failuresBeforePause = 3;
/** Milliseconds. */
const pauseAfterFailures = 1000;

/** What a watch needs of its reactor. */
interface WatchHome {
  readonly epoll: number;
  readonly watches: Map<number, DescriptorWatch>;
  after(ms: number, callback: () => void): Timer;
}

class DescriptorWatch implements Watch {
  readonly fd: number;
  readonly handler: (events: number) => void;
  /** The turn it was made in. Events of that turn's batch belong to a descriptor that had the number before. */
  readonly bornInTurn: number;
  failures = 0;
  readonly #home: WatchHome;
  #wanted = 0;
  #registered = 0;
  #pause: Timer | null = null;
  #closed = false;

  constructor(home: WatchHome, fd: number, handler: (events: number) => void, turn: number) {
    this.#home = home;
    this.fd = fd;
    this.handler = handler;
    this.bornInTurn = turn;
  }

  /** Whether events are to be delivered at all. */
  get isListening(): boolean {
    return !this.#closed && this.#registered !== 0;
  }

  set(events: number): void {
    if (this.#closed) return;
    this.#wanted = events;
    if (this.#pause === null) this.#register(events);
  }

  close(): void {
    if (this.#closed) return;
    this.#pause?.cancel();
    if (this.#registered !== 0) native.epollSet(this.#home.epoll, this.fd, 0);
    this.#closed = true;
    if (this.#home.watches.get(this.fd) === this) this.#home.watches.delete(this.fd);
  }

  /** Mutes the descriptor for some milliseconds. */
  pause(milliseconds: number): void {
    if (this.#closed || this.#pause !== null) return;
    this.#register(0);
    this.#pause = this.#home.after(milliseconds, () => {
      this.#pause = null;
      this.#register(this.#wanted);
    });
  }

  #register(events: number): void {
    if (events === this.#registered) return;
    check(native.epollSet(this.#home.epoll, this.fd, events), "epoll_ctl");
    this.#registered = events;
  }
}

class WaitingTimer implements Timer, HeapEntry {
  readonly time: number;
  readonly sequence: number;
  readonly callback: () => void;
  position = -1;
  readonly #heap: TimerHeap<WaitingTimer>;

  constructor(heap: TimerHeap<WaitingTimer>, time: number, sequence: number, callback: () => void) {
    this.#heap = heap;
    this.time = time;
    this.sequence = sequence;
    this.callback = callback;
  }

  cancel(): void {
    this.#heap.remove(this);
  }
}

/**
 * The event loop. A turn waits, without a time-out unless a timer runs, and then calls, in this order
 * (docs/upstart.md#81-event-loop): handlers of descriptors, of signals, of SIGCHLD (which reaps), timers that are due,
 * and what was registered with `afterTurn`. Nothing here runs at any other time, and no handler can stop the loop: what
 * it throws is reported, and an endless one, which the host interrupts, throws too.
 *
 * Descriptors are level-triggered: a handler that leaves something unread is called again. All signals are blocked and
 * read from one signalfd.
 */
export class Reactor {
  readonly #epoll: number;
  readonly #signalDescriptor: number;
  readonly #self = native.getpid();
  readonly #exit: (status: number) => void;
  readonly #watches = new Map<number, DescriptorWatch>();
  readonly #home: WatchHome;
  readonly #timers = new TimerHeap<WaitingTimer>();
  readonly #signalHandlers = new Map<number, (info: SignalInfo) => void>();
  readonly #anySignalHandlers: ((info: SignalInfo) => void)[] = [];
  readonly #afterTurn: (() => void)[] = [];
  readonly #errorHandlers: ((what: string, error: unknown) => void)[] = [];
  readonly #events = new Int32Array(2 * eventsATurn);
  readonly #signalFields = new Int32Array(4 * signalsARead);
  /** Signals that were read and not handled yet; survives a turn that was broken off. */
  #arrived: SignalInfo[] = [];
  #childSignal: SignalInfo | null = null;
  #sequence = 0;
  #turn = 0;
  /**
   * Whether the last turn came to its end. If not (interrupted between two handlers) the next one doesn't wait; nor
   * does the first, so that `afterTurn` sees what was prepared before the start.
   */
  #completed = false;
  #status: number | null = null;

  /** Blocks all signals of the process, from here on. Throws SystemError. */
  constructor(options: ReactorOptions = {}) {
    this.#exit = options.exit ?? native.exit;
    const { descriptors } = options;
    this.#epoll = descriptors?.epoll ?? check(native.epollCreate(), "epoll_create1");
    this.#home = {
      epoll: this.#epoll,
      watches: this.#watches,
      after: (ms, callback) => this.after(ms, callback),
    };
    check(native.blockSignals(blockedSignals), "rt_sigprocmask");
    this.#signalDescriptor = descriptors?.signals ?? check(native.signalfd(allSignals), "signalfd4");
    check(native.epollSet(this.#epoll, this.#signalDescriptor, native.EPOLLIN), "epoll_ctl");
  }

  /** Milliseconds on the monotonic clock. */
  now(): number {
    return native.monotonicTime();
  }

  /**
   * Calls `handler` with what epoll saw, as long as any of `events` is there. Hang-up and error are always told.
   * Throws SystemError: EPERM for a regular file, which is always ready.
   */
  watch(fd: number, events: number, handler: (events: number) => void): Watch {
    if (this.#watches.has(fd)) throw new Error(`descriptor ${fd} is watched already`);
    const watch = new DescriptorWatch(this.#home, fd, handler, this.#turn);
    watch.set(events);
    this.#watches.set(fd, watch);
    return watch;
  }

  /** Calls back once, not before `ms` milliseconds are over and never within this call; Infinity is never. */
  after(ms: number, callback: () => void): Timer {
    const timer = new WaitingTimer(this.#timers, this.now() + Math.max(ms, 0), this.#sequence++, callback);
    if (timer.time < Number.POSITIVE_INFINITY) this.#timers.add(timer);
    return timer;
  }

  /** Sets the one handler of a signal. */
  onSignal(signal: number, handler: (info: SignalInfo) => void): void {
    this.#signalHandlers.set(signal, handler);
  }

  /** Adds a handler for the signals that have none of their own. */
  onAnySignal(handler: (info: SignalInfo) => void): void {
    this.#anySignalHandlers.push(handler);
  }

  /** Adds what is called at the end of every turn, in the order of these calls. */
  afterTurn(callback: () => void): void {
    this.#afterTurn.push(callback);
  }

  /** Adds a listener for exceptions that came out of handlers. Without one they go to standard error. */
  onError(handler: (what: string, error: unknown) => void): void {
    this.#errorHandlers.push(handler);
  }

  /** Hands the process over to the loop, once the entry module is done. */
  start(): void {
    native.setTurn(() => this.#takeTurn());
  }

  /** Ends the process with this status when the turn is over. */
  stop(status: number): void {
    this.#status = status;
  }

  /**
   * Runs something; what it throws, an interruption by the host included, is reported as a failure of `what`. True if
   * it threw nothing.
   */
  guard(what: string, run: () => void): boolean {
    return this.#guard(what, null, run);
  }

  /** `number` belongs to `what`; put together only when there is something to report. */
  #guard(what: string, number: number | null, run: () => void): boolean {
    try {
      native.contain(run);
      return true;
    } catch (error) {
      this.#report(number === null ? what : `${what} ${number}`, error);
      return false;
    }
  }

  #report(what: string, error: unknown): void {
    try {
      for (const handler of this.#errorHandlers) handler(what, error);
      if (this.#errorHandlers.length > 0) return;
      error = error instanceof Error ? error.message : error;
    } catch (second) {
      error = `${String(error)}; reporting it failed too: ${String(second)}`;
    }
    native.writeText(2, `upinit: ${what}: ${String(error)}\n`);
  }

  #takeTurn(): boolean {
    if (this.#status === null) this.#work();
    if (this.#status === null) return true;
    this.#exit(this.#status);
    return false;
  }

  #work(): void {
    const count = native.epollWait(this.#epoll, this.#events, this.#timeout());
    this.#completed = false;
    this.#turn++;
    const signalled = this.#dispatchDescriptors(check(count, "epoll_wait"));
    if (signalled) this.#readSignals();
    if (this.#arrived.length > 0 || this.#childSignal !== null) this.#dispatchSignals();
    if (this.#timers.size > 0) this.#runTimers();
    for (let index = 0; index < this.#afterTurn.length; index++) {
      this.#guard("end of turn", null, this.#afterTurn[index] as () => void);
    }
    this.#completed = true;
  }

  #timeout(): number {
    if (!this.#completed) return 0;
    const next = this.#timers.first();
    return next === undefined ? -1 : Math.max(next.time - this.now(), 0);
  }

  /** Gives whether the signalfd is readable. */
  #dispatchDescriptors(count: number): boolean {
    let signalled = false;
    for (let index = 0; index < count; index++) {
      const fd = this.#events[2 * index] ?? -1;
      if (fd === this.#signalDescriptor) signalled = true;
      else this.#dispatch(this.#watches.get(fd), this.#events[2 * index + 1] ?? 0);
    }
    return signalled;
  }

  #dispatch(watch: DescriptorWatch | undefined, events: number): void {
    if (watch === undefined || !watch.isListening || watch.bornInTurn === this.#turn) return;
    if (this.#guard("descriptor", watch.fd, () => watch.handler(events))) watch.failures = 0;
    else if (++watch.failures >= failuresBeforePause) watch.pause(pauseAfterFailures);
  }

  #readSignals(): void {
    const fields = this.#signalFields;
    const count = native.readSignals(this.#signalDescriptor, fields);
    let faultSent = false;
    for (let at = 0; at < 4 * count; at += 4) {
      const signal = fields[at] ?? 0;
      const uid = (fields[at + 2] ?? 0) >>> 0;
      const info = { signal, pid: fields[at + 1] ?? 0, uid, code: fields[at + 3] ?? 0 };
      if (signal === signals.SIGCHLD) this.#childSignal = info;
      // Our own write to a pipe without a reader: the write said so already, and nobody sent it.
      else if (signal !== signals.SIGPIPE || info.pid !== this.#self) this.#arrived.push(info);
      faultSent ||= faultSignals.includes(signal);
    }
    // The host blocked it to hand it over; from here on it means a fault again.
    if (faultSent) native.blockSignals(blockedSignals);
  }

  #dispatchSignals(): void {
    for (let info = this.#arrived.shift(); info !== undefined; info = this.#arrived.shift()) {
      this.#deliver(info);
    }
    if (this.#childSignal !== null) this.#deliver(this.#childSignal);
    // Only now: reaping that was interrupted has to go on, since the kernel will not say again what it has said.
    this.#childSignal = null;
  }

  #deliver(info: SignalInfo): void {
    const handler = this.#signalHandlers.get(info.signal);
    if (handler !== undefined) this.#guard("signal", info.signal, () => handler(info));
    else for (const each of this.#anySignalHandlers) this.#guard("signal", info.signal, () => each(info));
  }

  /** Those that were due when the turn came to them: a timer that sets itself anew must not hold up the loop. */
  #runTimers(): void {
    const now = this.now();
    const newest = this.#sequence;
    for (;;) {
      const timer = this.#timers.first();
      if (timer === undefined || timer.time > now || timer.sequence >= newest) return;
      this.#timers.remove(timer);
      this.#guard("timer", null, timer.callback);
    }
  }
}

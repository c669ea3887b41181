import type { Outcome, Waiter } from "../jobs/messages.ts";
import { type Awaited, answerAwaited } from "./awaited.ts";
import type { Daemon } from "./daemon.ts";
import { type ErrorObject, errorObject, MethodError } from "./errors.ts";
import type { RollingRestarts } from "./rolling-restarts.ts";

/** Who asks, as the kernel says (SO_PEERCRED). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Root, or the user upinit runs as. */
  readonly owner: boolean;
}

/** What sessions share: PID 1, its waiting clients, and what must not stop the loop. */
export interface Desk {
  readonly daemon: Daemon;
  /** Of this init. */
  readonly pid: number;
  readonly rolling: RollingRestarts;
  /** Makes a waiter whose outcome goes to `done`; `id` is the number it had before a re-exec. */
  wait(done: (outcome: Outcome) => void, id?: number): Waiter;
  /** Takes a waiter back: its client is gone. */
  abandon(waiter: Waiter): void;
  /** Runs after so many milliseconds, unless cancelled. */
  after(milliseconds: number, callback: () => void): { cancel(): void };
  /** Whether those who are no owner have had their time of this turn; `spend` counts it, in milliseconds. */
  isSpent(): boolean;
  spend(milliseconds: number): void;
  /** Whether as much waits to be taken by those who are no owner as they may have in all. */
  isFull(): boolean;
  /** Reports an error of our own. */
  failure(what: string, error: unknown): void;
}

/** What a method returns when its answer comes later, through its call. */
export const later: unique symbol = Symbol("later");

/** A waiter's number, and what it waits for: what is kept of a waiting call over a re-exec. */
export interface Pending {
  readonly waiter: number;
  readonly awaited: Awaited;
}

/** What a call needs of its session. */
interface Connection {
  onGone(cleanup: () => void): () => void;
  notify(method: string, params: unknown): void;
}

/** One request being answered. Exactly one of `reply` and `fail` has an effect, once. */
export class Call {
  readonly daemon: Daemon;
  readonly desk: Desk;
  readonly peer: Peer;
  /** What it waits for, if that is the outcome of an operation. */
  pending: Pending | null = null;
  readonly #connection: Connection;
  readonly #done: (body: Body) => void;
  #open = true;
  /** Takes back the waiter that the world has. */
  #withdraw: (() => void) | null = null;

  constructor(connection: Connection, desk: Desk, peer: Peer, done: (body: Body) => void) {
    this.#connection = connection;
    this.desk = desk;
    this.daemon = desk.daemon;
    this.peer = peer;
    this.#done = done;
  }

  /** Whether it is still to be answered. */
  get open(): boolean {
    return this.#open;
  }

  reply(result: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#done({ result: result ?? null });
  }

  fail(error: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#withdraw?.();
    if (error instanceof MethodError) {
      this.#done({ error: errorObject(error.error, error.message, error.details) });
    } else {
      this.desk.failure("a control request", error);
      this.#done({ error: errorObject("Internal", "Internal error; see the log of init") });
    }
  }

  /** A waiter for the world; its outcome is the answer, unless the client goes away before. */
  waiter(): Waiter {
    const waiter = this.#wait({ type: "operation" });
    const by = this.daemon.classOfProcess(this.peer.pid);
    return by === undefined ? waiter : { ...waiter, by };
  }

  /** What the waiter's outcome will be answered with, where that is more than nothing. */
  awaits(awaited: Awaited): void {
    if (this.pending !== null) this.pending = { ...this.pending, awaited };
  }

  /** Waits on for what it waited for before a re-exec. */
  resume({ waiter, awaited }: Pending): void {
    this.#wait(awaited, waiter);
  }

  #wait(awaited: Awaited, id?: number): Waiter {
    const waiter = this.desk.wait((outcome) => {
      release();
      this.#withdraw = null;
      this.attempt(() => answerAwaited(this, this.pending?.awaited ?? awaited, outcome));
    }, id);
    const release = this.onGone(() => this.desk.abandon(waiter));
    this.pending = { waiter: waiter.id, awaited };
    this.#withdraw = () => {
      release();
      this.desk.abandon(waiter);
    };
    return waiter;
  }

  /** Runs part of the answer; what it throws is the answer. */
  attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  /** What to undo when the client goes away; the returned function forgets it. */
  onGone(cleanup: () => void): () => void {
    return this.#connection.onGone(cleanup);
  }

  notify(method: string, params: unknown): void {
    this.#connection.notify(method, params);
  }
}

/** The answer without its envelope. */
export type Body = { readonly result: unknown } | { readonly error: ErrorObject };

import { type Body, Call, type Desk, later, type Peer, type Pending } from "./call.ts";
import { type ErrorName, errorObject, MethodError } from "./errors.ts";
import { limits } from "./limits.ts";

type Id = string | number | null;

/** Carries one request out, or refuses it by throwing a MethodError. */
export type Handler = (call: Call, params: unknown) => unknown;

/** The connection below a session. */
export interface Transport {
  /** Asked for each request. */
  peer(): Peer;
  /** Queues a line; a newline is added. Never blocks. */
  send(line: string): void;
  /** Bytes that are queued and not taken by the kernel yet. */
  queued(): number;
  /** Sends what is queued, then closes. */
  finish(): void;
  /** Whether the session wants to read on, or is behind. */
  reading(on: boolean): void;
}

/** One message of a client: a request, or a batch of them, and the answers so far. */
interface Exchange {
  readonly requests: readonly unknown[];
  readonly batch: boolean;
  readonly answers: string[];
  /** Of the answers, in characters. */
  size: number;
  next: number;
  waiting: boolean;
  /** The request that waits. */
  call: Call | null;
}

/** What is kept of a session over a re-exec: plain data. */
export interface SessionState {
  /** Messages that were read and not begun. */
  readonly lines: readonly string[];
  readonly exchange: {
    readonly requests: readonly unknown[];
    readonly batch: boolean;
    readonly answers: readonly string[];
    readonly next: number;
    /** null: the request before `next` is to be done again (a query that listens), or all are answered. */
    readonly pending: Pending | null;
  } | null;
  readonly inputEnded: boolean;
}

/**
 * The protocol with one client: JSON-RPC 2.0, one message a line. Requests are answered in order, one after the
 * other; a client that sends garbage is told so and cut off.
 */
export class Session {
  readonly #desk: Desk;
  readonly #transport: Transport;
  readonly #table: ReadonlyMap<string, Handler>;
  readonly #lines: string[] = [];
  readonly #cleanups = new Set<() => void>();
  #exchange: Exchange | null = null;
  #pumping = false;
  #closed = false;
  #dropped = 0;
  #inputEnded = false;

  constructor(desk: Desk, transport: Transport, table: ReadonlyMap<string, Handler>) {
    this.#desk = desk;
    this.#transport = transport;
    this.#table = table;
  }

  /** Nothing is asked any more, but the client is told of what happens (`watch`, `log -f`). */
  get listens(): boolean {
    return this.#exchange === null && this.#cleanups.size > 0;
  }

  /** For a re-exec. A request that waits for no outcome changes nothing, so it can be made again. */
  state(): SessionState {
    const exchange = this.#exchange;
    const lines = [...this.#lines];
    if (exchange === null) return { lines, exchange: null, inputEnded: this.#inputEnded };
    const { requests, batch, answers, waiting, call } = exchange;
    const pending = waiting ? (call?.pending ?? null) : null;
    const next = waiting && pending === null ? exchange.next - 1 : exchange.next;
    return { lines, exchange: { requests, batch, answers, next, pending }, inputEnded: this.#inputEnded };
  }

  /** Goes on where another upinit left off. */
  restore(state: SessionState): void {
    this.#lines.push(...state.lines);
    this.#inputEnded = state.inputEnded;
    if (state.exchange !== null) {
      const { requests, batch, answers, next, pending } = state.exchange;
      const exchange: Exchange = {
        requests,
        batch,
        answers: [...answers],
        size: answers.join().length,
        next,
        waiting: false,
        call: null,
      };
      this.#exchange = exchange;
      if (pending !== null) this.#resume(exchange, pending);
    }
    this.#pump();
  }

  #resume(exchange: Exchange, pending: Pending): void {
    const head = readHead(exchange.requests[exchange.next - 1]);
    const call = this.#call(exchange, head);
    exchange.waiting = true;
    exchange.call = call;
    call.resume(pending);
  }

  /** What was answered and not sent yet, in characters. */
  get kept(): number {
    return this.#exchange?.size ?? 0;
  }

  /** A request is being answered or waits to be, or the client is told of what happens. */
  get busy(): boolean {
    return this.#exchange !== null || this.#lines.length > 0 || this.#cleanups.size > 0;
  }

  /** The client sends no more, but may still listen: it gets what it asked for. */
  endOfInput(): void {
    this.#inputEnded = true;
    this.#pump();
  }

  /** One message, without its newline. */
  receive(line: string): void {
    if (this.#closed || line.trim() === "") return;
    this.#lines.push(line);
    if (this.#lines.length >= limits.ahead) this.#transport.reading(false);
    this.#pump();
  }

  /** The kernel took some of the queued output. */
  drained(): void {
    if (this.#dropped > 0 && this.#transport.queued() < limits.notifications / 2) {
      const count = this.#dropped;
      this.#dropped = 0;
      this.#transport.send(JSON.stringify({ jsonrpc: "2.0", method: "dropped", params: { count } }));
    }
    this.#pump();
  }

  /** A message that is too long, or a server that has no room: told, and cut off. */
  refuse(name: ErrorName, message: string): void {
    this.#closed = true;
    this.#transport.send(response(null, { error: errorObject(name, message) }));
    this.#transport.finish();
  }

  /** The client is gone: whatever is held for it is let go. Tells whether there was anything. */
  gone(): boolean {
    this.#closed = true;
    this.#lines.length = 0;
    const cleanups = [...this.#cleanups];
    this.#cleanups.clear();
    for (const cleanup of cleanups) cleanup();
    return cleanups.length > 0;
  }

  onGone(cleanup: () => void): () => void {
    this.#cleanups.add(cleanup);
    return () => this.#cleanups.delete(cleanup);
  }

  /** Dropped and counted when the client reads too slowly; it is told as soon as it reads again. */
  notify(method: string, params: unknown): void {
    if (this.#closed) return;
    if (this.#dropped > 0 || this.#transport.queued() > limits.notifications) this.#dropped++;
    else this.#transport.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Works until there is nothing to do, a request waits, or the client does not take what it was told. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#closed && this.#stepInTime());
      if (this.#inputEnded && !this.#closed && !this.busy) {
        this.#closed = true;
        this.#transport.finish();
      }
    } catch (error) {
      this.#desk.failure("a control connection", error);
      this.refuse("Internal", "Internal error; see the log of init");
    } finally {
      this.#pumping = false;
    }
  }

  /** Who is no owner shares a part of each turn with all others of that kind; what is left is done in the next one. */
  #stepInTime(): boolean {
    if (this.#transport.peer().owner) return this.#step();
    if (this.#desk.isSpent()) {
      this.#desk.after(0, () => this.#pump());
      return false;
    }
    const begin = this.#desk.daemon.now();
    const went = this.#step();
    this.#desk.spend(this.#desk.daemon.now() - begin);
    return went;
  }

  #step(): boolean {
    const exchange = this.#exchange;
    if (exchange === null) {
      if (this.#transport.queued() > limits.output) return false;
      const line = this.#lines.shift();
      if (line === undefined) return false;
      if (this.#lines.length < limits.ahead) this.#transport.reading(true);
      this.#exchange = this.#open(line);
      return true;
    }
    if (exchange.waiting) return false;
    if (exchange.next < exchange.requests.length) {
      this.#run(exchange, exchange.requests[exchange.next++]);
    } else {
      this.#conclude(exchange);
    }
    return true;
  }

  #conclude(exchange: Exchange): void {
    this.#exchange = null;
    if (exchange.batch && exchange.answers.length > 0) {
      this.#transport.send(`[${exchange.answers.join(",")}]`);
    } else if (exchange.answers[0] !== undefined) {
      this.#transport.send(exchange.answers[0]);
    }
  }

  #open(line: string): Exchange | null {
    const message = parse(line);
    if (message === undefined) {
      this.refuse("ParseError", "Parse error");
      return null;
    }
    const batch = Array.isArray(message);
    if (typeof message !== "object" || message === null || (batch && message.length === 0)) {
      this.refuse("InvalidRequest", "Invalid request");
      return null;
    }
    if (batch && message.length > limits.batch) {
      this.refuse("InvalidRequest", `Too many requests in a batch (at most ${limits.batch})`);
      return null;
    }
    return {
      requests: batch ? message : [message],
      batch,
      answers: [],
      size: 0,
      next: 0,
      waiting: false,
      call: null,
    };
  }

  #run(exchange: Exchange, request: unknown): void {
    const head = readHead(request);
    const call = this.#call(exchange, head);
    if (head.method === null) {
      call.fail(new MethodError("InvalidRequest", "Invalid request"));
      return;
    }
    const method = head.method;
    call.attempt(() => {
      const result = this.#dispatch(call, method, head.params);
      if (result !== later) call.reply(result);
    });
    if (!call.open) return;
    exchange.waiting = true;
    exchange.call = call;
  }

  #call(exchange: Exchange, head: Head): Call {
    const done = (body: Body): void => {
      if (head.expectsAnswer) this.#keep(exchange, head.id, body);
      if (!exchange.waiting) return;
      exchange.waiting = false;
      exchange.call = null;
      if (exchange.next === exchange.requests.length) this.#conclude(exchange);
      // The next request has to wait: this answer may come out of the middle of a change of the world.
      void Promise.resolve().then(() => this.#pump());
    };
    return new Call(this, this.#desk, this.#transport.peer(), done);
  }

  /** Batches are answered as a whole: what would not fit is refused. */
  #keep(exchange: Exchange, id: Id, body: Body): void {
    const text = response(id, body);
    const most = this.#transport.peer().owner ? limits.ownerBatchAnswers : limits.otherBatchAnswers;
    const fits = !exchange.batch || exchange.size + text.length <= most;
    const kept = fits
      ? text
      : response(id, { error: errorObject("Busy", "The answers of this batch are too long") });
    exchange.size += kept.length;
    exchange.answers.push(kept);
  }

  #dispatch(call: Call, name: string, params: unknown): unknown {
    if (!call.peer.owner && this.#desk.isFull())
      throw new MethodError("Busy", "Too many answers wait to be read: ask again later");
    const handler = this.#table.get(name);
    if (handler === undefined) throw new MethodError("MethodNotFound", `Method not found: ${name}`);
    return handler(call, params);
  }
}

interface Head {
  readonly method: string | null;
  readonly params: unknown;
  readonly id: Id;
  readonly expectsAnswer: boolean;
}

/** The envelope of a request; `method` is null if it is none. */
function readHead(request: unknown): Head {
  const invalid: Head = { method: null, params: undefined, id: null, expectsAnswer: true };
  if (typeof request !== "object" || request === null || Array.isArray(request)) return invalid;
  const members = new Map(Object.entries(request));
  const id: unknown = members.get("id");
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") return invalid;
  const method = members.get("method");
  const known = id ?? null;
  if (members.get("jsonrpc") !== "2.0" || typeof method !== "string") return { ...invalid, id: known };
  return { method, params: members.get("params"), id: known, expectsAnswer: id !== undefined };
}

function response(id: Id, body: Body): string {
  return JSON.stringify({ jsonrpc: "2.0", id, ...body });
}

/** JSON of bounded depth (a parser may recurse), or undefined. */
function parse(line: string): unknown {
  if (!shallow(line)) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Counts brackets outside of strings. */
function shallow(line: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < line.length; at++) {
    const character = line.charCodeAt(at);
    if (inString) {
      if (character === 0x5c) at++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) {
      inString = true;
    } else if (character === 0x5b || character === 0x7b) {
      if (++depth > limits.depth) return false;
    } else if (character === 0x5d || character === 0x7d) {
      depth--;
    }
  }
  return true;
}

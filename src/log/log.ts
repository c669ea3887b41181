import * as native from "upinit:native";
import type { Watch } from "../runtime/reactor.ts";
import { type LogFields, type LogFormatter, textFormatter } from "./format.ts";
import { LogQueue } from "./log-queue.ts";
import { type LogPriority, passes } from "./priority.ts";
import { SharedWriter } from "./shared-writer.ts";

export type { LogFields } from "./format.ts";
export type LogFormat = "text" | "json";

/** What the log needs of the reactor, to go on when a full descriptor has room again. */
export interface LogReactor {
  watch(fd: number, events: number, handler: (events: number) => void): Watch;
}

/** Sees every line that passes the priority, as text without `init: `: for `initctl watch` and tests. */
export type LogListener = (priority: LogPriority, text: string, fields: LogFields | undefined) => void;

/**
 * upinit's own log, on standard error: Upstart's text, or pino's JSON lines. A line is never waited for: what the
 * descriptor does not take is queued, and beyond a bound dropped, counted and said.
 */
export class Log {
  /** Lines below this priority are not written. */
  priority: LogPriority = "message";
  readonly format: LogFormat;
  readonly #writer: SharedWriter;
  readonly #queue = new LogQueue();
  readonly #listeners = new Set<LogListener>();
  /** Lines that wait for the JSON formatter to be loaded. */
  #early: (() => void)[] = [];
  #formatter: LogFormatter | null = null;
  #reactor: LogReactor | null = null;
  #watch: Watch | null = null;

  constructor(format: LogFormat = "text", fd = 2) {
    this.format = format;
    this.#writer = new SharedWriter(fd);
    if (format === "text") this.#formatter = textFormatter;
  }

  /** Loads what JSON lines need. Lines written before that wait for it. */
  async load(): Promise<void> {
    if (this.#formatter !== null) return;
    const { jsonFormatter } = await import("./json.ts");
    this.#begin(jsonFormatter());
  }

  /** Until there is a reactor, queued lines are tried again with the next line and by `flush`. */
  attach(reactor: LogReactor): void {
    this.#reactor = reactor;
    this.#writeQueue();
  }

  /** `fields` appear in JSON only. */
  write(priority: LogPriority, text: string, fields?: LogFields): void {
    if (!passes(priority, this.priority)) return;
    for (const listener of this.#listeners) listener(priority, text, fields);
    const formatter = this.#formatter;
    if (formatter === null) {
      const time = Math.round(native.realTime());
      this.#early.push(() => this.#enqueue(this.#formatter?.(priority, text, fields, time) ?? ""));
      // Better in the wrong form than not at all.
      if (this.#early.length === 1) this.load().catch(() => this.#begin(textFormatter));
      return;
    }
    this.#enqueue(formatter(priority, text, fields, Math.round(native.realTime())));
  }

  debug(text: string, fields?: LogFields): void {
    this.write("debug", text, fields);
  }
  info(text: string, fields?: LogFields): void {
    this.write("info", text, fields);
  }
  message(text: string, fields?: LogFields): void {
    this.write("message", text, fields);
  }
  warn(text: string, fields?: LogFields): void {
    this.write("warn", text, fields);
  }
  error(text: string, fields?: LogFields): void {
    this.write("error", text, fields);
  }
  fatal(text: string, fields?: LogFields): void {
    this.write("fatal", text, fields);
  }

  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes out what is queued, as far as the descriptor takes it within `patience` milliseconds. For the end. */
  flush(patience = 0): void {
    if (this.#formatter === null && this.#early.length > 0) this.#begin(textFormatter);
    const end = native.monotonicTime() + patience;
    while (!this.#queue.isEmpty) {
      this.#writeQueue();
      const left = end - native.monotonicTime();
      const fd = this.#writer.watchable;
      if (this.#queue.isEmpty || left <= 0 || fd < 0) return;
      native.pollOne(fd, native.EPOLLOUT, Math.ceil(left));
    }
  }

  #begin(formatter: LogFormatter): void {
    this.#formatter = formatter;
    const early = this.#early;
    this.#early = [];
    for (const write of early) write();
  }

  #enqueue(line: string): void {
    this.#queue.add(native.encode(line));
    this.#writeQueue();
  }

  #writeQueue(): void {
    for (let line = this.#queue.first(); line !== null; line = this.#queue.first()) {
      const taken = this.#writer.write(line, 0, line.length);
      if (taken === 0) {
        this.#waitForRoom();
        return;
      }
      this.#queue.taken(taken < 0 ? line.length : taken);
    }
    this.#watch?.close();
    this.#watch = null;
  }

  #waitForRoom(): void {
    const fd = this.#writer.watchable;
    if (this.#reactor === null || this.#watch !== null || fd < 0) return;
    this.#watch = this.#reactor.watch(fd, native.EPOLLOUT, () => this.#writeQueue());
  }
}

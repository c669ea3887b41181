import type { Desk, Peer } from "../../src/control/call.ts";
import type { ConfigurationProblem, Daemon, RunlevelRecord, StopRequest } from "../../src/control/daemon.ts";
import { methods } from "../../src/control/methods.ts";
import { RollingRestarts } from "../../src/control/rolling-restarts.ts";
import { Session, type Transport } from "../../src/control/session.ts";
import type { Outcome, Trace, Waiter } from "../../src/jobs/messages.ts";
import type { LogPriority } from "../../src/log/priority.ts";
import { type Client, VirtualMachine } from "./virtual-machine.ts";

export const root: Peer = { pid: 50, uid: 0, gid: 0, owner: true };
export const somebody: Peer = { pid: 51, uid: 1000, gid: 1000, owner: false };

export interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: Record<string, unknown>;
  };
}

/** The control side of a virtual machine: sessions whose other end is the test, without any socket. */
export class VirtualControl implements Daemon, Desk {
  readonly machine: VirtualMachine;
  readonly version = "1.2.3";
  readonly startedAt: number;
  readonly pid = 1;
  readonly rolling = new RollingRestarts();
  userMode = false;
  priority: LogPriority = "message";
  state: "booting" | "running" | "stopping" = "running";
  level: RunlevelRecord | null = null;
  readonly stops: StopRequest[] = [];
  readonly failures: string[] = [];
  readonly output = new Map<string, string[]>();
  reloads = 0;
  waitsFor: string | null = null;
  readonly #listeners = new Set<(trace: Trace) => void>();
  readonly #followers = new Map<string, Set<(line: string) => void>>();
  readonly #phases = new Set<() => void>();
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  #lastWaiter = 1_000;

  constructor(jobs: Readonly<Record<string, string>> = {}) {
    this.machine = new VirtualMachine(jobs);
    this.startedAt = this.machine.time;
    this.settle();
  }

  /** What is left of the turn for those who are no owner; tests set it. */
  spent = false;
  full = false;

  isSpent(): boolean {
    return this.spent;
  }

  spend(): void {}

  isFull(): boolean {
    return this.full;
  }

  /** The pid of a client says of which job it is a process. */
  readonly processes = new Map<number, string>();

  classOfProcess(pid: number): string | undefined {
    return this.processes.get(pid);
  }

  processDefaults(): { umask: number; personal: null } {
    return { umask: 0o022, personal: null };
  }

  get daemon(): Daemon {
    return this;
  }
  get world() {
    return this.machine.world;
  }
  now(): number {
    return this.machine.time;
  }

  /** Settles, and tells the listeners what happened. */
  settle(): void {
    this.machine.settle();
    for (const effect of this.machine.effects.splice(0)) {
      if (effect.type === "trace") for (const listener of [...this.#listeners]) listener(effect.what);
    }
  }

  phase() {
    return this.state;
  }
  logPriority(): LogPriority {
    return this.priority;
  }
  setLogPriority(priority: LogPriority): void {
    this.priority = priority;
  }
  reloadConfiguration(): void {
    this.reloads++;
  }
  problems: readonly ConfigurationProblem[] = [];
  configurationProblems(): readonly ConfigurationProblem[] {
    return this.problems;
  }
  notifyDiskWriteable(): void {}
  runlevel(): RunlevelRecord | null {
    return this.level;
  }
  changeRunlevel(
    level: string,
    env: readonly string[],
    previous: string | undefined,
    waiter: Waiter | null,
  ): void {
    const before = previous ?? this.level?.current ?? "N";
    this.level = { previous: before, current: level };
    this.world.emit("runlevel", [`RUNLEVEL=${level}`, `PREVLEVEL=${before}`, ...env], waiter);
  }
  stop(request: StopRequest): void {
    this.stops.push(request);
  }
  reexec(): string | null {
    return null;
  }
  commandLineOf(pid: number): string {
    return `client ${pid}`;
  }
  mainCommand() {
    return this.waitsFor === null ? null : { argv: ["x"], pid: 0, waitsFor: this.waitsFor };
  }
  lastLines(name: string, count: number): string[] {
    return (this.output.get(name) ?? []).slice(-count);
  }
  follow(name: string, listener: (line: string) => void): () => void {
    const followers = this.#followers.get(name) ?? new Set();
    this.#followers.set(name, followers.add(listener));
    return () => followers.delete(listener);
  }
  startingLimit(): number | null {
    return 60;
  }
  onPhase(listener: () => void): () => void {
    this.#phases.add(listener);
    return () => this.#phases.delete(listener);
  }
  /** The boot is over, or the stop begins. */
  enter(phase: "running" | "stopping"): void {
    this.state = phase;
    for (const listener of this.#phases) listener();
    this.#phases.clear();
  }
  onTrace(listener: (trace: Trace) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  bootRecords() {
    return [];
  }
  bootedAt() {
    return null;
  }

  /** A job writes a line. */
  write(name: string, line: string): void {
    for (const listener of this.#followers.get(name) ?? []) listener(line);
  }

  /** Whatever is still held for clients. */
  get held(): number {
    const followers = [...this.#followers.values()].reduce((sum, set) => sum + set.size, 0);
    const waiting = [...this.world.jobs()].reduce((sum, job) => sum + job.waiters.length, 0);
    return this.#listeners.size + this.#timers.size + followers + waiting;
  }

  wait(done: (outcome: Outcome) => void) {
    let told: Outcome | null = null;
    const client: Client = {
      id: ++this.#lastWaiter,
      get outcome() {
        return told;
      },
      set outcome(outcome) {
        told = outcome;
        if (outcome !== null) done(outcome);
      },
    };
    this.machine.clients.push(client);
    return client;
  }

  abandon(waiter: { readonly id: number }): void {
    this.world.tell({ type: "abandoned", waiter });
  }

  after(milliseconds: number, callback: () => void) {
    const timer = { at: this.machine.time + milliseconds, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Time passes, for clients that wait. */
  pass(milliseconds: number): void {
    this.machine.pass(milliseconds);
    for (const timer of [...this.#timers]) {
      if (timer.at > this.machine.time) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
    this.settle();
  }

  failure(what: string, error: unknown): void {
    this.failures.push(`${what}: ${String(error)}`);
  }

  connect(peer: Peer = root): VirtualClient {
    return new VirtualClient(this, peer);
  }
}

/** One client's end. */
export class VirtualClient implements Transport {
  readonly session: Session;
  readonly received: Answer[] = [];
  /** What the session has written, as the lines that they are. */
  readonly lines: string[] = [];
  closed = false;
  isReading = true;
  /** Bytes that this reader has not taken. */
  untaken = 0;
  slow = false;
  readonly #peer: Peer;
  #lastId = 0;

  constructor(control: VirtualControl, peer: Peer) {
    this.#peer = peer;
    this.session = new Session(control, this, methods);
  }

  peer(): Peer {
    return this.#peer;
  }
  send(line: string): void {
    if (this.slow) this.untaken += line.length + 1;
    this.lines.push(line);
    const message = JSON.parse(line) as Answer | Answer[];
    this.received.push(...(Array.isArray(message) ? message : [message]));
  }
  queued(): number {
    return this.untaken;
  }
  finish(): void {
    this.closed = true;
  }
  reading(on: boolean): void {
    this.isReading = on;
  }

  /** Asks; the answer, if it has come at once. */
  ask(method: string, params?: unknown): Answer | undefined {
    const id = ++this.#lastId;
    this.session.receive(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return this.received.find((answer) => answer.id === id);
  }

  /** The result of what is answered at once; throws what was refused. */
  result(method: string, params?: unknown): unknown {
    const answer = this.ask(method, params);
    if (answer === undefined) throw new Error(`${method} was not answered`);
    if (answer.error !== undefined) throw new Error(answer.error.message);
    return answer.result;
  }

  /** Everything received since the last call. */
  take(): Answer[] {
    return this.received.splice(0);
  }
}

/** Lets what was put off until the end of the turn happen. */
export const turn = (): Promise<void> => Promise.resolve().then(() => Promise.resolve());

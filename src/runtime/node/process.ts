import {
  argv,
  blockSignals,
  close,
  EPOLLIN,
  environment,
  epollCreate,
  epollSet,
  epollWait,
  exit,
  getcwd,
  getpid,
  getppid,
  inheritedSignals,
  isTerminal,
  kill,
  pollOne,
  readSignals,
  type SignalSet,
  signalfd,
  windowSize,
  writeText,
} from "upinit:native";
import EventEmitter from "events";
import { signalName, signalNumber, withSignals } from "../signals.ts";
import { setExit } from "./exit.ts";

/** The environment as an object; its keys are outside text, so it has no prototype. */
function environmentObject(): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  for (const entry of environment()) {
    const equals = entry.indexOf("=");
    if (equals > 0) result[entry.slice(0, equals)] ??= entry.slice(equals + 1);
  }
  return result;
}

/** What writes to a standard stream see of it: blocking writes, and the terminal's width if it is one. */
class StandardStream {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  get isTTY(): boolean {
    return isTerminal(this.fd);
  }

  get columns(): number | undefined {
    const size = windowSize(this.fd);
    return typeof size === "number" || size[0] === 0 ? undefined : size[0];
  }

  /** Colours are for people at a terminal that did not say no. */
  hasColors(): boolean {
    return this.isTTY && process.env["TERM"] !== "dumb";
  }

  write(text: string): boolean {
    return writeText(this.fd, text) >= 0;
  }
}

/**
 * The part of Node's `process` that commander and signal-exit use. Signals that have a listener are blocked and read
 * from a signalfd while the command waits (`waitFor`): nothing runs at a moment that it did not choose.
 */
class Process extends EventEmitter {
  readonly platform = "linux";
  readonly argv: string[] = argv();
  readonly execArgv: readonly string[] = [];
  readonly versions: Readonly<Record<string, string>> = {};
  readonly env: Record<string, string> = environmentObject();
  readonly pid: number = getpid();
  readonly ppid: number = getppid();
  readonly stdout = new StandardStream(1);
  readonly stderr = new StandardStream(2);
  exitCode: number | undefined;
  #signalDescriptor = -1;

  get execPath(): string {
    return this.argv[0] ?? "";
  }

  /** The working directory; `/` if it is gone. */
  cwd(): string {
    const path = getcwd();
    return typeof path === "string" ? path : "/";
  }

  /** Tells the listeners of `exit`, then ends. */
  exit(code?: number): never {
    const status = code ?? this.exitCode ?? 0;
    this.exitCode = status;
    this.emit("exit", status);
    return this.reallyExit(status);
  }

  /** Ends without telling anybody; signal-exit puts itself in front of this. */
  reallyExit(status?: number): never {
    return exit(status ?? this.exitCode ?? 0);
  }

  /** Throws Error if the signal could not be sent. */
  kill(pid: number, signal: string | number = "SIGTERM"): boolean {
    const number = typeof signal === "number" ? signal : signalNumber(signal);
    if (number === null || kill(pid, number) < 0) throw new Error(`cannot send ${signal} to process ${pid}`);
    return true;
  }

  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    super.on(event, listener as (...args: unknown[]) => void);
    this.#watchSignals(event);
    return this;
  }

  override addListener(event: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(event, listener);
  }

  override removeListener(event: string | symbol, listener: (...args: never[]) => void): this {
    super.removeListener(event, listener as (...args: unknown[]) => void);
    this.#watchSignals(event);
    return this;
  }

  /** Descriptor that is readable when a signal with a listener has come; -1 if no signal has one. */
  get signalDescriptor(): number {
    return this.#signalDescriptor;
  }

  /** Calls the listeners of the signals that have come. */
  deliverSignals(): void {
    const arrived = new Int32Array(4 * 16);
    const count = readSignals(this.#signalDescriptor, arrived);
    for (let index = 0; index < count; index++) {
      const number = arrived[4 * index] ?? 0;
      const name = `SIG${signalName(number)}`;
      this.emit(name, name, number);
    }
  }

  /** Blocks exactly the signals that have a listener, beyond those that were blocked from the start. */
  #watchSignals(event: string | symbol): void {
    if (typeof event !== "string" || !event.startsWith("SIG") || signalNumber(event) === null) return;
    let watched: SignalSet = [0, 0];
    let mask = inheritedSignals().blocked;
    for (const name of this.eventNames()) {
      const number = typeof name === "string" ? signalNumber(name) : null;
      if (number === null) continue;
      watched = withSignals(watched, number);
      mask = withSignals(mask, number);
    }
    if (this.#signalDescriptor >= 0) close(this.#signalDescriptor);
    this.#signalDescriptor = watched[0] === 0 && watched[1] === 0 ? -1 : signalfd(watched);
    blockSignals(mask);
  }
}

/** The one compatible `process`. */
export const process: Process = new Process();
setExit((status) => process.exit(status));

/**
 * Waits in a command until a descriptor is ready, or so many milliseconds (-1: for ever), and lets the listeners of
 * signals run meanwhile. Gives the events seen, 0 on time-out; a descriptor of -1 only waits.
 */
export function waitFor(fd: number, events: number, timeout: number): number {
  if (process.signalDescriptor < 0 && fd >= 0) return pollOne(fd, events, timeout);
  const epoll = epollCreate();
  try {
    if (fd >= 0) epollSet(epoll, fd, events);
    if (process.signalDescriptor >= 0) epollSet(epoll, process.signalDescriptor, EPOLLIN);
    const ready = new Int32Array(4);
    const count = epollWait(epoll, ready, timeout);
    let seen = 0;
    for (let index = 0; index < count; index++) {
      if (ready[2 * index] === fd) seen = ready[2 * index + 1] ?? 0;
      else process.deliverSignals();
    }
    return seen;
  } finally {
    close(epoll);
  }
}

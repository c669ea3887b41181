import * as native from "upinit:native";
import { type Launched, launch, type Placement } from "./launch.ts";

/** How CMD is run, and what is done with what it gets and gives. */
export interface MainCommandOptions {
  /** The program and its arguments; never empty. */
  readonly command: readonly string[];
  readonly placement: Placement;
  /** Who gets the signals: CMD alone, or its process group. */
  readonly target: "process" | "group";
  /** Signals that are sent as another one; 0 drops. */
  readonly rewrites: ReadonlyMap<number, number>;
  /** Exit statuses that count as 0. */
  readonly remapped: ReadonlySet<number>;
  /** CMD begins with no signal ignored and none blocked, instead of what upinit was given. */
  readonly plainSignals?: boolean;
  /** A variable of CMD's environment that holds CMD's pid, if it is there. */
  readonly pidVariable?: string;
}

/** What a shim tells while it works. Each method is one line at most; a voice has those it has words for. */
export interface Voice {
  spawned?(pid: number, command: readonly string[]): void;
  received?(signal: number): void;
  /** `sent` is what is passed on, 0 if it is dropped. */
  forwarding?(sent: number): void;
  /** Any child that was reaped, CMD as well. */
  reaped?(pid: number, code: number, status: number, isMain: boolean): void;
  /** There is nothing to reap at the moment; whether there are children at all. */
  reapedAll?(areChildrenLeft: boolean): void;
  /** upinit ends. */
  leaving?(): void;
  /** CMD, as process `pid`, could not be executed; returns the status to leave with. */
  cannotExecute(command: readonly string[], errno: number, pid: number): number;
  /**
   * Anything else that failed on the way: the step's name and its errno. `pid` is CMD's, absent as long as there is no
   * process.
   */
  cannotSpawn(step: string, errno: number, pid?: number): number;
  /** A signal may not be sent to CMD; returns the status to leave with, null to go on. */
  cannotSignal?(signal: number, pid: number, errno: number): number | null;
}

/** How CMD ended: the exit status to pass on, and whether it ran at all. */
export interface Ending {
  readonly status: number;
  readonly executed: boolean;
}

/** What goes through a re-exec. */
export interface MainCommandState {
  readonly pid: number;
  readonly statusFd: number;
  readonly startedAt: number;
  readonly foregroundBefore: number;
  readonly inherited: ReturnType<typeof native.inheritedSignals>;
}

/**
 * The exit statuses of what could not be executed, as shells and tini have them: not found 127, found but not
 * executable 126, anything else 1.
 */
export function executionStatus(errno: number): number {
  const ENOENT = 2;
  const EACCES = 13;
  return errno === ENOENT ? 127 : errno === EACCES ? 126 : 1;
}

const ESRCH = 3;

/** The status that stands for how a process ended (waitid's code and status): its own, or 128 + the signal. */
export function statusOf(code: number, status: number): number {
  return code === native.CLD_EXITED ? status : 128 + status;
}

/**
 * CMD, the container's main process: started with everything untouched that upinit was given (environment, working
 * directory, descriptors, signal mask, ignored signals), signalled, and its end judged.
 *
 * Whether its program could be executed is not waited for: the status pipe holds the answer when it ends.
 */
export class MainCommand {
  readonly options: MainCommandOptions;
  readonly voice: Voice;
  /** 0 while it does not run. */
  pid = 0;
  /** When it was started, in monotonic ms. */
  startedAt = 0;
  /** What upinit was given, where its own is another by now; null where it is not. */
  umask: number | null = null;
  /** There are jobs to look after, which can't wait for a program that is slow to be executed. */
  besideJobs = false;
  /** The status to leave with at once, because CMD can't be signalled; null to go on. */
  leaveWith: number | null = null;
  #statusFd = -1;
  /** The status to leave with because CMD could not be executed, once that is known. */
  #refused: number | null = null;
  #foregroundBefore = 0;
  #inherited: ReturnType<typeof native.inheritedSignals>;

  constructor(options: MainCommandOptions, voice: Voice) {
    this.options = options;
    this.voice = voice;
    this.#inherited = options.plainSignals ? { ignored: [0, 0], blocked: [0, 0] } : native.inheritedSignals();
  }

  /** The descriptor that has to stay open while CMD runs, or -1. */
  get statusFd(): number {
    return this.#statusFd;
  }

  /**
   * Starts it. All signals must be blocked already, so that none that comes from now on is lost. Returns null, or
   * the status to leave with if there could be no process.
   */
  start(): number | null {
    const { command, placement, pidVariable } = this.options;
    const launched = launch(command, placement, this.#inherited, {
      waitForExec: !this.besideJobs,
      ...(this.umask === null ? {} : { umask: this.umask }),
      ...(pidVariable === undefined ? {} : { pidVariable }),
    });
    if ("step" in launched) return this.voice.cannotSpawn(launched.step, launched.errno);
    this.goOnWith(launched);
    if (!this.besideJobs) this.#lookAtSetUp();
    return null;
  }

  /** The child is executed, or failed at a step before: what there is to say of the steps that went well. */
  protected setUp(_failed: string | null): void {}

  /** Tells why CMD could not be executed, if that is known by now. */
  #lookAtSetUp(): void {
    const { voice, pid } = this;
    const failure = native.readSpawnFailure(this.#statusFd);
    const [step, errno] = Array.isArray(failure) ? failure : [null, 0];
    this.setUp(step);
    if (step === "exec") this.#refused = voice.cannotExecute(this.options.command, errno, pid);
    else if (step !== null) this.#refused = voice.cannotSpawn(step, errno, pid);
  }

  /** A CMD that is started already. */
  goOnWith({ pid, statusFd, startedAt, foregroundBefore }: Launched): void {
    this.pid = pid;
    this.#refused = null;
    this.#statusFd = statusFd;
    this.startedAt = startedAt;
    this.#foregroundBefore = foregroundBefore;
    this.voice.spawned?.(pid, this.options.command);
  }

  /** What another upinit of the same process needs to go on with it: plain data. */
  state(): MainCommandState {
    const { pid, startedAt } = this;
    const foregroundBefore = this.#foregroundBefore;
    return { pid, statusFd: this.#statusFd, startedAt, foregroundBefore, inherited: this.#inherited };
  }

  /** Goes on with a CMD that was started before a re-exec. */
  restore({ pid, statusFd, startedAt, foregroundBefore, inherited }: MainCommandState): void {
    this.#foregroundBefore = foregroundBefore;
    this.pid = pid;
    this.startedAt = startedAt;
    this.#statusFd = statusFd;
    this.#inherited = inherited;
    if (statusFd >= 0) native.setCloseOnExec(statusFd, true);
  }

  /** Passes a signal on, by way of the rewritings. False if CMD does not run, or is not to get it. */
  forward(signal: number): boolean {
    const sent = this.options.rewrites.get(signal) ?? signal;
    this.voice.forwarding?.(sent);
    return sent !== 0 && this.send(sent);
  }

  /** Sends a signal as it is. */
  send(signal: number): boolean {
    const { pid, options, voice } = this;
    if (pid === 0) return false;
    if (options.target === "group" && native.kill(-pid, signal) >= 0) return true;
    // A child that was forked this moment may not lead its group yet.
    const sent = native.kill(pid, signal);
    if (sent < 0 && sent !== -ESRCH) this.leaveWith = voice.cannotSignal?.(signal, pid, -sent) ?? null;
    return sent >= 0;
  }

  /** To be told that it was reaped, with waitid's code and status. */
  ended(code: number, status: number): Ending {
    // Beside jobs nobody waited for it; else it was told already.
    if (this.#refused === null) this.#lookAtSetUp();
    native.close(this.#statusFd);
    this.#statusFd = -1;
    this.#reclaimTerminal(this.pid);
    this.pid = 0;
    if (this.#refused !== null) return { status: this.#refused, executed: false };
    const own = statusOf(code, status);
    return { status: this.options.remapped.has(own) ? 0 : own, executed: true };
  }

  /** CMD, which was process `pid`, is gone for good and told of: what becomes of those that it left behind. */
  leftBehind(_pid: number, _ending: Ending): void {}

  /** The group of a CMD that is gone stays the terminal's foreground; the next CMD can only get it from upinit. */
  #reclaimTerminal(group: number): void {
    if (this.#foregroundBefore <= 0) return;
    const opened = !native.isTerminal(0);
    const fd = opened ? native.open("/dev/tty", native.O_RDWR | native.O_NOCTTY) : 0;
    if (fd < 0) return;
    if (native.foregroundGroup(fd) === group) native.setForegroundGroup(fd, native.getpgid(0));
    if (opened) native.close(fd);
  }

  /** Gives the terminal back to who had it, for a shell script that goes on after upinit. */
  giveTerminalBack(): void {
    if (this.#foregroundBefore <= 0 || native.getpid() === 1) return;
    const fd = native.isTerminal(0) ? 0 : native.open("/dev/tty", native.O_RDWR | native.O_NOCTTY);
    if (fd >= 0) native.setForegroundGroup(fd, this.#foregroundBefore);
  }
}

import type { MainCommandStatus } from "../control/daemon.ts";
import type { Timer } from "../runtime/reactor.ts";
import type { MainCommand, MainCommandState } from "../shim/main-command.ts";
import type { Respawn } from "../shim/respawn.ts";

/** How CMD stands: not yet begun, running, between two runs (`--respawn`), or over. */
type Phase = "gated" | "running" | "pausing" | "ended";

export interface ForegroundTargets {
  now(): number;
  after(milliseconds: number, callback: () => void): Timer;
  /** CMD is over for good, or could not be run: the status to leave with. */
  ended(status: number): void;
}

/**
 * The main command (CMD) beside jobs: it waits until the boot is over, then it is the container's foreground
 * process, and its end is the container's (docs/design.md#8-main-command).
 */
export class Foreground {
  readonly #command: MainCommand;
  readonly #respawn: Respawn | null;
  readonly #targets: ForegroundTargets;
  #phase: Phase = "gated";
  #gate = "the boot events";
  #status: number | null = null;
  /** Of the run before the pause. */
  #lastStatus: number | null = null;
  #pause: Timer | null = null;

  constructor(command: MainCommand, respawn: Respawn | null, targets: ForegroundTargets) {
    this.#command = command;
    this.#respawn = respawn;
    this.#targets = targets;
  }

  get description(): MainCommandStatus {
    const waitsFor = this.#phase === "gated" ? this.#gate : null;
    return { argv: this.#command.options.command, pid: this.#command.pid, waitsFor };
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.#command.pid;
  }

  get runs(): boolean {
    return this.#phase === "running";
  }

  /** Whether it was started once: there is no gate for it any more. */
  get begun(): boolean {
    return this.#phase !== "gated";
  }

  /** The exit status to pass on, once it has ended or could not be run. */
  get status(): number | null {
    return this.#status;
  }

  /** What it waits for, for who asks. */
  waitFor(what: string): void {
    this.#gate = what;
  }

  /** The boot is over: runs CMD. Does nothing if that was done, or is no longer to be. */
  start(): void {
    if (this.#phase !== "gated" && this.#phase !== "pausing") return;
    const failure = this.#command.start();
    if (failure === null) this.#phase = "running";
    else this.#end(failure);
  }

  /** Takes over a CMD that was started already: by the shim, or before a re-exec. */
  adopt(): void {
    if (this.#command.pid > 0) this.#phase = "running";
    else this.#startAfter(0);
  }

  /** Goes on with the CMD of before a re-exec. */
  restore(state: MainCommandState): void {
    this.#command.restore(state);
    this.adopt();
  }

  /** For a re-exec; null while it has not been started. */
  state(): MainCommandState | null {
    return this.#phase === "running" || this.#phase === "pausing" ? this.#command.state() : null;
  }

  /** It will not be run any more: the container stops. */
  abandon(): void {
    this.#pause?.cancel();
    if (this.#phase !== "gated" && this.#phase !== "pausing") return;
    this.#phase = "ended";
    this.#status ??= this.#lastStatus;
  }

  /** A signal for CMD; false if it does not run. */
  forward(signal: number): boolean {
    return this.#phase === "running" && this.#command.forward(signal);
  }

  /** Its process was reaped, with waitid's code and status. `final`: it is not to be run again. */
  reaped(code: number, status: number, final: boolean): void {
    const ran = this.#targets.now() - this.#command.startedAt;
    const ending = this.#command.ended(code, status);
    this.#lastStatus = ending.status;
    const pause = final || !ending.executed ? null : (this.#respawn?.next(this.#targets.now(), ran) ?? null);
    if (pause === null) this.#end(ending.status);
    else this.#startAfter(pause);
  }

  #startAfter(pause: number): void {
    this.#phase = "pausing";
    this.#pause = this.#targets.after(pause, () => this.start());
  }

  #end(status: number): void {
    this.#phase = "ended";
    this.#status = status;
    this.#targets.ended(status);
  }
}

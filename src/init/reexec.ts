import * as native from "upinit:native";
import type { Outcome, ProcessStatus, Waiter } from "../jobs/messages.ts";
import type { Log } from "../log/log.ts";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { signals } from "../runtime/signals.ts";
import { check, SystemError } from "../runtime/system-error.ts";
import type { InitState } from "./init-state.ts";
import { descriptorsOf, writeState } from "./state-file.ts";

/** What a re-exec needs of PID 1. */
export interface ReexecSystem {
  readonly reactor: Reactor;
  readonly log: Log;
  /**
   * Lets the world come to rest, and tells what is half done all the same: a message on its way, a child between fork
   * and exec. null if nothing is.
   */
  settle(): string | null;
  /** false: the stop of everything has begun meanwhile. */
  mayGoOn(): boolean;
  gather(requester: number): InitState;
  /** The last moment: what the new one can't take over is ended. */
  leave(): void;
  answer(waiter: Waiter, outcome: Outcome): void;
}

/** The new executable as it was opened, and the child that tries the state on it. */
interface Trial {
  readonly waiter: Waiter;
  readonly executable: number;
  readonly path: string;
  readonly pid: number;
  readonly statusFd: number;
  /** Ends a child that takes too long. */
  readonly overdue: Timer;
}

const lookAgain = 10;
/** How long to wait for a quiet moment, in milliseconds. */
const patience = 5_000;
const fallbackPath = "/sbin/upinit";

/**
 * `telinit u`: another executable takes over this process with all its children (docs/design.md#12-re-exec). A child
 * runs the new one with `--check-state` first; only if that understands the state does PID 1 execute it. Until that
 * moment the old one goes on, whatever happens.
 */
export class Reexec {
  readonly #system: ReexecSystem;
  #trial: Trial | null = null;

  constructor(system: ReexecSystem) {
    this.#system = system;
  }

  /** Whether this is the child that tries the state. */
  owns(pid: number): boolean {
    return this.#trial?.pid === pid;
  }

  /** Begins. A text is the reason why it can't. */
  begin(waiter: Waiter): string | null {
    if (this.#trial !== null) return "init is executing itself already";
    try {
      this.#trial = this.#try(waiter);
      return null;
    } catch (error) {
      if (error instanceof SystemError) return `cannot execute init again: ${error.message}`;
      throw error;
    }
  }

  /** The child is over. */
  childEnded(status: ProcessStatus): void {
    const trial = this.#trial;
    if (trial === null || (status.type !== "exited" && status.type !== "killed")) return;
    native.close(trial.statusFd);
    trial.overdue.cancel();
    const { reactor } = this.#system;
    const deadline = reactor.now() + patience;
    // Not from inside the reaper, which has not given this child's pid back yet.
    if (status.type === "exited" && status.status === 0)
      reactor.after(0, () => this.#whenQuiet(trial, deadline));
    else this.#giveUp(trial, `${trial.path} does not understand the state of this one`);
  }

  #try(waiter: Waiter): Trial {
    const path = executablePath();
    const executable = check(native.open(path, native.O_PATH), "open", path);
    try {
      const [pid, statusFd] = this.#spawnTrial(path, waiter);
      const overdue = this.#system.reactor.after(patience, () => native.kill(pid, signals.SIGKILL));
      return { waiter, executable, path, pid, statusFd, overdue };
    } catch (error) {
      native.close(executable);
      throw error;
    }
  }

  #spawnTrial(path: string, waiter: Waiter): readonly [pid: number, statusFd: number] {
    const state = writeState(this.#system.gather(waiter.id));
    const spawned = native.spawn({
      file: path,
      argv: [path, "--check-state", "3", ...ownArguments()],
      env: native.environment(),
      descriptors: [
        [2, 2],
        [3, state],
      ],
      open: [
        [0, "/dev/null", native.O_RDWR],
        [1, "/dev/null", native.O_RDWR],
      ],
    });
    native.close(state);
    return check(spawned, "fork", path);
  }

  /** Children that are being started, and traced ones, could not be handed over; they take a moment only. */
  #whenQuiet(trial: Trial, deadline: number): void {
    const { reactor } = this.#system;
    const unrest = this.#system.settle();
    if (!this.#system.mayGoOn()) this.#giveUp(trial, "init is stopping");
    else if (unrest === null) this.#execute(trial);
    else if (reactor.now() < deadline) reactor.after(lookAgain, () => this.#whenQuiet(trial, deadline));
    else this.#giveUp(trial, unrest);
  }

  #execute(trial: Trial): void {
    try {
      this.#executeNow(trial);
    } catch (error) {
      this.#giveUp(trial, error instanceof Error ? error.message : String(error));
    }
  }

  #executeNow(trial: Trial): void {
    const state = this.#system.gather(trial.waiter.id);
    const fd = writeState(state);
    const descriptors = descriptorsOf(state);
    for (const descriptor of descriptors) native.setCloseOnExec(descriptor, false);
    this.#system.log.info(`Executing ${trial.path}`);
    this.#system.leave();
    this.#system.log.flush();
    const error = native.exec(
      trial.executable,
      [native.argv()[0] ?? trial.path, "--restart", "--state-fd", String(fd), ...ownArguments()],
      native.environment(),
    );
    // Still here: everything goes on as it was.
    for (const descriptor of descriptors) native.setCloseOnExec(descriptor, true);
    native.close(fd);
    this.#giveUp(trial, `${trial.path}: ${native.errorText(-error)}`);
  }

  #giveUp(trial: Trial, reason: string): void {
    this.#trial = null;
    native.close(trial.executable);
    this.#system.log.error(`Not executed again: ${reason}`);
    const message = `cannot execute init again: ${reason}`;
    this.#system.answer(trial.waiter, { ok: false, error: "JobFailed", message });
  }
}

/** Where the executable is; it may have been replaced since this one was started, which is the point. */
function executablePath(): string {
  const link = native.readlink("/proc/self/exe");
  if (typeof link === "string")
    return link.endsWith(" (deleted)") ? link.slice(0, -" (deleted)".length) : link;
  const called = native.argv()[0] ?? "";
  return called.startsWith("/") ? called : fallbackPath;
}

/** The command line as the user gave it, without what an earlier re-exec put in front. */
function ownArguments(): readonly string[] {
  const args = native.argv().slice(1);
  return args[0] === "--restart" ? args.slice(3) : args;
}

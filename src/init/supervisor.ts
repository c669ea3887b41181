import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import type { Effect, Outcome, TimerKind, Trace, Waiter } from "../jobs/messages.ts";
import { displayName, type World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Processes } from "../processes/processes.ts";
import { ESRCH } from "../runtime/errno.ts";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { signalName } from "../runtime/signals.ts";

/** Where the effects of the world go. */
export interface EffectTargets {
  readonly processes: Processes;
  readonly log: Log;
  answer(waiter: Waiter, outcome: Outcome): void;
  finished(job: Job, failed: boolean, exitStatus: number): void;
  destroyed(job: Job): void;
  trace(trace: Trace): void;
}

/** Carries out what the world wants done, in order, until it wants nothing more. */
export class Supervisor {
  readonly #world: World;
  readonly #reactor: Reactor;
  readonly #targets: EffectTargets;
  readonly #timers = new Map<string, Timer>();
  /** Goes on with what the last `settle` was not done with. */
  #rest: Timer | null = null;

  constructor(world: World, reactor: Reactor, targets: EffectTargets) {
    this.#world = world;
    this.#reactor = reactor;
    this.#targets = targets;
  }

  /**
   * Runs the world to a standstill. Each effect is guarded: one that fails harms nobody else. Jobs that follow each
   * other without end are gone on with in a later turn, so that everybody else has his.
   */
  settle(): void {
    let effects: Effect[];
    do {
      effects = this.#world.run();
      for (const effect of effects) {
        if (!this.#reactor.guard(effect.type, () => this.#carryOut(effect))) this.#failed(effect);
      }
    } while (effects.length > 0 && !this.#world.isBusy);
    if (this.#world.isBusy && this.#rest === null) {
      this.#rest = this.#reactor.after(0, () => {
        this.#rest = null;
        this.settle();
      });
    }
  }

  /** A start that was not carried out fails its job, so that nobody waits for it for ever. */
  #failed(effect: Effect): void {
    if (effect.type !== "spawn") return;
    const { job, process } = effect;
    this.#world.tell({ type: "spawn-failed", job, process, reason: "internal error", exitStatus: 1 });
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "spawn":
        this.#targets.processes.launcher.launch(effect.job, effect.process, effect.env);
        break;
      case "kill":
        this.#kill(effect.job, effect.pid, effect.signal, effect.group);
        break;
      case "probe":
        this.#targets.processes.prober?.start(effect);
        break;
      case "probe-cancel":
        this.#targets.processes.prober?.cancel(effect.job);
        break;
      case "timer":
        this.#setTimer(effect.job, effect.timer, effect.after);
        break;
      case "timer-cancel":
        this.#cancelTimer(effect.job, effect.timer);
        break;
      case "answer":
        this.#targets.answer(effect.waiter, effect.outcome);
        break;
      case "log":
        this.#targets.log.write(effect.priority, effect.text, effect.job && { job: displayName(effect.job) });
        break;
      case "finished":
        this.#targets.finished(effect.job, effect.failed, effect.exitStatus);
        break;
      case "destroyed":
        this.#targets.destroyed(effect.job);
        break;
      case "trace":
        this.#targets.trace(effect.what);
        break;
    }
  }

  /**
   * Reference 6.2: the group if there is one, else the process; a process that is gone already is no error. Whose end
   * was told meanwhile has been reaped, so its pid may be somebody else's by now.
   */
  #kill(job: Job, pid: number, signal: number, group: boolean): void {
    if (this.#world.jobOfPid(pid)?.job !== job || this.#targets.processes.isGone(pid)) return;
    const pgid = group ? native.getpgid(pid) : -ESRCH;
    const result = native.kill(pgid > 0 ? -pgid : pid, signal);
    if (result >= 0) return;
    if (result === -ESRCH) {
      this.#world.tell({ type: "gone", pid });
      return;
    }
    this.#targets.log.write(
      "warn",
      `Failed to send ${signalName(signal)} signal to ${displayName(job)} main process (${pid}): ${native.errorText(-result)}`,
    );
  }

  #setTimer(job: Job, kind: TimerKind, after: number): void {
    this.#cancelTimer(job, kind);
    const key = timerKey(job, kind);
    const timer = this.#reactor.after(after, () => {
      this.#timers.delete(key);
      this.#world.tell({ type: "timer", job, timer: kind });
    });
    this.#timers.set(key, timer);
  }

  #cancelTimer(job: Job, kind: TimerKind): void {
    const key = timerKey(job, kind);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }
}

function timerKey(job: Job, kind: TimerKind): string {
  return `${job.id} ${kind}`;
}

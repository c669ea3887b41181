/** After CMD is started: passes signals on, reaps, and leaves with CMD's status. Needs to hurry for nobody. */
import * as native from "upinit:native";
import { Reactor, type Timer } from "../runtime/reactor.ts";
import { signals } from "../runtime/signals.ts";
import type { LoopDescriptors } from "./launch.ts";
import type { Ending, MainCommand } from "./main-command.ts";
import type { Respawn } from "./respawn.ts";

/** What people stop a process with; 37 is SIGRTMIN+3, with which systemd containers are stopped. */
const stopSignals: readonly number[] = [signals.SIGTERM, signals.SIGINT, signals.SIGQUIT, 37];

/** How many children are reaped in one turn, so that a storm of orphans keeps no signal waiting. */
const reapedInOneTurn = 1000;

export interface LoopOptions {
  readonly respawn: Respawn | null;
  /** Beside the usual ones, a signal that means stop. */
  readonly stopSignal: number;
  /** Gets what the loop has to say about respawning. */
  readonly say: (text: string) => void;
}

/** The shim at work. It ends the process itself, by way of the reactor. */
export class Loop {
  readonly reactor: Reactor;
  readonly main: MainCommand;
  readonly #options: LoopOptions;
  readonly #child = new Int32Array(3);
  #respawnTimer: Timer | null = null;
  #lastStatus = 0;
  /** Whether CMD was told to stop, so that its end is the container's end. */
  #stopping = false;
  #released = false;

  constructor(main: MainCommand, descriptors: LoopDescriptors, options: LoopOptions) {
    // First: the reactor opens the signals of faults, which would kill a process without this guard.
    native.guardInit();
    this.reactor = new Reactor({ descriptors });
    this.main = main;
    this.#options = options;
  }

  start(): void {
    this.reactor.onSignal(signals.SIGCHLD, () => {
      this.main.voice.received?.(signals.SIGCHLD);
      this.#reap();
    });
    this.reactor.onAnySignal(({ signal }) => this.#forward(signal));
    this.reactor.start();
  }

  #forward(signal: number): void {
    if (this.#released) return;
    this.main.voice.received?.(signal);
    if (this.#isStop(signal)) this.#stopping = true;
    const { main } = this;
    if (main.pid !== 0) main.forward(signal);
    else if (this.#stopping) this.reactor.stop(this.#lastStatus);
    if (main.leaveWith !== null) this.reactor.stop(main.leaveWith);
  }

  #isStop(signal: number): boolean {
    return stopSignals.includes(signal) || signal === this.#options.stopSignal;
  }

  /** Everything that is there, CMD and orphans alike. CMD's end is acted upon when all of it is reaped. */
  #reap(): void {
    if (this.#released) return;
    const child = this.#child;
    const { main } = this;
    let ending: Ending | null = null;
    let left = reapedInOneTurn;
    let found = 0;
    while (left > 0) {
      found = native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOHANG, child);
      if (found < 0 || child[0] === 0) break;
      left--;
      const pid = child[0] as number;
      const code = child[1] as number;
      const status = child[2] as number;
      if (pid === main.pid) ending = this.#mainReaped(code, status);
      else main.voice.reaped?.(pid, code, status, false);
    }
    if (left === 0) this.reactor.after(0, () => this.#reap());
    else main.voice.reapedAll?.(found >= 0);
    if (ending !== null) this.#ended(ending);
  }

  /** A CMD that could not be executed ends, for whoever is told, with the status that upinit leaves with. */
  #mainReaped(code: number, status: number): Ending {
    const { main } = this;
    const { pid } = main;
    const ending = main.ended(code, status);
    if (ending.executed) main.voice.reaped?.(pid, code, status, true);
    else main.voice.reaped?.(pid, native.CLD_EXITED, ending.status, true);
    main.leftBehind(pid, ending);
    return ending;
  }

  #ended(ending: Ending): void {
    const ran = this.reactor.now() - this.main.startedAt;
    this.#lastStatus = ending.status;
    const { respawn } = this.#options;
    const isOver = respawn === null || this.#stopping || !ending.executed;
    const pause = isOver ? null : respawn.next(this.reactor.now(), ran);
    if (pause === null) {
      if (!isOver) this.#options.say("the main process respawns too fast, stopped");
      this.#leave(ending.status);
      return;
    }
    this.#options.say(`the main process ended with status ${ending.status}, respawning`);
    this.#respawnTimer = this.reactor.after(pause, () => this.#startAgain());
  }

  #startAgain(): void {
    const refused = this.main.start();
    if (refused !== null) this.#leave(refused);
  }

  #leave(status: number): void {
    this.main.voice.leaving?.();
    this.main.giveTerminalBack();
    this.reactor.stop(status);
  }

  get respawn(): Respawn | null {
    return this.#options.respawn;
  }

  /** Another takes everything over: CMD must not be signalled, reaped or started by both. */
  release(): void {
    this.#released = true;
    this.#respawnTimer?.cancel();
  }
}

/** What the shim gives to the init room when a control client connects or a job file appears. */
import type { Reactor } from "../runtime/reactor.ts";
import type { MainCommand } from "./main-command.ts";
import type { Scan } from "./options.ts";
import type { Respawn } from "./respawn.ts";

/** A listening control socket: the descriptor, and its path (a leading NUL names the abstract space). */
export interface ControlListener {
  readonly fd: number;
  readonly path: string;
}

export interface Handover {
  /**
   * The running loop. Signals and deaths are the shim's until the promise of `Upgrade` is fulfilled, so the init room
   * may take its time; it registers its own handlers just before that.
   */
  readonly reactor: Reactor;
  /** The command line, as it was scanned. */
  readonly scan: Scan & { readonly ok: true };
  /** argv as the program was called. */
  readonly argv: readonly string[];
  /** CMD, started; its pid is 0 only while a respawn waits for its time. */
  readonly mainCommand: MainCommand;
  /** `--respawn`, or null: asked when CMD ended, for the pause before the next start. */
  readonly respawn: Respawn | null;
  /** The control socket, with a client waiting in its queue if that is the reason; null if none could be made. */
  readonly listener: ControlListener | null;
  readonly reason: "client" | "job";
}

/**
 * Loads the init room and gives everything over to it. If that fails, the promise is rejected with nothing changed,
 * and the shim goes on as a shim.
 */
export type Upgrade = (handover: Handover) => Promise<void>;

/** What the shim is given by who loads it, so that it never imports the init room itself. */
export interface Surroundings {
  /** Runs the init room instead: jobs, no CMD, or something to do that is no init at all. */
  readonly init: (argv: readonly string[]) => Promise<number>;
  readonly upgrade: Upgrade;
}

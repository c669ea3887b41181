import type { Trace, Waiter } from "../jobs/messages.ts";
import type { World } from "../jobs/world.ts";
import type { LogPriority } from "../log/priority.ts";
import type { BootRecord } from "./boot-record.ts";

/** How the container (or session) is to end; what `shutdown`, `telinit 0|6`, `halt`, `reboot` ask for. */
export interface StopRequest {
  /** `0` for halt and power off, `6` for reboot: the RUNLEVEL of the event. */
  readonly runlevel: "0" | "6";
  /** Further `KEY=VALUE` of the runlevel event: `INIT_HALT=POWEROFF`, and what `telinit -e` adds. */
  readonly env: readonly string[];
  /** PREVLEVEL, when the caller's own environment names one; else PID 1's record. */
  readonly previous?: string;
  /** `-f`: no waiting for jobs; everything is killed and the container ends. */
  readonly force?: boolean;
}

/** Previous and current run level. `previous` is `N` before the first; null when none was ever entered. */
export interface RunlevelRecord {
  readonly previous: string;
  readonly current: string;
}

/** The container's main process (CMD), for `health`, `explain` and `top`. */
export interface MainCommandStatus {
  readonly argv: readonly string[];
  /** 0 while it is not started yet. */
  readonly pid: number;
  /** Why it is not started yet (the boot gate), else null. */
  readonly waitsFor: string | null;
}

/** A job file that could not be read, as it was reported. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly line: number | null;
  readonly message: string;
}

/**
 * PID 1 as the control methods see it. Implemented in `src/init`; everything here returns at once and never throws
 * for a request that is merely impossible.
 */
export interface Daemon {
  readonly world: World;
  /** A session init (`--user`): its environment may be changed, and `check-config` knows `session-end`. */
  readonly userMode: boolean;
  /** upinit's own version, `1.0.0`. */
  readonly version: string;
  /**
   * Seconds after which a job that is still on its way up is not well, where it has no `start timeout`; null: never
   * (`--starting-limit`).
   */
  startingLimit(): number | null;
  /** Monotonic milliseconds at which this PID 1 began (kept over a re-exec). */
  readonly startedAt: number;
  now(): number;
  /** Runs the world to a standstill and carries its effects out. Called after each request that changed it. */
  settle(): void;
  phase(): "booting" | "running" | "stopping";
  logPriority(): LogPriority;
  setLogPriority(priority: LogPriority): void;
  /** Reads the configuration directories again, at once; problems go to the log. */
  reloadConfiguration(): void;
  /** What the last reading of the configuration complained about. */
  configurationProblems(): readonly ConfigurationProblem[];
  /** `notify-disk-writeable`: job output that is held back may go to files now. */
  notifyDiskWriteable(): void;
  runlevel(): RunlevelRecord | null;
  /**
   * Emits `runlevel RUNLEVEL=level PREVLEVEL=previous env…` for who waits, and records it. Levels 0 and 6 come as
   * `stop`.
   */
  changeRunlevel(
    level: string,
    env: readonly string[],
    previous: string | undefined,
    waiter: Waiter | null,
  ): void;
  /** Begins the stop (docs/design.md#10-stop). The answer to the client that asked leaves before the end. */
  stop(request: StopRequest): void;
  /**
   * `telinit u`: begins the re-exec. A text is the reason why it can't be done; otherwise the waiter is answered by
   * the upinit that took over, or by this one if none could.
   */
  reexec(waiter: Waiter): string | null;
  /** What jobs get that say nothing of it: the umask, and the personal variables of init's own user. */
  processDefaults(): { readonly umask: number; readonly personal: string[] | null };
  mainCommand(): MainCommandStatus | null;
  /** The class of the job whose process this is, or a child of it; undefined where nothing requires anything. */
  classOfProcess(pid: number): string | undefined;
  /** The command line of a process, cut where it is long; "" if it cannot be read. */
  commandLineOf(pid: number): string;
  /** Last lines of captured output of a job instance (by display name), oldest first. Bytes as in `upinit:native`. */
  lastLines(displayName: string, count: number): string[];
  /** Each further line of captured output; the returned function ends it. */
  follow(displayName: string, listener: (line: string) => void): () => void;
  /** Calls once, when the phase changes; the returned function takes it back. */
  onPhase(listener: () => void): () => void;
  /** Every trace of the world, in order; the returned function ends it. A listener must not change the world. */
  onTrace(listener: (trace: Trace) => void): () => void;
  /** What happened since `startedAt`, for `initctl boot`; kept by a `BootRecorder`. */
  bootRecords(): readonly BootRecord[];
  /** When the boot was over, in milliseconds since `startedAt`; null before. */
  bootedAt(): number | null;
}

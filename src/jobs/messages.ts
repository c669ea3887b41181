import type { LogPriority } from "../log/priority.ts";
import type { Job } from "./job.ts";
import type { Probe, ProcessName } from "./job-class.ts";

/** How a process ended, or stopped. */
export type ProcessStatus =
  | { readonly type: "exited"; readonly status: number }
  /** `detail`: why, where that is known. */
  | { readonly type: "killed"; readonly signal: number; readonly detail?: string | undefined }
  | { readonly type: "stopped"; readonly signal: number }
  | { readonly type: "continued" };

/**
 * Somebody who waits for an operation to end: a control client's request, or PID 1 itself at boot. The world keeps
 * the object and gives it back, once, in an `answer` effect; `id` is what survives a re-exec.
 */
export interface Waiter {
  readonly id: number;
  /** The class of the job whose process waits, where that is known. */
  readonly by?: string;
}

export type RequestError =
  | "UnknownJob"
  | "UnknownInstance"
  | "AlreadyStarted"
  | "AlreadyStopped"
  | "NotRunning"
  | "JobFailed"
  | "EventFailed"
  | "InvalidArgs";

export type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly error: RequestError;
      /** Upstart's line. */
      readonly message: string;
      /** What upinit adds to it, for people. */
      readonly hint?: string;
    };

/**
 * What the world wants done outside. Effects are carried out in order by the supervisor after each run of the
 * mailbox; nothing is done while the world is changing, so nothing re-enters.
 */
export type Effect =
  /** Start this process of the instance; answered by `started` or `spawn-failed`. The environment is complete. */
  | {
      readonly type: "spawn";
      readonly job: Job;
      readonly process: ProcessName;
      readonly env: readonly string[];
    }
  /** Signal a process, or (group) its process group. */
  | {
      readonly type: "kill";
      readonly job: Job;
      readonly pid: number;
      readonly signal: number;
      readonly group: boolean;
    }
  /** Tries a probe of the job for at most so many milliseconds; comes back as a `probed` message. */
  | {
      readonly type: "probe";
      readonly job: Job;
      readonly id: number;
      readonly probe: Probe;
      readonly env: readonly string[];
      readonly timeout: number;
    }
  /** Ends all that is tried for the job; nothing comes back. */
  | { readonly type: "probe-cancel"; readonly job: Job }
  /** One timer per job and kind; setting replaces, `after` is milliseconds. Comes back as a `timer` message. */
  | { readonly type: "timer"; readonly job: Job; readonly timer: TimerKind; readonly after: number }
  | { readonly type: "timer-cancel"; readonly job: Job; readonly timer: TimerKind }
  | { readonly type: "answer"; readonly waiter: Waiter; readonly outcome: Outcome }
  | { readonly type: "log"; readonly priority: LogPriority; readonly text: string; readonly job?: Job }
  /** A running instance's main process ended for good, for `shutdown on …` and `--exit-code-from`. */
  | { readonly type: "finished"; readonly job: Job; readonly failed: boolean; readonly exitStatus: number }
  /** The instance is gone; whatever is held for it (log, timers, leftovers) can go. */
  | { readonly type: "destroyed"; readonly job: Job }
  /** For `initctl watch` and `boot`: every goal and state change, event and process exit, in order. */
  | { readonly type: "trace"; readonly what: Trace };

export type Trace =
  | { readonly type: "goal"; readonly job: Job; readonly from: string; readonly to: string }
  | { readonly type: "state"; readonly job: Job; readonly from: string; readonly to: string }
  | {
      readonly type: "event";
      readonly name: string;
      readonly env: readonly string[];
      readonly progress: "handling" | "finished";
      readonly failed: boolean;
    }
  | {
      readonly type: "process";
      readonly job: Job;
      readonly process: ProcessName;
      readonly pid: number;
      readonly status: ProcessStatus | null;
    };

export type TimerKind = "kill" | "respawn" | "watchdog" | "start" | "run" | "stop" | "hook" | "probe";

/**
 * How a try of a probe went. `unknown`: upinit itself lacked what it takes. `error`: its program can't be executed, or
 * its address can't be made of the job's variables.
 */
export type ProbeOutcome = "good" | "bad" | "unknown" | "error";

/** What happens outside and is told to the world; put into the mailbox by `World.tell`. */
export type Message =
  /** Forked; not yet executed. */
  | { readonly type: "started"; readonly job: Job; readonly process: ProcessName; readonly pid: number }
  /** What was forked could not be set up, and is going to be forked again in another way: its end means nothing. */
  | { readonly type: "withdrawn"; readonly job: Job; readonly process: ProcessName }
  /** The program was executed. */
  | { readonly type: "executed"; readonly job: Job; readonly process: ProcessName }
  /**
   * `reason` is Upstart's text (docs/upstart.md#73-set-up). `exitStatus` is 127, 126 or 1, for the container's status.
   */
  | {
      readonly type: "spawn-failed";
      readonly job: Job;
      readonly process: ProcessName;
      readonly reason: string;
      /** What Upstart's text does not name: the program, directory, user or capability. */
      readonly detail?: string;
      readonly exitStatus: number;
    }
  | { readonly type: "process"; readonly pid: number; readonly status: ProcessStatus }
  /**
   * The process does not exist any more and nobody will say how it ended: a signal to it gave ESRCH. Upstart waits
   * for such a one without end.
   */
  | { readonly type: "gone"; readonly pid: number }
  /** `expect` is satisfied. `expect stop` needs no message: the world sees the process stop, and continues it. */
  | { readonly type: "ready"; readonly job: Job }
  /** The supervised pid of main changed (`expect fork`, `MAINPID=`). */
  | { readonly type: "main-pid"; readonly job: Job; readonly pid: number }
  /** A try of a probe is over. */
  | {
      readonly type: "probed";
      readonly job: Job;
      readonly id: number;
      readonly outcome: ProbeOutcome;
      readonly reason: string;
    }
  /** A sign of life, for `watchdog`. */
  | { readonly type: "alive"; readonly job: Job }
  | { readonly type: "timer"; readonly job: Job; readonly timer: TimerKind }
  /** The waiter's client went away: forget it. */
  | { readonly type: "abandoned"; readonly waiter: Waiter };

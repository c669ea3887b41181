import type { Condition } from "../events/condition.ts";

/** The processes of a job, in the order in which `status` lists them (docs/upstart.md#1-terms). */
export const processNames = ["main", "pre-start", "post-start", "pre-stop", "post-stop", "security"] as const;
export type ProcessName = (typeof processNames)[number];

/** `exec COMMAND` or the text of a `script` block. */
export interface ProcessDefinition {
  readonly script: boolean;
  readonly command: string;
  /** `argv [...]`: exact arguments; `command` is then its text. */
  readonly argv?: readonly string[] | undefined;
}

export interface JobDirectory {
  /** Absolute. */
  readonly path: string;
  /** null: 0755. */
  readonly mode: number | null;
}

export type Expectation = "none" | "stop" | "fork" | "daemon" | "notify";
/** `group`: both to the process group. `process`: both to main. `mixed`: the signal to main, SIGKILL to the group. */
export type KillMode = "group" | "process" | "mixed";
export type ConsoleMode = "none" | "log" | "output" | "owner";
/** `soft`: a respawn or restart of that job does not touch this one. */
export interface Requirement {
  readonly job: string;
  readonly soft: boolean;
}
/** What is looked at: an address, a path, a pattern or a command. */
export interface Probe {
  readonly kind: "tcp" | "unix" | "http" | "file" | "log" | "exec" | "script" | "argv";
  readonly text: string;
}
export type CheckAction = "restart" | "stop" | "shutdown" | "none";
/** Names as in the `limit` stanza (docs/upstart.md#210-values). */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/**
 * The template that a `.conf` file defines (docs/upstart.md#1-terms, docs/upstart.md#29-stanzas). Plain data; made by
 * the configuration reader, never changed afterwards. `null` is "the stanza is absent".
 */
export interface JobClass {
  readonly name: string;
  /** The file it came from, for messages. */
  readonly path: string;
  readonly description: string | null;
  readonly author: string | null;
  readonly version: string | null;
  readonly usage: string | null;
  readonly startOn: Condition | null;
  readonly stopOn: Condition | null;
  /** `manual`, and no `start on` after it. */
  readonly manual: boolean;
  /** Ours: `requires [soft] JOB…`: it runs only while these do (docs/requirements.md). */
  readonly requires: readonly Requirement[];
  /** Ours: `after JOB…`: it starts after those of them that start, and stops before them. */
  readonly after: readonly string[];
  /** Ours: `ready …`: it counts as started when this succeeds (docs/probes.md). */
  readonly ready: Probe | null;
  /** Ours: `ready every SECONDS`; null: 0.1 s, growing to 1 s. */
  readonly readyEvery: number | null;
  /** Ours: `check …`, tried `check every` so many seconds while it runs. */
  readonly checks: readonly Probe[];
  readonly checkEvery: number;
  /** Seconds. */
  readonly checkTimeout: number;
  /** How many failures in a row make it unhealthy, and what follows. */
  readonly checkFailures: number;
  readonly checkAction: CheckAction;
  /** Ours: `replicas N`; its instances are then named 1 to N. */
  readonly replicas: number | null;
  /** Ours: `schedule …`, as written: cron's fields, @name or `every SECONDS` (docs/schedules.md). */
  readonly schedules: readonly string[];
  /** Ours: `schedule jitter SECONDS`. */
  readonly scheduleJitter: number | null;
  readonly emits: readonly string[];
  readonly processes: Readonly<Partial<Record<ProcessName, ProcessDefinition>>>;
  readonly expect: Expectation;
  readonly task: boolean;
  readonly respawn: boolean;
  /** 0 in either means unlimited. Interval in seconds. */
  readonly respawnLimit: { readonly count: number; readonly interval: number };
  /** Ours: `respawn backoff MIN MAX`, seconds. */
  readonly respawnBackoff: { readonly min: number; readonly max: number } | null;
  /** Exit statuses, and signals shifted left by 8 (docs/upstart.md#45-exit-statuses). */
  readonly normalExit: readonly number[];
  /** Text of the `instance` stanza; "" for a singleton. */
  readonly instance: string;
  /** `KEY=VALUE`, or a bare `KEY` that is taken from init's own environment. */
  readonly env: readonly string[];
  readonly export: readonly string[];
  readonly killSignal: number;
  /** Seconds. */
  readonly killTimeout: number;
  /** Ours: `kill mode`: who gets the kill signal and SIGKILL (docs/timeouts.md). */
  readonly killMode: KillMode;
  /** Ours: `start timeout SECONDS`, from the end of `starting` to `running`; null: `--start-timeout`, else none. */
  readonly startTimeout: number | null;
  /** Ours: `stop timeout SECONDS`, from goal stop to `waiting`. */
  readonly stopTimeout: number | null;
  /** Ours: `run timeout SECONDS`, for the main process. */
  readonly runTimeout: number | null;
  readonly reloadSignal: number;
  /** null: the daemon's default (`--default-console`, else log). */
  readonly console: ConsoleMode | null;
  /** `console log pty`: it writes to a pseudo terminal instead of a pipe. */
  readonly logPty: boolean;
  readonly umask: number | null;
  readonly nice: number | null;
  readonly oomScore: number | null;
  readonly limits: ReadonlyMap<string, ResourceLimit>;
  readonly chroot: string | null;
  readonly chdir: string | null;
  readonly setuid: string | null;
  readonly setgid: string | null;
  /** Ours: `mkdir PATH [MODE]`, made before the first process of a start. */
  readonly directories: readonly JobDirectory[];
  /** Ours: `hooks as root`: the four hooks keep init's identity. */
  readonly hooksAsRoot: boolean;
  /** Ours: `no new privileges` (PR_SET_NO_NEW_PRIVS of prctl(2)). */
  readonly noNewPrivileges: boolean;
  /** Ours: `capabilities NAME…`: what is kept, without CAP_; null: all that init has. */
  readonly capabilities: readonly string[] | null;
  readonly debug: boolean;
  readonly apparmorLoad: string | null;
  readonly apparmorSwitch: string | null;
  /** Argument lists of `cgroup` stanzas, kept for printing; without effect. */
  readonly cgroups: readonly (readonly string[])[];
  /** Ours: `watchdog SECONDS`, with `expect notify`. */
  readonly watchdog: number | null;
  /** Ours: `kill leftovers`. */
  readonly killLeftovers: boolean;
  /** Ours: `shutdown on failure|success|exit`. */
  readonly shutdownOn: "failure" | "success" | "exit" | null;
}

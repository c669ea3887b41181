import type { ConditionState } from "../events/condition-state.ts";
import type { Environment } from "../events/environment.ts";
import type { Event } from "../events/event.ts";
import type { Cause } from "./cause.ts";
import type { JobClass, ProcessName } from "./job-class.ts";
import type { ProcessStatus, Waiter } from "./messages.ts";
import type { ProbeState } from "./probe-state.ts";
import type { Goal, State } from "./states.ts";

/** Waits for an event to finish: the job that emitted it for itself, or a request. */
export type EventWaiter =
  | { readonly type: "job"; readonly job: Job }
  /** `early`: is told when no job blocks the event any more, even if a half-fulfilled condition still holds it. */
  | { readonly type: "request"; readonly waiter: Waiter; readonly early: boolean };

export type JobEvent = Event<EventWaiter>;

/**
 * Waits for a job to arrive at its goal (docs/upstart.md#55-blocking, docs/upstart.md#93-waiting): an event that moved
 * it, or a request.
 */
export type JobWaiter =
  | { readonly type: "event"; readonly event: JobEvent }
  | { readonly type: "start" | "stop" | "restart"; readonly waiter: Waiter };

/**
 * What is recorded of the first failure of a run (docs/upstart.md#57-job-events, docs/upstart.md#47-failure). `status`
 * is null where nothing exited.
 */
export interface Failure {
  /** `requires`: what it requires failed, or can't be. */
  readonly process: ProcessName | "respawn" | "requires";
  readonly status: ProcessStatus | null;
  /** What upinit ended it for (a `FailureReason`), or why it could not be executed; null where it ended by itself. */
  readonly reason: string | null;
}

export const failureReasons = [
  "start timeout",
  "run timeout",
  "stop timeout",
  "watchdog timeout",
  "not killable",
  "unknown exit status",
] as const;
export type FailureReason = (typeof failureReasons)[number];

/** How the run ended by itself, with the exit status that stands for it. */
export interface Ending {
  readonly failed: boolean;
  readonly exitStatus: number;
}

export const nobody: readonly JobWaiter[] = [];
const nothing: Environment = [];

/**
 * An instance of a job class (docs/upstart.md#1-terms): it exists from its first start until it is in `waiting` again.
 * Plain data; `lifecycle.ts` and `happenings.ts` change it. Times are monotonic milliseconds.
 */
export class Job {
  readonly id: number;
  readonly jobClass: JobClass;
  readonly instance: string;
  goal: Goal = "stop";
  state: State = "waiting";
  /** When it entered this state. */
  since: number;
  /** Live processes. */
  readonly pids = new Map<ProcessName, number>();
  /** The process that is asked for and has not been executed yet. */
  spawning: ProcessName | null = null;
  /** What its processes get, but for UPSTART_JOB and UPSTART_INSTANCE. */
  env: Environment = nothing;
  /** Becomes `env` on entering `starting`. */
  startEnv: Environment | null = null;
  /** What of it came with its start: by hand, or of the events. */
  given: Environment = nothing;
  /** What pre-stop and post-stop get on top. */
  stopEnv: Environment | null = null;
  /** What has arrived of `stop on`. */
  readonly stopOn: ConditionState<JobEvent> | null;
  /** Its own `starting` or `stopping` event, which holds it. */
  blocker: JobEvent | null = null;
  waiters: readonly JobWaiter[] = nobody;
  failure: Failure | null = null;
  ending: Ending | null = null;
  /** The window of `respawn limit`: its begin in whole seconds, and how many respawns it has seen. */
  respawnTime = 0;
  respawnCount = 0;
  /** Respawns in a row without a run that lasted, for `respawn backoff`. */
  respawnsInARow = 0;
  /** `respawn backoff`: not to be started again before this time. In `post-stop` it is what the job waits for. */
  respawnAt: number | null = null;
  /** When main gets SIGKILL; once it has, when it is given up. */
  killAt: number | null = null;
  killSent = false;
  /** When main must have given its next sign of life. */
  watchdogAt: number | null = null;
  /** When the start, the run of main, and the stop must be over. */
  startAt: number | null = null;
  runAt: number | null = null;
  stopAt: number | null = null;
  /** When the hook that is waited for gets its next signal, and how many it has had: TERM, then SIGKILL. */
  hookAt: number | null = null;
  hookSignals = 0;
  /** What is asked of it now; null: nothing. */
  probes: ProbeState[] | null = null;
  probeAt: number | null = null;
  /** Why it was not ready in time; "" where it was. */
  unready = "";
  /** The number of the last try. */
  lastProbe = 0;
  /** Restarts by its checks in a row. */
  checkRestarts = 0;
  /** Its failure ends the container, as `check on failure shutdown` says. */
  endsContainer = false;
  /** Why upinit ends main before its time; its end is no good one then, whatever it looks like. */
  killReason: FailureReason | null = null;
  /** The stop waits for nothing longer than it must: `stop --force`, or `stop timeout` has passed. */
  forced = false;
  /** In a row, without a run in between. */
  startTimeouts = 0;
  /** When its way up began: the end of `starting`, or of what it is about to be. */
  startedAt: number;
  /** Why it was started last, and why it was stopped or is being stopped; null before. */
  startCause: Cause | null = null;
  stopCause: Cause | null = null;
  /** Started for the stop of everything, and so may run then. */
  ofShutdown = false;

  constructor(
    id: number,
    jobClass: JobClass,
    instance: string,
    stopOn: ConditionState<JobEvent> | null,
    now: number,
  ) {
    this.id = id;
    this.jobClass = jobClass;
    this.instance = instance;
    this.stopOn = stopOn;
    this.since = now;
    this.startedAt = now;
  }
}

/** `NAME`, or `NAME (INSTANCE)`. */
export function displayName(job: Job): string {
  return job.instance === "" ? job.jobClass.name : `${job.jobClass.name} (${job.instance})`;
}

/** Whether this process of the job lives, as far as is known. */
export function isAlive(job: Job, process: ProcessName): boolean {
  return job.pids.has(process);
}

/** Which of the job's processes this is; undefined if none. */
export function processOfPid(job: Job, pid: number): ProcessName | undefined {
  for (const [process, own] of job.pids) if (own === pid) return process;
  return undefined;
}

/** Whether the job has run down to `post-stop` and only waits for its `respawn backoff` to pass. */
export function waitsForRespawn(job: Job): boolean {
  return job.state === "post-stop" && job.respawnAt !== null && !isBusy(job, "post-stop");
}

/** Whether this process runs or is being started. */
export function isBusy(job: Job, process: ProcessName): boolean {
  return job.spawning === process || job.pids.has(process);
}

/** Whether it has a main process at all, and not only its hooks. */
export function hasMain(job: Job): boolean {
  return job.jobClass.processes.main !== undefined;
}

/** Whether main itself says when it is up (`expect`), or is asked (`ready`). */
export function expectsReadiness({ jobClass }: Job): boolean {
  return jobClass.expect !== "none" || jobClass.ready !== null;
}

import type { EventQueue } from "../events/queue.ts";
import type { LogPriority } from "../log/priority.ts";
import type { EventWaiter, Job, JobEvent } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { JobEnvironments } from "./job-environment.ts";
import type { Levels } from "./levels.ts";
import type { Effect, ProcessStatus } from "./messages.ts";
import type { Goal, State } from "./states.ts";

/** What is asked of the requirements of jobs, and told to them (`levels.ts`). */
export type Requirements = Pick<
  Levels,
  | "admits"
  | "waits"
  | "holds"
  | "leaves"
  | "changed"
  | "lacks"
  | "retired"
  | "heard"
  | "stoppedBy"
  | "forgetWish"
  | "classesChanged"
  | "faultOf"
  | "waitsFor"
  | "missed"
  | "dependentsOf"
  | "settle"
  | "resume"
>;
/** What is asked of the probes of jobs (`probes.ts`). */
export type Probing = Pick<
  typeof import("./probes.ts"),
  "beginReady" | "beginChecks" | "endProbes" | "tryDue" | "probed" | "resumeProbes"
>;

/** What only some jobs need, loaded when the first of them is there (`features.ts`). */
export interface FeatureModules {
  levels: typeof import("./levels.ts") | null;
  probes: Probing | null;
}

/** What a job needs of the world around it. Nothing here comes back to the job before its step is done. */
export interface Surroundings {
  readonly queue: EventQueue<EventWaiter>;
  readonly environments: JobEnvironments;
  /** Everything is being stopped: nothing is respawned. */
  readonly quiescing: boolean;
  /** Seconds of `--start-timeout`; null: none. */
  readonly defaultStartTimeout: number | null;
  /** Whether the end of this job, that failed or not, ends the container. */
  endsContainer(job: Job, failed: boolean): boolean;
  now(): number;
  random(): number;
  effect(effect: Effect): void;
  /** Whether a line of this priority is wanted: making one that nobody reads takes time. */
  logs(priority: LogPriority): boolean;
  log(priority: LogPriority, text: string, job: Job): void;
  /** The job has other variables. */
  environmentChanged(job: Job): void;
  /** A job let go of the event. */
  unblocked(event: JobEvent): void;
  /** What must hold beside events: `requires` and `after`. */
  readonly levels: Requirements;
  readonly probing: Probing;
  /** Keeps the pid index. */
  processStarted(job: Job, process: ProcessName, pid: number): void;
  processGone(job: Job, process: ProcessName, pid: number, status: ProcessStatus): void;
  /** It was forked but not executed; whatever there is of it is nobody's. */
  processForgotten(job: Job, process: ProcessName): void;
  goalChanged(job: Job, from: Goal): void;
  stateChanged(job: Job, from: State): void;
  /** The instance reached `waiting` and is no more. */
  retired(job: Job): void;
}

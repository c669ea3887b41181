import type { JobClass } from "../../src/jobs/job-class.ts";

/** What programs/processes.ts is to do, as JSON: so limits are lists, and null stands for unlimited. */
export interface Scene {
  readonly jobs: readonly SceneJob[];
  readonly logs?: string;
  readonly pty?: boolean;
  readonly lenient?: boolean;
  readonly overflow?: "wait" | "block" | "drop";
  readonly notifyDirectory?: string;
  readonly umask?: number;
  /** Display name of the job whose last lines are to be told at the end. */
  readonly tail?: string;
  /** Ends when a job has written this line, instead of when all main processes have ended. */
  readonly lingerUntil?: string;
  /** How many lines the log is given before anything else. */
  readonly chatter?: number;
  /** Signals for the main process when it is ready. */
  readonly killWhenReady?: readonly number[];
}

export interface SceneJob extends Partial<Omit<JobClass, "limits" | "processes">> {
  readonly exec?: string;
  readonly script?: string;
  readonly instanceName?: string;
  readonly limits?: readonly (readonly [name: string, soft: number | null, hard: number | null])[];
}

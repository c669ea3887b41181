import type { Job } from "../jobs/job.ts";
import type { ProcessName } from "../jobs/job-class.ts";
import type { Message } from "../jobs/messages.ts";
import type { Log } from "../log/log.ts";
import type { Timer, Watch } from "../runtime/reactor.ts";

/** What this room needs of the reactor. */
export interface ProcessReactor {
  now(): number;
  watch(fd: number, events: number, handler: (events: number) => void): Watch;
  after(ms: number, callback: () => void): Timer;
}

/** What this room needs of PID 1: the world that owns the jobs, and the log. */
export interface ProcessHost {
  readonly log: Log;
  /** `World.tell`. */
  tell(message: Message): void;
  /** `World.jobOfPid`. */
  jobOfPid(pid: number): { readonly job: Job; readonly process: ProcessName } | undefined;
  /** Runs the world and carries its effects out. Only called where no effect is being carried out. */
  settle(): void;
}

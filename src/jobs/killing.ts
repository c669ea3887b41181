import { signalName, signals } from "../runtime/signals.ts";
import { displayName, type Job } from "./job.ts";
import type { Surroundings } from "./surroundings.ts";
import { setTimer } from "./timers.ts";

/** Signals main and its process group. */
export function kill(job: Job, pid: number, signal: number, around: Surroundings): void {
  around.log(
    "info",
    `Sending ${signalName(signal)} signal to ${displayName(job)} main process (${pid})`,
    job,
  );
  around.effect({ type: "kill", job, pid, signal, group: true });
}

/** `kill timeout`: SIGKILL comes when it is over. 0 is: at once. */
export function armKillTimer(job: Job, pid: number, around: Surroundings): void {
  if (job.jobClass.killTimeout === 0) kill(job, pid, signals.SIGKILL, around);
  else setTimer(job, "kill", job.jobClass.killTimeout * 1000, around);
}

/** Signals to the main process of a job, as its `kill mode` says. */
import { signalName, signals } from "../runtime/signals.ts";
import { displayName, type Job } from "./job.ts";
import type { Surroundings } from "./surroundings.ts";
import { setTimer } from "./timers.ts";

/** Shortest time that SIGKILL has to show its effect, in milliseconds. */
const shortestAfterKill = 2_000;

/** Signals main; its process group too, in `kill mode group`. */
export function kill(job: Job, pid: number, signal: number, around: Surroundings): void {
  send(job, pid, signal, job.jobClass.killMode === "group", around);
}

/** `kill timeout`: SIGKILL comes when it is over. 0 is: at once. */
export function armKillTimer(job: Job, pid: number, around: Surroundings): void {
  job.killSent = false;
  if (job.jobClass.killTimeout === 0) killNow(job, pid, around);
  else setTimer(job, "kill", job.jobClass.killTimeout * 1000, around);
}

/** SIGKILL to main, and to its group unless `kill mode process`; and some time for it to have its effect. */
export function killNow(job: Job, pid: number, around: Surroundings): void {
  send(job, pid, signals.SIGKILL, job.jobClass.killMode !== "process", around);
  job.killSent = true;
  setTimer(job, "kill", patienceAfter(job, signals.SIGKILL), around);
}

/** Milliseconds that a signal has to end a process before something stronger follows. */
export function patienceAfter(job: Job, signal: number): number {
  const patience = job.jobClass.killTimeout * 1000;
  return signal === signals.SIGKILL ? Math.max(patience, shortestAfterKill) : patience;
}

function send(job: Job, pid: number, signal: number, group: boolean, around: Surroundings): void {
  around.log(
    "info",
    `Sending ${signalName(signal)} signal to ${displayName(job)} main process (${pid})`,
    job,
  );
  around.effect({ type: "kill", job, pid, signal, group });
}

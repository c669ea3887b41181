/** Signals that end the processes of a job, and how long each has before the next one. */
import { signalName, signals } from "../runtime/signals.ts";
import { displayName, type Job } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { Surroundings } from "./surroundings.ts";
import { setTimer } from "./timers.ts";

/** Shortest time that SIGKILL has to show its effect, in milliseconds. */
const shortestAfterKill = 2_000;

/** Has main end: `signal`, as `kill mode` says, and SIGKILL after `kill timeout`; at once where that is 0. */
export function endMain(job: Job, pid: number, signal: number, around: Surroundings): void {
  sendSignal(job, "main", pid, signal, job.jobClass.killMode === "group", around);
  job.killSent = false;
  if (job.jobClass.killTimeout === 0) killNow(job, pid, around);
  else setTimer(job, "kill", job.jobClass.killTimeout * 1000, around);
}

/** SIGKILL to main, and to its group unless `kill mode process`; and some time for it to have its effect. */
export function killNow(job: Job, pid: number, around: Surroundings): void {
  sendSignal(job, "main", pid, signals.SIGKILL, job.jobClass.killMode !== "process", around);
  job.killSent = true;
  setTimer(job, "kill", patienceAfter(job, signals.SIGKILL), around);
}

/** TERM or SIGKILL to a hook and its group; and some time for it to have its effect. */
export function signalHook(
  job: Job,
  hook: ProcessName,
  pid: number,
  signal: number,
  around: Surroundings,
): void {
  sendSignal(job, hook, pid, signal, true, around);
  job.hookSignals += 1;
  setTimer(job, "hook", patienceAfter(job, signal), around);
}

/** Milliseconds that a signal has to end a process before something stronger follows. */
function patienceAfter(job: Job, signal: number): number {
  const patience = job.jobClass.killTimeout * 1000;
  return signal === signals.SIGKILL ? Math.max(patience, shortestAfterKill) : patience;
}

function sendSignal(
  job: Job,
  process: ProcessName,
  pid: number,
  signal: number,
  group: boolean,
  around: Surroundings,
): void {
  around.log(
    "info",
    `Sending ${signalName(signal)} signal to ${displayName(job)} ${process} process (${pid})`,
    job,
  );
  around.effect({ type: "kill", job, pid, signal, group });
}

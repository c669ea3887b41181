/** What happens when a bound of `bounds.ts` passes. */
import { signals } from "../runtime/signals.ts";
import { awaitedHook, boundHook, goesDown, hookIsBounded, startTimeoutOf } from "./bounds.ts";
import { displayName, isAlive, isBusy, type Job } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import { endMain, killNow, signalHook } from "./killing.ts";
import { advance, blockerFinished, setGoal } from "./lifecycle.ts";
import { unreadyText } from "./probe-state.ts";
import { countRespawn, planRespawn } from "./respawn.ts";
import { isOnWayUp } from "./states.ts";
import type { Surroundings } from "./surroundings.ts";
import { setTimer } from "./timers.ts";
import { fail } from "./waiters.ts";

/** Start timeouts in a row that fail a job for good: the respawn limit would never see them. */
const mostStartTimeouts = 5;

// ── start timeout ───────────────────────────────────────────────────────────────────────────────────────────

/** The job is not running yet: its main process is stopped as at any stop, and that is a failed start. */
export function startTimedOut(job: Job, around: Surroundings): void {
  if (job.goal !== "start" || !isOnWayUp(job.state)) return;
  const pid = job.pids.get("main");
  if (pid === undefined && isBusy(job, "main")) {
    setTimer(job, "start", 1_000, around); // Main is about to be forked, and is ended then.
    return;
  }
  const seconds = startTimeoutOf(job, around) ?? 60;
  around.log("warn", `${displayName(job)} start timeout: not running after ${seconds} seconds`, job);
  const unready = unreadyText(job);
  if (unready !== "") {
    const text = `${displayName(job)} is not ready (${unready}); \`start timeout\` says how long it may take`;
    around.log("warn", `  ${text}`, job);
    job.unready = unready;
  }
  around.probing.endProbes(job, around);
  job.killReason = "start timeout";
  job.startTimeouts += 1;
  if (pid !== undefined) endMain(job, pid, job.jobClass.killSignal, around);
  else retryOrFail(job, awaitedHook(job) ?? "main", around);
  boundHook(job, around);
}

/** A start without a main process to end has timed out: it is tried again where the job respawns, else it failed. */
function retryOrFail(job: Job, process: ProcessName, around: Surroundings): void {
  const again =
    job.jobClass.respawn && !around.quiescing && mayStartAgain(job) && countRespawn(job, around.now());
  if (again) {
    planRespawn(job, 0, around.now(), around.random);
    setGoal(job, "respawn", around);
    return;
  }
  job.ending = { failed: true, exitStatus: 1 };
  job.stopCause = { type: "timeout", reason: "start timeout" };
  fail(job, process, null, around, "start timeout");
  setGoal(job, "stop", around);
}

/** Whether the start timeouts in a row are still few enough for another start. */
export function mayStartAgain(job: Job): boolean {
  return job.startTimeouts < mostStartTimeouts;
}

// ── run timeout ─────────────────────────────────────────────────────────────────────────────────────────────

/** Main has run for too long: it is stopped, and its end is a failure. */
export function runTimedOut(job: Job, around: Surroundings): void {
  const pid = job.pids.get("main");
  if (pid === undefined || goesDown(job)) return;
  around.log(
    "warn",
    `${displayName(job)} run timeout: main process (${pid}) runs for ${job.jobClass.runTimeout} seconds`,
    job,
  );
  job.killReason = "run timeout";
  endMain(job, pid, job.jobClass.killSignal, around);
}

// ── stop timeout ────────────────────────────────────────────────────────────────────────────────────────────

/** The stop has taken too long: it failed, and what it still waits for is ended. */
export function stopTimedOut(job: Job, around: Surroundings): void {
  if (!goesDown(job)) return;
  around.log(
    "warn",
    `${displayName(job)} stop timeout: not stopped after ${job.jobClass.stopTimeout} seconds`,
    job,
  );
  job.failure ??= { process: awaitedHook(job) ?? "main", status: null, reason: "stop timeout" };
  forceStop(job, around);
}

/** Ends whatever the stop of the job waits for; each later hook has `kill timeout` seconds. */
export function forceStop(job: Job, around: Surroundings): void {
  job.forced = true;
  const { blocker } = job;
  if (blocker !== null) {
    const index = blocker.waiters.findIndex((waiter) => waiter.type === "job" && waiter.job === job);
    if (index >= 0) blocker.waiters.splice(index, 1);
    blockerFinished(job, around);
    return;
  }
  const pid = job.pids.get("main");
  if (pid !== undefined && (job.state === "killed" || job.state === "spawned")) killNow(job, pid, around);
  boundHook(job, around);
}

// ── hooks ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A hook had its time: TERM to its group, then SIGKILL, then the job goes on without it. */
export function hookTimedOut(job: Job, around: Surroundings): void {
  const hook = awaitedHook(job);
  if (hook === null || !hookIsBounded(job)) return;
  const pid = job.pids.get(hook);
  if (pid === undefined) {
    setTimer(job, "hook", 1_000, around); // It is about to be forked.
    return;
  }
  if (job.hookSignals >= 2) {
    abandon(job, hook, pid, around);
    advance(job, around);
    return;
  }
  const signal = job.hookSignals === 0 ? signals.SIGTERM : signals.SIGKILL;
  signalHook(job, hook, pid, signal, around);
}

// ── what no signal ends ─────────────────────────────────────────────────────────────────────────────────────

/** `kill timeout` has passed: SIGKILL; and if even that has no effect, the job goes on without its main process. */
export function killTimedOut(job: Job, pid: number, around: Surroundings): void {
  if (!job.killSent) {
    killNow(job, pid, around);
    return;
  }
  abandon(job, "main", pid, around);
  job.ending = { failed: true, exitStatus: 1 };
  fail(job, "main", null, around, "not killable");
  // Never a second main process beside the one that is left.
  if (job.goal !== "stop") setGoal(job, "stop", around);
  advance(job, around);
}

function abandon(job: Job, process: ProcessName, pid: number, around: Surroundings): void {
  const text = `${displayName(job)} ${process} process (${pid}) is still there after SIGKILL: it is not supervised any longer`;
  around.log("error", text, job);
  if (isAlive(job, process)) around.processForgotten(job, process);
  if (job.spawning === process) job.spawning = null;
}

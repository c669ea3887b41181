import { signals } from "../runtime/signals.ts";
import { boundHook, startTimeoutOf } from "./bounds.ts";
import { displayName, expectsReadiness, isAlive, isBusy, type Job } from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import { advance, askingStates, bringBack, leaveAskingState, setGoal } from "./lifecycle.ts";
import type { Message, ProcessStatus, TimerKind } from "./messages.ts";
import { describeEnd, isUnexpected } from "./process-end.ts";
import { judge, planRespawn, shellStatus } from "./respawn.ts";
import type { Surroundings } from "./surroundings.ts";
import {
  hookTimedOut,
  killTimedOut,
  mayStartAgain,
  runTimedOut,
  startTimedOut,
  stopTimedOut,
} from "./timeouts.ts";
import { cancelTimer, clearTimer, deadlineOf, setTimer } from "./timers.ts";
import { fail } from "./waiters.ts";
import { startWatchdog, watchdogExpired } from "./watchdog.ts";

// What happens to a job from outside: its processes start, change and end, its timers expire.

/** A process was forked. */
export function processStarted(job: Job, process: ProcessName, pid: number, around: Surroundings): void {
  if (around.logs("info")) around.log("info", `${displayName(job)} ${process} process (${pid})`, job);
  around.processStarted(job, process, pid);
  leaveAskingState(job, process, around);
}

/** A process was executed: what waited for that (main, without `expect`) goes on. */
export function processExecuted(job: Job, process: ProcessName, around: Surroundings): void {
  if (job.spawning !== process) return;
  job.spawning = null;
  if (process !== "main" || job.state !== "spawned") return;
  if (!expectsReadiness(job) || job.goal === "stop") advance(job, around);
  else if (job.jobClass.expect === "none") around.probing.beginReady(job, around);
}

/** `expect` is satisfied. */
export function mainReady(job: Job, around: Surroundings): void {
  if (job.state !== "spawned" || !isAlive(job, "main")) return;
  job.spawning = null;
  startWatchdog(job, around);
  if (job.jobClass.ready === null || job.goal !== "start") advance(job, around);
  else if (job.probes === null) around.probing.beginReady(job, around);
}

/** A process could not be executed (docs/upstart.md#46-spawn-failures). */
export function spawnFailed(
  job: Job,
  { process, reason, detail, exitStatus }: Extract<Message, { readonly type: "spawn-failed" }>,
  around: Surroundings,
): void {
  if (job.spawning !== process) return;
  job.spawning = null;
  around.processForgotten(job, process);
  around.log("warn", `Failed to spawn ${displayName(job)} ${process} process: ${reason}`, job);
  if (detail !== undefined) around.log("warn", `  ${detail}`, job);
  if (process === "pre-start" || process === "main" || process === "post-stop") {
    if (job.goal !== "stop" && process !== "post-stop") job.ending = { failed: true, exitStatus };
    giveUp(job, process, null, around, detail ?? reason);
  }
  if (job.state === askingStates[process]) leaveAskingState(job, process, around);
  else advance(job, around);
}

/** The job is stopped for this failure, even if it was to start again. */
function giveUp(
  job: Job,
  process: ProcessName,
  status: ProcessStatus | null,
  around: Surroundings,
  reason: string | null = null,
): void {
  fail(job, process, status, around, reason);
  job.respawnAt = null;
  if (job.goal === "stop") return;
  job.stopCause = { type: "end" };
  setGoal(job, "stop", around);
}

/** A process of the job ended, or was stopped or continued (docs/upstart.md#44-process-ends). */
export function processChanged(
  job: Job,
  process: ProcessName,
  status: ProcessStatus,
  around: Surroundings,
): void {
  const pid = job.pids.get(process) as number;
  const unexpected = isUnexpected(job, status);
  const subject = `${displayName(job)} ${process} process (${pid})`;
  const { detail, ...bare } = { detail: undefined, ...status };
  around.log(unexpected ? "warn" : "info", `${subject} ${describeEnd(bare)}`, job);
  if (detail !== undefined) around.log("warn", `  ${subject}: ${detail}`, job);
  if (status.type === "stopped") {
    if (
      process === "main" &&
      job.state === "spawned" &&
      job.jobClass.expect === "stop" &&
      status.signal === signals.SIGSTOP
    ) {
      around.effect({ type: "kill", job, pid, signal: signals.SIGCONT, group: false });
      mainReady(job, around);
    }
    return;
  }
  if (status.type === "continued") return;
  processGone(job, process, pid, status, around);
}

/** The process is no more; the log has it already, or nobody knows how it ended. */
export function processGone(
  job: Job,
  process: ProcessName,
  pid: number,
  status: ProcessStatus,
  around: Surroundings,
): void {
  around.processGone(job, process, pid, status);
  if (job.spawning === process) job.spawning = null;
  switch (process) {
    case "main":
      mainEnded(job, status, around);
      break;
    case "pre-start":
    case "post-stop":
      if (job.state !== process) break;
      // One that upinit has ended counts as one that has ended by itself.
      if (job.hookSignals > 0) advance(job, around);
      else hookEnded(job, process, status, around);
      break;
    case "security":
    case "pre-stop":
      if (job.state === process) advance(job, around);
      break;
    case "post-start":
      // After a start timeout main is being ended, and its end is what counts.
      if (job.state === process && !(job.killReason !== null && isAlive(job, "main"))) advance(job, around);
      break;
  }
}

/** A process does not exist any more, and nobody will say how it ended. A service that was to run is not well then. */
export function processVanished(job: Job, process: ProcessName, pid: number, around: Surroundings): void {
  if (process === "main" && job.goal !== "stop") {
    around.log(
      "warn",
      `  ${displayName(job)} main process (${pid}) ended; its parent took its exit status`,
      job,
    );
    job.killReason ??= "unknown exit status";
  }
  processGone(job, process, pid, { type: "exited", status: 0 }, around);
}

/** pre-start and post-stop have to end well. */
function hookEnded(
  job: Job,
  process: "pre-start" | "post-stop",
  status: ProcessStatus,
  around: Surroundings,
): void {
  if (shellStatus(status) !== 0) {
    if (process === "pre-start" && job.goal !== "stop")
      job.ending = { failed: true, exitStatus: shellStatus(status) };
    giveUp(job, process, status, around);
  }
  advance(job, around);
}

function mainEnded(job: Job, status: ProcessStatus, around: Surroundings): void {
  around.probing.endProbes(job, around);
  cancelTimer(job, "kill", around);
  cancelTimer(job, "watchdog", around);
  cancelTimer(job, "run", around);
  if (job.state === "killed") {
    advance(job, around);
    return;
  }
  // The `stopping` event still holds it; what main leaves with is no failure any more.
  if (job.state === "stopping") return;
  const ran = job.state === "running" ? around.now() - job.since : 0;
  if (job.goal === "start") decide(job, status, ran, around);
  // In post-start and pre-stop the process of that name is waited for first.
  if (job.state === "spawned" || job.state === "running") advance(job, around);
  else if ((job.state === "post-start" || job.state === "pre-stop") && !isBusy(job, job.state))
    advance(job, around);
  else boundHook(job, around);
}

/** Stop, or start anew? Sets the goal; the state is the caller's. */
function decide(job: Job, status: ProcessStatus, ran: number, around: Surroundings): void {
  const mayRespawn = !around.quiescing && mayStartAgain(job);
  if (mayRespawn && around.levels.lacks(job)) {
    // What it requires is gone, and so it is not at fault.
    bringBack(job, around);
    return;
  }
  const verdict = judge(job, status, around.now(), mayRespawn);
  if (verdict === "respawn") {
    around.log("warn", `${displayName(job)} main process ended, respawning`, job);
    planRespawn(job, ran, around.now(), around.random);
    if (job.state !== "running") setGoal(job, "respawn", around);
    else around.levels.leaves(job, true);
    return;
  }
  const { killReason } = job;
  const itself = killReason === null || killReason === "unknown exit status";
  job.stopCause = itself ? { type: "end" } : { type: "timeout", reason: killReason };
  job.ending = { failed: verdict !== "finished", exitStatus: shellStatus(status) };
  if (verdict === "too-fast") {
    around.log("warn", `${displayName(job)} respawning too fast, stopped`, job);
    fail(job, "respawn", status, around);
  } else if (verdict === "failed") {
    const unready = killReason === "start timeout" && job.unready !== "" ? ` (${job.unready})` : "";
    fail(job, "main", status, around, killReason && killReason + unready);
  }
  setGoal(job, "stop", around);
}

/** The process that stands for the job is another one: its child (`expect fork`), or one it named (`MAINPID=`). */
export function mainPidChanged(job: Job, pid: number, around: Surroundings): void {
  const old = job.pids.get("main");
  if (old === undefined || old === pid) return;
  around.log("info", `${displayName(job)} main process (${old}) became new process (${pid})`, job);
  around.processStarted(job, "main", pid);
}

/**
 * A deadline that passed this long ago passed while upinit itself did not run (docker pause, a stalled machine), and
 * so perhaps neither did the job: it counts once more, from now. Milliseconds. The watchdog gives the benefit of the
 * doubt sooner: on a busy machine the job's signs of life are late as well.
 */
const lateAfter = (timer: TimerKind): number => (timer === "watchdog" ? 100 : 1_000);

/** A timer of the job is due. `due` was when it was to come. */
export function timerExpired(job: Job, timer: TimerKind, around: Surroundings): void {
  const due = deadlineOf(job, timer);
  if (due === null) return;
  if (timer === "probe") {
    clearTimer(job, timer);
    around.probing.tryDue(job, around);
    return;
  }
  const late = around.now() - due;
  if (late > lateAfter(timer) && timer !== "respawn") {
    setTimer(job, timer, periodOf(job, timer, around), around);
    return;
  }
  const pid = job.pids.get("main");
  if (timer === "watchdog") {
    if (pid !== undefined) watchdogExpired(job, pid, due, around);
    return;
  }
  clearTimer(job, timer);
  switch (timer) {
    case "kill":
      if (pid !== undefined) killTimedOut(job, pid, around);
      return;
    case "respawn":
      if (job.state === "post-stop" && !isBusy(job, "post-stop")) advance(job, around);
      return;
    case "start":
      startTimedOut(job, around);
      return;
    case "run":
      runTimedOut(job, around);
      return;
    case "stop":
      stopTimedOut(job, around);
      return;
    case "hook":
      hookTimedOut(job, around);
      return;
  }
}

/** The whole length of a timer, in milliseconds. */
function periodOf(job: Job, timer: TimerKind, around: Surroundings): number {
  const { killTimeout, watchdog, runTimeout, stopTimeout } = job.jobClass;
  const seconds = {
    kill: killTimeout,
    hook: killTimeout,
    watchdog,
    run: runTimeout,
    stop: stopTimeout,
    start: startTimeoutOf(job, around),
    respawn: 0,
    probe: 0,
  }[timer];
  // A timer may be set for less than its period: a hook of a container that stops has none.
  return Math.max(1_000, (seconds ?? 0) * 1000);
}

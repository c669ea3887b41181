import type { EventQueue } from "../events/queue.ts";
import type { LogPriority } from "../log/priority.ts";
import { signalName, signals } from "../runtime/signals.ts";
import {
  displayName,
  type EventWaiter,
  isAlive,
  isBusy,
  type Job,
  type JobEvent,
  type JobWaiter,
  nobody,
  waitsForRespawn,
} from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { JobEnvironments } from "./job-environment.ts";
import { type JobEventName, jobEventEnvironment } from "./job-events.ts";
import type { Effect, Outcome, ProcessStatus, RequestError, TimerKind } from "./messages.ts";
import { describeEnd, isUnexpected } from "./process-end.ts";
import { judge, respawnDelay, shellStatus } from "./respawn.ts";
import { type Goal, nextState, type State } from "./states.ts";

const { SIGABRT, SIGCONT, SIGKILL, SIGSTOP } = signals;

/** What a job needs of the world around it. Nothing here comes back to the job before its step is done. */
export interface Surroundings {
  readonly queue: EventQueue<EventWaiter>;
  readonly environments: JobEnvironments;
  /** Everything is being stopped: nothing is respawned. */
  readonly quiescing: boolean;
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

// --- goals ---------------------------------------------------------------------------------------------------------

/**
 * Gives the job another goal. As in Upstart the state follows at once only from `waiting` (to start) and `running`
 * (to stop); everywhere else when what the state does is done (reference 5.3). Two places are ours: a main process
 * that has not met its `expect` is stopped at once instead of waited for without end, and so is the wait of
 * `respawn backoff`.
 */
export function changeGoal(job: Job, goal: Goal, around: Surroundings): void {
  if (job.goal === goal) return;
  const waited = waitsForRespawn(job);
  setGoal(job, goal, around);
  if (goal === "start" && job.state === "waiting") advance(job, around);
  if (goal !== "stop") return;
  const unready =
    job.state === "spawned" && expectsReadiness(job) && isAlive(job, "main") && job.spawning === null;
  if (waited) cancelTimer(job, "respawn", around);
  job.respawnAt = null;
  if (job.state === "running" || unready || waited) advance(job, around);
}

function setGoal(job: Job, goal: Goal, around: Surroundings): void {
  const from = job.goal;
  job.goal = goal;
  around.goalChanged(job, from);
}

/**
 * The goal that means "start" here. Where main is gone although the state is one in which it should live, the job
 * has to go down first; Upstart would end up running without a process.
 */
function goalToStart(job: Job): Goal {
  const expectsMain = isIn(job, "post-start") || isIn(job, "pre-stop");
  return expectsMain && hasMain(job) && !isAlive(job, "main") ? "respawn" : "start";
}

/** Whether the job is in the state of this process, or about to be: the process is asked for and not there yet. */
function isIn(job: Job, process: "post-start" | "pre-stop"): boolean {
  return job.state === process || job.state === askingStates[process];
}

/** The states in which a process is asked for. */
const askingStates = {
  security: "security-spawning",
  "pre-start": "pre-starting",
  main: "spawning",
  "post-start": "post-starting",
  "pre-stop": "pre-stopping",
  "post-stop": "post-stopping",
} as const satisfies Record<ProcessName, State>;

/** `start`, or an event of `start on`: the goal is known to be stop. Those who waited for the stop are released. */
export function requestStart(job: Job, waiters: readonly JobWaiter[], around: Surroundings): void {
  release(job, false, around);
  job.waiters = waiters;
  changeGoal(job, goalToStart(job), around);
}

/** `stop`, or an event of `stop on`: the goal is known not to be stop. */
export function requestStop(job: Job, waiters: readonly JobWaiter[], around: Surroundings): void {
  release(job, false, around);
  job.waiters = waiters;
  job.ending = null;
  changeGoal(job, "stop", around);
}

/**
 * `restart` of a job whose goal is not stop (reference 5.8). A pre-stop that this begins, or finds at work, is
 * waited for, and then the job does go down: Upstart goes back to running.
 */
export function requestRestart(job: Job, waiters: readonly JobWaiter[], around: Surroundings): void {
  release(job, false, around);
  job.waiters = waiters;
  if (waitsForRespawn(job)) {
    cancelTimer(job, "respawn", around);
    job.respawnAt = null;
    advance(job, around);
    return;
  }
  const down = job.goal === "respawn";
  changeGoal(job, "stop", around);
  changeGoal(job, down || isIn(job, "pre-stop") ? "respawn" : "start", around);
}

// --- states --------------------------------------------------------------------------------------------------------

/** Goes to the state that follows, and on through all that have nothing to wait for. */
export function advance(job: Job, around: Surroundings): void {
  do {
    if (job.state === "post-stop" && job.goal === "start" && isHeldBack(job, around)) return;
    const state = nextState(job.state, job.goal, isAlive(job, "main"));
    if (state === null) return;
    if (job.goal === "respawn") setGoal(job, "start", around);
    if (!enter(job, state, around)) return;
  } while (job.state !== "waiting");
}

/** Enters a state. True if nothing is to be waited for there. */
function enter(job: Job, state: State, around: Surroundings): boolean {
  const from = job.state;
  job.state = state;
  job.since = around.now();
  around.stateChanged(job, from);
  return entering[state](job, around, from) === "continue";
}

/**
 * The process that a state asks for was forked, or could not be: the job goes to the state that waits for the process,
 * whatever its goal is by now, and on if there is nothing to wait for.
 */
function leaveAskingState(job: Job, process: ProcessName, around: Surroundings): void {
  const state = nextState(job.state, "start", false);
  if (job.state === askingStates[process] && state !== null && enter(job, state, around))
    advance(job, around);
}

/** Whether `respawn backoff` has the job wait before it starts again; arms the timer that ends the wait. */
function isHeldBack(job: Job, around: Surroundings): boolean {
  const left = job.respawnAt === null ? 0 : job.respawnAt - around.now();
  if (left > 0) setTimer(job, "respawn", left, around);
  else job.respawnAt = null;
  return left > 0;
}

type Step = "continue" | "rest";

/** What a job does on entering a state (reference 5.2), and whether it has to wait there. */
const entering: Readonly<Record<State, (job: Job, around: Surroundings, from: State) => Step>> = {
  starting: enterStarting,
  // AppArmor profiles are not loaded (design section 10), so there never is a security process.
  "security-spawning": () => "continue",
  security: () => "continue",
  "pre-starting": (job, around) => spawn(job, "pre-start", around),
  "pre-start": (job) => waitFor(job, "pre-start"),
  spawning: (job, around) => spawn(job, "main", around),
  // Main must be executed, or say that it is ready (`expect`).
  spawned: (job) => waitFor(job, "main"),
  "post-starting": (job, around) => spawn(job, "post-start", around),
  "post-start": (job) => waitFor(job, "post-start"),
  running: enterRunning,
  "pre-stopping": (job, around) => spawn(job, "pre-stop", around),
  "pre-stop": (job) => waitFor(job, "pre-stop"),
  stopping: (job, around) => emitAndWait(job, "stopping", around),
  killed: enterKilled,
  "post-stopping": (job, around) => spawn(job, "post-stop", around),
  "post-stop": (job) => waitFor(job, "post-stop"),
  waiting: enterWaiting,
};

function enterStarting(job: Job, around: Surroundings): Step {
  if (job.startEnv !== null) {
    job.env = job.startEnv;
    around.environmentChanged(job);
  }
  job.startEnv = null;
  job.stopEnv = null;
  job.failure = null;
  job.ending = null;
  job.watchdogExpired = false;
  return emitAndWait(job, "starting", around);
}

function enterRunning(job: Job, around: Surroundings, from: State): Step {
  if (from === "pre-stop") {
    job.stopEnv = null;
    release(job, false, around);
  } else {
    emit(job, "started", around);
    if (!job.jobClass.task) release(job, false, around);
  }
  return "rest";
}

function enterKilled(job: Job, around: Surroundings): Step {
  const pid = job.pids.get("main");
  if (pid === undefined) return "continue";
  kill(job, pid, job.jobClass.killSignal, around);
  armKillTimer(job, pid, around);
  return "rest";
}

function enterWaiting(job: Job, around: Surroundings): Step {
  emit(job, "stopped", around);
  release(job, false, around);
  if (job.ending !== null) around.effect({ type: "finished", job, ...job.ending });
  job.stopOn?.reset(around.queue);
  around.retired(job);
  around.effect({ type: "destroyed", job });
  return "rest";
}

function spawn(job: Job, process: ProcessName, around: Surroundings): Step {
  if (job.jobClass.processes[process] === undefined) return "continue";
  job.spawning = process;
  around.effect({ type: "spawn", job, process, env: around.environments.ofProcess(job, process) });
  return "rest";
}

function waitFor(job: Job, process: ProcessName): Step {
  return isBusy(job, process) ? "rest" : "continue";
}

function emit(job: Job, name: JobEventName, around: Surroundings): ReturnType<Surroundings["queue"]["emit"]> {
  return around.queue.emit(name, jobEventEnvironment(job, name), job.ofShutdown);
}

function emitAndWait(job: Job, name: JobEventName, around: Surroundings): Step {
  const event = emit(job, name, around);
  event.waiters.push({ type: "job", job });
  job.blocker = event;
  return "rest";
}

/** The job's own event is finished; whether it failed makes no difference (reference 4.6). */
export function blockerFinished(job: Job, around: Surroundings): void {
  job.blocker = null;
  advance(job, around);
}

// --- waiters and failures ------------------------------------------------------------------------------------------

/** Lets go of all who wait for the job. */
function release(job: Job, failed: boolean, around: Surroundings): void {
  if (job.waiters.length === 0) return;
  const waiters = job.waiters;
  job.waiters = nobody;
  for (const waiter of waiters) {
    if (waiter.type === "event") {
      if (failed) waiter.event.failed = true;
      around.queue.unblock(waiter.event);
      around.unblocked(waiter.event);
    } else {
      const outcome: Outcome = failed ? refusals[waiter.type] : { ok: true };
      around.effect({ type: "answer", waiter: waiter.waiter, outcome });
    }
  }
}

const jobFailed: RequestError = "JobFailed";
const refusals: Readonly<Record<"start" | "stop" | "restart", Outcome>> = {
  start: { ok: false, error: jobFailed, message: "Job failed to start" },
  stop: { ok: false, error: jobFailed, message: "Job failed while stopping" },
  restart: { ok: false, error: jobFailed, message: "Job failed to restart" },
};

/** Records the first failure of a run, and tells at once all who wait (reference 5.6). */
function fail(
  job: Job,
  process: ProcessName | "respawn",
  status: ProcessStatus | null,
  around: Surroundings,
): void {
  if (job.failure !== null) return;
  job.failure = { process, status };
  release(job, true, around);
}

// --- processes -----------------------------------------------------------------------------------------------------

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
}

/** `expect` is satisfied. */
export function mainReady(job: Job, around: Surroundings): void {
  if (job.state !== "spawned" || !isAlive(job, "main")) return;
  job.spawning = null;
  startWatchdog(job, around);
  advance(job, around);
}

/** A process could not be executed (reference 5.5). */
export function spawnFailed(
  job: Job,
  process: ProcessName,
  reason: string,
  exitStatus: number,
  around: Surroundings,
): void {
  if (job.spawning !== process) return;
  job.spawning = null;
  around.processForgotten(job, process);
  around.log("warn", `Failed to spawn ${displayName(job)} ${process} process: ${reason}`, job);
  if (process === "pre-start" || process === "main" || process === "post-stop") {
    if (job.goal !== "stop" && process !== "post-stop") job.ending = { failed: true, exitStatus };
    fail(job, process, null, around);
    job.respawnAt = null;
    if (job.goal !== "stop") setGoal(job, "stop", around);
  }
  if (job.state === askingStates[process]) leaveAskingState(job, process, around);
  else advance(job, around);
}

/** A process of the job ended, or was stopped or continued (reference 5.4). */
export function processChanged(
  job: Job,
  process: ProcessName,
  status: ProcessStatus,
  around: Surroundings,
): void {
  const pid = job.pids.get(process) as number;
  const unexpected = isUnexpected(job, status);
  around.log(
    unexpected ? "warn" : "info",
    `${displayName(job)} ${process} process (${pid}) ${describeEnd(status)}`,
    job,
  );
  if (status.type === "stopped") {
    if (
      process === "main" &&
      job.state === "spawned" &&
      job.jobClass.expect === "stop" &&
      status.signal === SIGSTOP
    ) {
      around.effect({ type: "kill", job, pid, signal: SIGCONT, group: false });
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
      if (job.state === "pre-start") hookEnded(job, process, status, around);
      break;
    case "post-stop":
      if (job.state === "post-stop") hookEnded(job, process, status, around);
      break;
    case "security":
    case "post-start":
    case "pre-stop":
      if (job.state === process) advance(job, around);
      break;
  }
}

/** pre-start and post-stop have to end well: else the job is stopped, even if it was to start again. */
function hookEnded(
  job: Job,
  process: "pre-start" | "post-stop",
  status: ProcessStatus,
  around: Surroundings,
): void {
  if (shellStatus(status) !== 0) {
    if (process === "pre-start" && job.goal !== "stop")
      job.ending = { failed: true, exitStatus: shellStatus(status) };
    fail(job, process, status, around);
    job.respawnAt = null;
    if (job.goal !== "stop") setGoal(job, "stop", around);
  }
  advance(job, around);
}

function mainEnded(job: Job, status: ProcessStatus, around: Surroundings): void {
  cancelTimer(job, "kill", around);
  cancelTimer(job, "watchdog", around);
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
}

/** Stop, or start anew? Sets the goal; the state is the caller's. */
function decide(job: Job, status: ProcessStatus, ran: number, around: Surroundings): void {
  const verdict = judge(job, status, around.now(), !around.quiescing);
  if (verdict === "respawn") {
    around.log("warn", `${displayName(job)} main process ended, respawning`, job);
    const delay = respawnDelay(job, ran, around.random);
    if (delay > 0) job.respawnAt = around.now() + delay;
    if (job.state !== "running") setGoal(job, "respawn", around);
    return;
  }
  job.ending = { failed: verdict !== "finished", exitStatus: shellStatus(status) };
  if (verdict === "too-fast") {
    around.log("warn", `${displayName(job)} respawning too fast, stopped`, job);
    fail(job, "respawn", null, around);
  } else if (verdict === "failed") {
    fail(job, "main", status, around);
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

function hasMain(job: Job): boolean {
  return job.jobClass.processes.main !== undefined;
}

function expectsReadiness(job: Job): boolean {
  return job.jobClass.expect !== "none";
}

// --- signals and timers --------------------------------------------------------------------------------------------

function kill(job: Job, pid: number, signal: number, around: Surroundings): void {
  around.log(
    "info",
    `Sending ${signalName(signal)} signal to ${displayName(job)} main process (${pid})`,
    job,
  );
  around.effect({ type: "kill", job, pid, signal, group: true });
}

/** `kill timeout`. 0 is: at once. */
function armKillTimer(job: Job, pid: number, around: Surroundings): void {
  if (job.jobClass.killTimeout === 0) kill(job, pid, SIGKILL, around);
  else setTimer(job, "kill", job.jobClass.killTimeout * 1000, around);
}

/** `watchdog SECONDS` of `expect notify`: main must give a sign of life that often. */
function startWatchdog(job: Job, around: Surroundings): void {
  if (job.jobClass.watchdog !== null) setTimer(job, "watchdog", job.jobClass.watchdog * 1000, around);
}

/** A sign of life: the timer is left to run, and looked at when it is over. */
export function mainAlive(job: Job, around: Surroundings): void {
  if (job.watchdogAt !== null && job.jobClass.watchdog !== null)
    job.watchdogAt = around.now() + job.jobClass.watchdog * 1000;
}

export function timerExpired(job: Job, timer: TimerKind, around: Surroundings): void {
  const pid = job.pids.get("main");
  switch (timer) {
    case "kill":
      if (job.killAt === null || pid === undefined) return;
      job.killAt = null;
      kill(job, pid, SIGKILL, around);
      return;
    case "respawn":
      if (!waitsForRespawn(job)) return;
      job.respawnAt = null;
      advance(job, around);
      return;
    case "watchdog":
      if (job.watchdogAt !== null && pid !== undefined) watchdogExpired(job, pid, job.watchdogAt, around);
      return;
  }
}

/** As systemd does: SIGABRT, so that there is a core to look at, and SIGKILL if that is not enough. */
function watchdogExpired(job: Job, pid: number, due: number, around: Surroundings): void {
  const left = due - around.now();
  if (left > 0) {
    around.effect({ type: "timer", job, timer: "watchdog", after: left });
    return;
  }
  job.watchdogAt = null;
  if (job.state === "stopping" || job.state === "killed") return;
  around.log("info", `${displayName(job)} main process (${pid}) gave no sign of life, aborting it`, job);
  job.watchdogExpired = true;
  kill(job, pid, SIGABRT, around);
  armKillTimer(job, pid, around);
}

const deadlines = { kill: "killAt", respawn: "respawnAt", watchdog: "watchdogAt" } as const;

function setTimer(job: Job, timer: TimerKind, after: number, around: Surroundings): void {
  job[deadlines[timer]] = around.now() + after;
  around.effect({ type: "timer", job, timer, after });
}

function cancelTimer(job: Job, timer: TimerKind, around: Surroundings): void {
  if (job[deadlines[timer]] === null) return;
  job[deadlines[timer]] = null;
  around.effect({ type: "timer-cancel", job, timer });
}

/** After a re-exec: timers are set again for what is left of them, and a process that was not forked is asked for. */
export function resume(job: Job, around: Surroundings): void {
  for (const timer of ["kill", "watchdog"] as const) {
    const due = job[deadlines[timer]];
    if (due !== null) setTimer(job, timer, Math.max(0, due - around.now()), around);
  }
  if (waitsForRespawn(job) && job.respawnAt !== null) {
    setTimer(job, "respawn", Math.max(0, job.respawnAt - around.now()), around);
  }
  if (job.spawning !== null && !isAlive(job, job.spawning)) spawn(job, job.spawning, around);
}

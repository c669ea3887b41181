import {
  awaitedHook,
  boundHook,
  boundRun,
  boundStart,
  boundStop,
  releaseHook,
  resetBounds,
} from "./bounds.ts";
import { type Cause, causeText } from "./cause.ts";
import {
  displayName,
  expectsReadiness,
  hasMain,
  isAlive,
  isBusy,
  type Job,
  type JobWaiter,
  waitsForRespawn,
} from "./job.ts";
import type { ProcessName } from "./job-class.ts";
import type { JobEventName } from "./job-event-names.ts";
import { jobEventEnvironment } from "./job-events.ts";
import { endMain, killNow } from "./killing.ts";
import { type Goal, isOnWayDown, nextState, type State } from "./states.ts";
import type { Surroundings } from "./surroundings.ts";
import { cancelTimer, resumeTimers, setTimer } from "./timers.ts";
import { release } from "./waiters.ts";

// --- goals ---------------------------------------------------------------------------------------------------------

/**
 * Gives the job another goal. As in Upstart the state follows at once only from `waiting` (to start) and `running`
 * (to stop); everywhere else when what the state does is done (docs/upstart.md#43-goals). Two places are ours: a main
 * process that has not met its `expect` is stopped at once instead of waited for without end, and so is the wait of
 * `respawn backoff`. `comesBack`: a stop from which it is to start again.
 */
export function changeGoal(job: Job, goal: Goal, around: Surroundings, comesBack = false): void {
  if (job.goal === goal) return;
  const waited = waitsForRespawn(job);
  setGoal(job, goal, around, comesBack);
  if (goal === "start" && job.state === "waiting") advance(job, around);
  if (goal !== "stop") return;
  if (job.state === "waiting") {
    enterWaiting(job, around);
    return;
  }
  const unready =
    job.state === "spawned" && expectsReadiness(job) && isAlive(job, "main") && job.spawning === null;
  if (waited) cancelTimer(job, "respawn", around);
  job.respawnAt = null;
  if (job.state === "running" || unready || waited) advance(job, around);
}

export function setGoal(job: Job, goal: Goal, around: Surroundings, comesBack = false): void {
  const from = job.goal;
  job.goal = goal;
  around.goalChanged(job, from);
  logCause(job, from, around);
  if (goal === "start") return;
  around.probing.endProbes(job, around);
  if (from === "start") around.levels.leaves(job, comesBack || goal === "respawn");
  boundStop(job, around);
  boundHook(job, around);
}

/** Why it has its goal: below Upstart's own lines, and marked as an addition by two blanks. */
function logCause(job: Job, from: Goal, around: Surroundings): void {
  if (from === "respawn" || !around.logs("info")) return;
  const [what, cause] = job.goal === "stop" ? ["stopped", job.stopCause] : ["started", job.startCause];
  if (cause !== null) around.log("info", `  ${displayName(job)} ${what} ${causeText(cause, true)}`, job);
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
export const askingStates = {
  security: "security-spawning",
  "pre-start": "pre-starting",
  main: "spawning",
  "post-start": "post-starting",
  "pre-stop": "pre-stopping",
  "post-stop": "post-stopping",
} as const satisfies Record<ProcessName, State>;

/** `start`, or an event of `start on`: the goal is known to be stop. Those who waited for the stop are released. */
export function requestStart(
  job: Job,
  waiters: readonly JobWaiter[],
  cause: Cause,
  around: Surroundings,
): void {
  job.startCause = cause;
  release(job, false, around);
  job.waiters = waiters;
  changeGoal(job, goalToStart(job), around);
}

/** `stop`, or an event of `stop on`: the goal is known not to be stop. */
export function requestStop(
  job: Job,
  waiters: readonly JobWaiter[],
  cause: Cause,
  around: Surroundings,
): void {
  job.stopCause = cause;
  release(job, false, around);
  job.waiters = waiters;
  job.ending = null;
  changeGoal(job, "stop", around);
}

/**
 * `restart` of a job whose goal is not stop (docs/upstart.md#49-restart). A pre-stop that this begins, or finds at
 * work, is waited for, and then the job does go down: Upstart goes back to running.
 */
export function requestRestart(
  job: Job,
  waiters: readonly JobWaiter[],
  cause: Cause,
  around: Surroundings,
): void {
  job.stopCause = cause;
  job.startCause = cause;
  release(job, false, around);
  job.waiters = waiters;
  if (waitsForRespawn(job)) {
    cancelTimer(job, "respawn", around);
    job.respawnAt = null;
    advance(job, around);
    return;
  }
  const down = job.goal === "respawn";
  changeGoal(job, "stop", around, true);
  const held = job.state === "running";
  changeGoal(job, down || held || isIn(job, "pre-stop") ? "respawn" : "start", around);
}

/**
 * What the job requires goes down, and is to come back: so does the job, wherever it is, and whoever waits for it waits
 * on.
 */
export function bringBack(job: Job, around: Surroundings): void {
  if (waitsForRespawn(job)) return;
  changeGoal(job, "stop", around, true);
  const goesDown = isOnWayDown(job.state) && !isIn(job, "pre-stop");
  if (job.goal === "stop") changeGoal(job, goesDown ? "start" : "respawn", around);
}

// --- states --------------------------------------------------------------------------------------------------------

/** Goes to the state that follows, and on through all that have nothing to wait for. */
export function advance(job: Job, around: Surroundings): void {
  do {
    if (job.state === "post-stop" && job.goal === "start" && isHeldBack(job, around)) return;
    if (job.state === "running" && job.goal !== "start" && around.levels.holds(job)) return;
    const state = nextState(job.state, job.goal, isAlive(job, "main"));
    if (state === null) return;
    if (state === "starting" && !around.levels.admits(job)) {
      awaitRequirements(job, around);
      return;
    }
    // A pre-stop would end a goal start in running.
    if (job.goal === "respawn" && state !== "pre-stopping" && state !== "pre-stop")
      setGoal(job, "start", around);
    if (!enter(job, state, around)) return;
  } while (job.state !== "waiting");
}

/** The job would start, and lacks something that it requires: it waits in `start/waiting`, and runs no hook. */
function awaitRequirements(job: Job, around: Surroundings): void {
  const from = job.state;
  if (from !== "waiting") {
    if (job.hookAt !== null) releaseHook(job, around);
    job.state = "waiting";
    job.since = around.now();
    resetBounds(job, around);
    around.stateChanged(job, from);
  }
  around.levels.waits(job);
}

/** Enters a state. True if nothing is to be waited for there. */
function enter(job: Job, state: State, around: Surroundings): boolean {
  const from = job.state;
  if (job.hookAt !== null) releaseHook(job, around);
  job.state = state;
  job.since = around.now();
  around.stateChanged(job, from);
  return entering[state](job, around, from) === "continue";
}

/**
 * The process that a state asks for was forked, or could not be: the job goes to the state that waits for the process,
 * whatever its goal is by now, and on if there is nothing to wait for.
 */
export function leaveAskingState(job: Job, process: ProcessName, around: Surroundings): void {
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

/** What a job does on entering a state (docs/upstart.md#42-actions), and whether it has to wait there. */
const entering: Readonly<Record<State, (job: Job, around: Surroundings, from: State) => Step>> = {
  starting: enterStarting,
  // AppArmor profiles are not loaded (docs/differences.md), so there never is a security process.
  "security-spawning": (job, around) => {
    boundStart(job, around);
    return "continue";
  },
  security: () => "continue",
  "pre-starting": (job, around) => spawn(job, "pre-start", around),
  "pre-start": (job, around) => waitForHook(job, around),
  spawning: (job, around) => spawn(job, "main", around),
  // Main must be executed, or say that it is ready (`expect`).
  spawned: (job) => (isBusy(job, "main") ? "rest" : "continue"),
  "post-starting": (job, around) => spawn(job, "post-start", around),
  "post-start": (job, around) => waitForHook(job, around),
  running: enterRunning,
  "pre-stopping": (job, around) => spawn(job, "pre-stop", around),
  "pre-stop": (job, around) => waitForHook(job, around),
  stopping: enterStopping,
  killed: enterKilled,
  "post-stopping": (job, around) => spawn(job, "post-stop", around),
  "post-stop": (job, around) => waitForHook(job, around),
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
  job.stopCause = null;
  job.startedAt = around.now();
  resetBounds(job, around);
  return emitAndWait(job, "starting", around);
}

function enterRunning(job: Job, around: Surroundings, from: State): Step {
  if (from === "pre-stop") {
    job.stopEnv = null;
    release(job, false, around);
    cancelTimer(job, "stop", around);
  } else {
    cancelTimer(job, "start", around);
    job.startTimeouts = 0;
    boundRun(job, around);
    emit(job, "started", around);
    if (!job.jobClass.task) release(job, false, around);
  }
  around.probing.beginChecks(job, around);
  return "rest";
}

function enterStopping(job: Job, around: Surroundings): Step {
  cancelTimer(job, "start", around);
  boundStop(job, around);
  return job.forced ? announce(job, "stopping", around) : emitAndWait(job, "stopping", around);
}

function enterKilled(job: Job, around: Surroundings): Step {
  const pid = job.pids.get("main");
  if (pid === undefined) return "continue";
  if (job.forced) killNow(job, pid, around);
  else endMain(job, pid, job.jobClass.killSignal, around);
  return "rest";
}

function enterWaiting(job: Job, around: Surroundings): Step {
  // What is to happen after such an end (an alarm, a backup) may still start although everything is about to stop.
  if (job.ending !== null && around.endsContainer(job, job.ending.failed)) job.ofShutdown = true;
  emit(job, "stopped", around);
  release(job, job.failure?.reason === "stop timeout", around);
  if (job.ending !== null) around.effect({ type: "finished", job, ...job.ending });
  resetBounds(job, around);
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

function waitForHook(job: Job, around: Surroundings): Step {
  if (awaitedHook(job) === null) return "continue";
  boundHook(job, around);
  return "rest";
}

function emit(job: Job, name: JobEventName, around: Surroundings): ReturnType<Surroundings["queue"]["emit"]> {
  return around.queue.emit(name, jobEventEnvironment(job, name), job.ofShutdown);
}

/** Emits an event of the job that it does not wait for. */
function announce(job: Job, name: JobEventName, around: Surroundings): Step {
  emit(job, name, around);
  return "continue";
}

function emitAndWait(job: Job, name: JobEventName, around: Surroundings): Step {
  const event = emit(job, name, around);
  event.waiters.push({ type: "job", job });
  job.blocker = event;
  return "rest";
}

/** The job's own event is finished; whether it failed makes no difference (docs/upstart.md#56-end-of-an-event). */
export function blockerFinished(job: Job, around: Surroundings): void {
  job.blocker = null;
  advance(job, around);
}

/** After a re-exec: its timers run, and a process that was not forked is asked for. */
export function resume(job: Job, around: Surroundings): void {
  resumeTimers(job, around);
  around.probing.resumeProbes(job, around);
  if (job.spawning !== null && !isAlive(job, job.spawning)) spawn(job, job.spawning, around);
}

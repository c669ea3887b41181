/** What is looked at to know whether a job is up (`ready`) and well (`check`): when, and what follows (docs/probes.md). */
import { expand } from "../events/environment.ts";
import { startTimeoutOf } from "./bounds.ts";
import { displayName, isAlive, type Job } from "./job.ts";
import type { Probe } from "./job-class.ts";
import { advance, bringBack, changeGoal } from "./lifecycle.ts";
import type { ProbeOutcome } from "./messages.ts";
import { newProbeState, type ProbeState, probeText } from "./probe-state.ts";
import type { Surroundings } from "./surroundings.ts";
import { cancelTimer, setTimer } from "./timers.ts";
import { fail } from "./waiters.ts";

const firstPause = 100;
const longestPause = 1_000;
/** What one try of `ready` may take: to connect, and for all else. */
const connectTime = 1_000;
const commandTime = 5_000;
/** From the exec of main to the success of `ready`, where nothing else is said. */
const defaultReadyTime = 60_000;
/** The first check begins at most this long after the job runs. */
const longestFirstWait = 10_000;
/** Restarts by checks in a row, without this long a health, are a failure for good. */
const mostRestarts = 5;
const minuteOfHealth = 60_000;
/** What is kept of a reason, in characters. */
const longestReason = 512;

/** Main runs, and is asked until it is ready. */
export function beginReady(job: Job, around: Surroundings): void {
  const { ready, readyEvery } = job.jobClass;
  if (ready === null) return;
  if (startTimeoutOf(job, around) === null) setTimer(job, "start", defaultReadyTime, around);
  const pause = readyEvery === null ? firstPause : readyEvery * 1000;
  job.probes = [newProbeState(ready, "ready", pause)];
  tryDue(job, around);
}

/** The job runs: its checks begin, each at a moment of its own. */
export function beginChecks(job: Job, around: Surroundings): void {
  const { checks, checkEvery } = job.jobClass;
  if (checks.length === 0 || !isAlive(job, "main")) return;
  const pause = checkEvery * 1000;
  job.probes = checks.map((probe) => {
    const state = newProbeState(probe, "check", pause);
    const first = Math.min(pause, longestFirstWait) * (0.9 + 0.2 * around.random());
    return { ...state, due: around.now() + first };
  });
  arm(job, around);
}

/** From the first moment of a stop, or once main is gone: what runs is ended, and its result dropped. */
export function endProbes(job: Job, around: Surroundings): void {
  if (job.probes === null) return;
  if (job.probes.some(({ id }) => id !== 0)) around.effect({ type: "probe-cancel", job });
  job.probes = null;
  cancelTimer(job, "probe", around);
}

/** After a re-exec: what was being tried is tried anew. */
export function resumeProbes(job: Job, around: Surroundings): void {
  if (!isAlive(job, "main") || job.goal !== "start") return;
  if (job.state === "spawned" && job.spawning === null && job.jobClass.expect === "none")
    beginReady(job, around);
  if (job.state !== "running") return;
  if (job.probes === null) beginChecks(job, around);
  else arm(job, around);
}

/** Begins the tries that are due. */
export function tryDue(job: Job, around: Surroundings): void {
  for (const state of job.probes ?? []) {
    if (state.id === 0 && state.due !== null && state.due <= around.now()) begin(job, state, around);
  }
  arm(job, around);
}

function begin(job: Job, state: ProbeState, around: Surroundings): void {
  const env = around.environments.ofProcess(job, "main");
  const text = isCommand(state.probe)
    ? { ok: true as const, text: state.probe.text }
    : expand(state.probe.text, env);
  state.due = null;
  state.id = ++job.lastProbe;
  if (!text.ok) {
    finish(job, state, "error", text.error, around);
    return;
  }
  const probe: Probe = { ...state.probe, text: text.text };
  around.effect({ type: "probe", job, id: state.id, probe, env, timeout: timeOf(job, state) });
}

function isCommand({ kind }: Probe): boolean {
  return kind === "exec" || kind === "script" || kind === "argv" || kind === "log";
}

function timeOf(job: Job, { role, probe }: ProbeState): number {
  if (role === "check") return job.jobClass.checkTimeout * 1000;
  return probe.kind === "tcp" || probe.kind === "unix" ? connectTime : commandTime;
}

/** A try is over. */
export function probed(
  job: Job,
  id: number,
  outcome: ProbeOutcome,
  reason: string,
  around: Surroundings,
): void {
  const state = job.probes?.find((each) => each.id === id);
  if (state !== undefined) finish(job, state, outcome, reason, around);
}

function finish(
  job: Job,
  state: ProbeState,
  outcome: ProbeOutcome,
  reason: string,
  around: Surroundings,
): void {
  state.id = 0;
  const before = state.reason;
  state.reason = reason.slice(0, longestReason);
  state.due = around.now() + state.pause;
  if (outcome === "unknown" && before !== state.reason)
    around.log("warn", `  ${displayName(job)} ${probeText(state.probe)} cannot be tried: ${reason}`, job);
  if (state.role === "ready") readyTried(job, state, outcome, around);
  else checked(job, state, outcome, around);
  if (job.probes !== null) arm(job, around);
}

function readyTried(job: Job, state: ProbeState, outcome: ProbeOutcome, around: Surroundings): void {
  if (job.jobClass.readyEvery === null) state.pause = Math.min(state.pause * 1.5, longestPause);
  if (outcome !== "good") return;
  endProbes(job, around);
  if (startTimeoutOf(job, around) === null) cancelTimer(job, "start", around);
  if (job.state === "spawned" && job.goal === "start") advance(job, around);
}

function checked(job: Job, state: ProbeState, outcome: ProbeOutcome, around: Surroundings): void {
  if (outcome === "unknown") return;
  if (outcome === "good") {
    state.failures = 0;
    const was = state.result;
    state.result = "good";
    if (was === "bad") tell(job, state, "healthy", around);
    return;
  }
  state.failures += 1;
  // A check that can't be executed says nothing of the service.
  const isOver = outcome === "error" ? state.failures === 1 : state.failures === job.jobClass.checkFailures;
  if (!isOver) return;
  state.result = "bad";
  tell(job, state, "unhealthy", around);
  if (outcome === "bad") act(job, state, around);
}

function tell(job: Job, { probe, reason }: ProbeState, event: string, around: Surroundings): void {
  const check = probeText(probe);
  around.log("warn", `  ${displayName(job)} is ${event} (check ${check}): ${reason}`, job);
  const env = [`JOB=${job.jobClass.name}`, `INSTANCE=${job.instance}`, `CHECK=${check}`];
  around.queue.emit(event, event === "healthy" ? env : [...env, `REASON=${reason}`], job.ofShutdown);
}

/** `check on failure`. */
function act(job: Job, state: ProbeState, around: Surroundings): void {
  const { checkAction } = job.jobClass;
  if (checkAction === "none" || job.goal !== "start") return;
  const why = `check ${probeText(state.probe)}: ${state.reason}`;
  job.stopCause = { type: "check", why };
  const lasted = around.now() - job.since;
  job.checkRestarts = lasted >= minuteOfHealth ? 1 : job.checkRestarts + 1;
  if (checkAction === "restart" && job.checkRestarts < mostRestarts && !around.quiescing) {
    bringBack(job, around);
    job.startCause = { type: "check", why };
    job.respawnAt = around.now() + backoffOf(job);
    return;
  }
  job.ending = { failed: true, exitStatus: 1 };
  job.endsContainer = checkAction === "shutdown";
  fail(job, "main", null, around, why);
  changeGoal(job, "stop", around);
}

/** Before the restart that follows so many others, in milliseconds. */
function backoffOf({ jobClass, checkRestarts }: Job): number {
  const { min, max } = jobClass.respawnBackoff ?? { min: 1, max: 30 };
  return Math.min(max, min * 2 ** (checkRestarts - 1)) * 1000;
}

function arm(job: Job, around: Surroundings): void {
  let next = Number.POSITIVE_INFINITY;
  for (const { due } of job.probes ?? []) if (due !== null) next = Math.min(next, due);
  if (Number.isFinite(next)) setTimer(job, "probe", Math.max(0, next - around.now()), around);
}

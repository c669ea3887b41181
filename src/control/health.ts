/** Whether the container is well, and every reason why it is not (docs/health.md). */
import type { Job } from "../jobs/job.ts";
import { displayName, waitsForRespawn } from "../jobs/job.ts";
import { probeText } from "../jobs/probe-state.ts";
import { isUnexpected } from "../jobs/process-end.ts";
import { isOnWayUp } from "../jobs/states.ts";
import type { ClassEntry, World } from "../jobs/world.ts";
import type { Health } from "./answers.ts";
import { placeOf } from "./configuration-problem.ts";
import type { Daemon } from "./daemon.ts";

/** A service whose main process failed so often within a minute crash-loops, though its respawn limit allows it. */
const failuresOfCrashLoop = 3;
const crashLoopWindow = 60_000;

/** Everything that is not well: of the required jobs, or without any of the container as a whole. */
export function healthOf(daemon: Daemon, required: readonly string[]): Health {
  const reasons = daemon.phase() === "stopping" ? ["init is stopping"] : reasonsAgainst(daemon, required);
  if (reasons.length > 0) return { healthy: false, reason: reasons.join("; "), reasons };
  return { healthy: true, reason: wellText(daemon.world, required), reasons: [] };
}

function reasonsAgainst(daemon: Daemon, required: readonly string[]): string[] {
  if (required.length > 0) return required.flatMap((name) => reasonsAgainstRequired(daemon, name));
  const problems = daemon.configurationProblems();
  const reasons = problems.map((problem) => `cannot read ${placeOf(problem)}: ${problem.message}`);
  for (const { entry, lacking } of daemon.world.levels.missed())
    reasons.push(`${entry.jobClass.name} is down, and waits for ${lacking.join(", ")}`);
  const waitsFor = daemon.mainCommand()?.waitsFor ?? null;
  if (waitsFor !== null) reasons.push(`the main command waits for ${waitsFor}`);
  for (const entry of daemon.world.classes()) reasons.push(...reasonsAgainstJob(daemon, entry));
  return reasons;
}

function reasonsAgainstRequired(daemon: Daemon, name: string): string[] {
  const entry = daemon.world.findClass(name);
  if (entry === undefined) return [`Unknown job: ${name}`];
  const reasons = reasonsAgainstJob(daemon, entry);
  if (reasons.length > 0) return reasons;
  for (const missed of daemon.world.levels.missed())
    if (missed.entry === entry) return [`${name} is down, and waits for ${missed.lacking.join(", ")}`];
  const reason = whyNotRunning(entry);
  return reason === null ? [] : [`${name} ${reason}`];
}

function whyNotRunning(entry: ClassEntry): string | null {
  if (entry.instances.size === 0)
    return entry.jobClass.task && entry.lastRunWasGood === true ? null : "is stop/waiting";
  for (const job of entry.instances.values()) {
    if (job.state !== "running" || job.goal !== "start") return `is ${job.goal}/${job.state}`;
  }
  return null;
}

function reasonsAgainstJob(daemon: Daemon, entry: ClassEntry): string[] {
  const { name } = entry.jobClass;
  const fault = daemon.world.levels.faultOf(name);
  if (fault !== undefined) return [`${name} cannot start: ${fault}`];
  if (hasFailed(entry) && entry.wishes.size === 0) return [`${name} failed: ${failureText(entry)}`];
  const reasons: string[] = [];
  const failures = recentFailures(daemon, entry);
  if (failures >= failuresOfCrashLoop)
    reasons.push(`${name} crash-loops: ${failures} failed ends within the last minute`);
  for (const job of entry.instances.values()) {
    const late = whyLate(daemon, job);
    if (late !== null) reasons.push(late);
    for (const { result, probe, reason } of job.probes ?? [])
      if (result === "bad")
        reasons.push(`${displayName(job)} is unhealthy: check ${probeText(probe)}: ${reason}`);
    if (waitsForRespawn(job) && job.unready !== "")
      reasons.push(`${displayName(job)} never was ready: ${job.unready}`);
  }
  const gone = whatWentAway(daemon.world, entry);
  if (gone !== null) reasons.push(`${name} is down since ${gone} went away`);
  return reasons;
}

/** The last that happened to the job is that it failed. */
export function hasFailed(entry: ClassEntry): boolean {
  const { lastFailure, instances, exits } = entry;
  return lastFailure !== null && instances.size === 0 && (exits.at(-1)?.at ?? 0) <= lastFailure.at;
}

/** How the job failed last, in words. */
export function failureText({ lastFailure, exits }: ClassEntry): string {
  if (lastFailure === null) return "unknown";
  const status = lastFailure.status ?? exits.at(-1)?.status ?? null;
  const end =
    status?.type === "exited"
      ? `status ${status.status}`
      : status?.type === "killed"
        ? `signal ${status.signal}${status.detail === undefined ? "" : `, ${status.detail}`}`
        : null;
  if (lastFailure.process === "requires") return lastFailure.reason ?? "it lacks what it requires";
  if (lastFailure.process === "respawn") return end === null ? "respawn limit" : `respawn limit, last ${end}`;
  return `${lastFailure.process} process: ${lastFailure.reason ?? end ?? "not started"}`;
}

function recentFailures(daemon: Daemon, { jobClass, exits, instances, resetAt }: ClassEntry): number {
  if (!jobClass.respawn || jobClass.task || instances.size === 0) return 0;
  const since = Math.max(daemon.now() - crashLoopWindow, resetAt);
  return exits.filter(
    ({ process, status, at }) => process === "main" && at > since && isUnexpected({ jobClass }, status),
  ).length;
}

/** An instance that has been on its way up for longer than it may. */
function whyLate(daemon: Daemon, job: Job): string | null {
  if (job.goal !== "start" || !isOnWayUp(job.state)) return null;
  const limit = job.jobClass.startTimeout ?? daemon.startingLimit();
  const seconds = (daemon.now() - job.startedAt) / 1_000;
  if (limit === null || seconds <= limit) return null;
  return `${displayName(job)} has been starting for ${Math.floor(seconds)} seconds (${job.state})`;
}

/** The job that took this service down with it by an event, unless an operator stopped that job. */
function whatWentAway(world: World, { jobClass, instances, lastStop, resetAt }: ClassEntry): string | null {
  if (instances.size > 0 || lastStop === null || lastStop.at <= resetAt || jobClass.task) return null;
  const { cause } = lastStop;
  if (cause.type !== "event" || cause.job === null || cause.job === jobClass.name) return null;
  const other = world.findClass(cause.job);
  const stoppedByHand = other?.instances.size === 0 && other.lastStop?.cause.type === "hand";
  return stoppedByHand ? null : cause.job;
}

function wellText(world: World, required: readonly string[]): string {
  if (required.length > 0) return `${required.join(", ")} running`;
  let running = 0;
  for (const job of world.jobs()) if (job.state === "running" && job.goal === "start") running++;
  return running === 1 ? "1 job running" : `${running} jobs running`;
}

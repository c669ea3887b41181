import type { Condition, MatchCondition } from "../events/condition.ts";
import type { ConditionState } from "../events/condition-state.ts";
import { matchesGlob } from "../events/glob.ts";
import { ownEvents } from "../events/own-events.ts";
import { causeText } from "../jobs/cause.ts";
import type { Job, JobEvent } from "../jobs/job.ts";
import { displayName } from "../jobs/job.ts";
import { isJobEvent } from "../jobs/job-event-names.ts";
import type { ProcessExit } from "../jobs/job-registry.ts";
import { isThere } from "../jobs/presence.ts";
import { probeText } from "../jobs/probe-state.ts";
import { describeEnd } from "../jobs/process-end.ts";
import { isOutdated } from "../jobs/renewal.ts";
import type { ClassEntry, World } from "../jobs/world.ts";
import type { ConditionProgress, Explanation, InstanceExplanation } from "./answers.ts";
import { placeOf } from "./configuration-problem.ts";
import type { Daemon } from "./daemon.ts";
import { endOf } from "./notice.ts";
import { statusIn } from "./status.ts";

/** Why a job is, or is not, running. The class must exist. */
export function explainClass(daemon: Daemon, name: string, lines: number, details: boolean): Explanation {
  const { world } = daemon;
  const entry = world.findClass(name) as ClassEntry;
  const { jobClass, lastFailure, lastStop } = entry;
  const since = daemon.startedAt;
  const instances = [...entry.instances.values()];
  const names = instances.length === 0 ? [name] : instances.map(displayName);
  return {
    name,
    path: jobClass.path,
    description: jobClass.description,
    task: jobClass.task,
    expect: jobClass.expect,
    checkAction: jobClass.checks.length === 0 ? null : jobClass.checkAction,
    respawnLimit: jobClass.respawnLimit,
    now: daemon.now() - since,
    instance: jobClass.instance,
    startOn: entry.startOn === null ? null : startConditionOf(entry, world),
    schedule: scheduleOf(entry),
    requires: jobClass.requires.map(({ job, soft }) => requirementOf(world, job, soft)),
    wanted: [...entry.wishes.values()].some(({ first }) => !first),
    fileProblem: problemOf(daemon, jobClass.path),
    fileChanged: isOutdated(entry) || (instances.length > 0 && entry.deleted),
    lastStop:
      lastStop === null
        ? null
        : {
            why: causeText(lastStop.cause, details),
            wasEnd: lastStop.cause.type === "end",
            at: lastStop.at - since,
          },
    instances: instances.map((job) => explainInstance(daemon, job, details)),
    lastFailure:
      lastFailure === null
        ? null
        : {
            instance: lastFailure.instance,
            process: lastFailure.process === "respawn" ? "main" : lastFailure.process,
            reason: lastFailure.reason ?? reasonOf(entry),
            respawnLimit: lastFailure.process === "respawn",
            at: lastFailure.at - since,
          },
    exits: entry.exits.map((exit) => exitOf(exit, since)),
    output: names.flatMap((displayed) => daemon.lastLines(displayed, lines)).slice(-lines),
  };
}

function scheduleOf({ jobClass, schedule, lastRun }: ClassEntry): Explanation["schedule"] {
  if (schedule === null) return null;
  const { next, last, zone, skipped } = schedule;
  const took = lastRun === null ? null : Math.round(lastRun.took);
  return { schedules: [...jobClass.schedules], next, last, zone, skipped, took, good: lastRun?.good ?? null };
}

/** What is required, and whether it is there. */
function requirementOf(world: World, job: string, soft: boolean): Explanation["requires"][number] {
  const entry = world.findClass(job);
  const first = entry === undefined ? undefined : [...entry.instances.values()][0];
  const state = first === undefined ? "stop/waiting" : `${first.goal}/${first.state}`;
  const done = entry?.jobClass.task === true && isThere(entry);
  return {
    job,
    soft,
    there: entry !== undefined && isThere(entry),
    state: entry === undefined ? "unknown" : done ? "done" : state,
  };
}

/** As long as an event started what is up, its condition is shown as it was then: events are gone once they were handled. */
function startConditionOf(entry: ClassEntry, world: World): ConditionProgress {
  const progress = progressOf(entry.startOn as ConditionState<JobEvent>, world);
  const byEvent = [...entry.instances.values()].some(({ startCause }) => startCause?.type === "event");
  return byEvent ? fulfilled(progress) : progress;
}

function fulfilled(progress: ConditionProgress): ConditionProgress {
  const { left, right } = progress;
  return {
    ...progress,
    value: true,
    ...(left === undefined ? {} : { left: fulfilled(left) }),
    ...(right === undefined ? {} : { right: fulfilled(right) }),
  };
}

function problemOf(daemon: Daemon, path: string): string | null {
  const problem = daemon.configurationProblems().find((each) => each.path === path);
  return problem === undefined ? null : `${placeOf(problem)}: ${problem.message}`;
}

function explainInstance(daemon: Daemon, job: Job, details: boolean): InstanceExplanation {
  const { jobClass, blocker, startCause, stopCause } = job;
  return {
    ...statusIn(daemon.world, job),
    since: daemon.now() - job.since,
    blockedBy: blocker === null ? null : { event: blocker.name, jobs: holdersOf(daemon.world, blocker) },
    stopOn: job.stopOn === null ? null : progressOf(job.stopOn, daemon.world),
    probes: (job.probes ?? []).map((state) => ({
      role: state.role,
      probe: probeText(state.probe),
      result: state.result,
      failures: state.failures,
      reason: state.reason,
    })),
    started: startCause === null ? "" : causeText(startCause, details),
    stopped: stopCause === null ? "" : causeText(stopCause, details),
    respawn: {
      enabled: jobClass.respawn,
      count: job.respawnCount,
      limit: jobClass.respawnLimit.count,
      interval: jobClass.respawnLimit.interval,
    },
  };
}

/** The instances that have this event to finish. */
function holdersOf(world: World, event: JobEvent): string[] {
  const holders: string[] = [];
  for (const job of world.jobs()) {
    if (job.waiters.some((waiting) => waiting.type === "event" && waiting.event === event)) {
      holders.push(displayName(job));
    }
  }
  return holders;
}

/** The nodes come with the children before their parents, so nothing recurses. */
function progressOf(state: ConditionState<JobEvent>, world: World): ConditionProgress {
  const values = state.values();
  const matches = matchesOf(state.compiled.source);
  const made: ConditionProgress[] = [];
  state.compiled.nodes.forEach((node, index) => {
    const value = values[index] === true;
    if (node.type === "match") {
      const { event, args } = matches[node.leaf] as MatchCondition;
      made.push({ type: "match", value, event, args: [...args], ...emittersOf(event, args, world) });
    } else {
      made.push({ type: node.type, value, left: made[node.left], right: made[node.right] });
    }
  });
  return made.at(-1) as ConditionProgress;
}

/** The leaves as they are written in the file, in their order. */
function matchesOf(source: Condition): MatchCondition[] {
  const matches: MatchCondition[] = [];
  const todo = [source];
  for (let condition = todo.pop(); condition !== undefined; condition = todo.pop()) {
    if (condition.type === "match") matches.push(condition);
    else todo.push(condition.right, condition.left);
  }
  return matches;
}

const initEvents: ReadonlySet<string> = new Set([
  ...ownEvents,
  "startup",
  "control-alt-delete",
  "keyboard-request",
  "power-status-changed",
  "session-end",
]);

/** Who could emit an event: for one of a job's life that job, if it is there. Absent for what init emits. */
function emittersOf(event: string, args: readonly string[], world: World): { emitters?: string[] } {
  if (initEvents.has(event)) return {};
  const emitters: string[] = [];
  const named = isJobEvent(event) ? jobNamed(args) : null;
  if (isJobEvent(event) && named === null) return {};
  for (const { jobClass } of world.classes()) {
    const emits =
      named === null
        ? jobClass.emits.some((glob) => matchesGlob(glob, event))
        : matchesGlob(named, jobClass.name);
    if (emits) emitters.push(jobClass.name);
  }
  return { emitters };
}

function jobNamed(args: readonly string[]): string | null {
  const named = args.find((arg) => arg.startsWith("JOB="));
  if (named !== undefined) return named.slice("JOB=".length);
  const [first] = args;
  return first === undefined || first.includes("=") ? null : first;
}

function exitOf(exit: ProcessExit, since: number): Explanation["exits"][number] {
  const { process, pid, status, at } = exit;
  const detail = status.type === "killed" && status.detail !== undefined ? { detail: status.detail } : {};
  return { process, pid, type: status.type, ...endOf(status), ...detail, at: at - since };
}

function reasonOf(entry: ClassEntry): string {
  const failure = entry.lastFailure;
  const status = failure?.status ?? entry.exits.at(-1)?.status ?? null;
  if (status === null) return "failed";
  return describeEnd(status);
}

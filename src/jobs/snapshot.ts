import * as z from "zod/mini";
import type { Condition } from "../events/condition.ts";
import { ConditionState } from "../events/condition-state.ts";
import { Event } from "../events/event.ts";
import type { Cause } from "./cause.ts";
import { type EventWaiter, failureReasons, Job, type JobEvent, type JobWaiter } from "./job.ts";
import { type JobClass, processNames } from "./job-class.ts";
import { ClassEntry } from "./job-registry.ts";
import type { Waiter } from "./messages.ts";
import { newProbeState, type ProbeState } from "./probe-state.ts";
import { goals, states } from "./states.ts";
import { World, type WorldOptions } from "./world.ts";

/**
 * The whole world as plain JSON, for a re-exec, and back. Loaded only then. What is written here is read by another
 * version of the program: a change that an old reader can't take needs another version number.
 */
export const snapshotVersion = 1;

const processName = z.enum(processNames);
const text = z.string();
const integer = z.int();
const flag = z.boolean();
const texts = z.array(text);

const condition: z.ZodMiniType<Condition> = z.lazy(() =>
  z.union([
    z.object({ type: z.literal("match"), event: text, args: texts }),
    z.object({ type: z.enum(["and", "or"]), left: condition, right: condition }),
  ]),
);

/** JSON has no number for "unlimited". */
const limitValue = z.union([z.number(), z.literal("unlimited")]);

const probe = z.object({
  kind: z.enum(["tcp", "unix", "http", "file", "log", "exec", "script", "argv"]),
  text,
});

const jobClass = z.object({
  name: text,
  path: text,
  description: z.nullable(text),
  author: z.nullable(text),
  version: z.nullable(text),
  usage: z.nullable(text),
  startOn: z.nullable(condition),
  stopOn: z.nullable(condition),
  manual: z._default(flag, false),
  requires: z._default(z.array(z.object({ job: text, soft: flag })), []),
  after: z._default(texts, []),
  replicas: z._default(z.nullable(integer), null),
  schedules: z._default(texts, []),
  scheduleJitter: z._default(z.nullable(z.number()), null),
  ready: z._default(z.nullable(probe), null),
  readyEvery: z._default(z.nullable(z.number()), null),
  checks: z._default(z.array(probe), []),
  checkEvery: z._default(z.number(), 10),
  checkTimeout: z._default(z.number(), 5),
  checkFailures: z._default(integer, 3),
  checkAction: z._default(z.enum(["restart", "stop", "shutdown", "none"]), "restart"),
  emits: texts,
  processes: z.partialRecord(
    processName,
    z.object({ script: flag, command: text, argv: z.optional(z.readonly(texts)) }),
  ),
  expect: z.enum(["none", "stop", "fork", "daemon", "notify"]),
  task: flag,
  respawn: flag,
  respawnLimit: z.object({ count: z.number(), interval: z.number() }),
  respawnBackoff: z.nullable(z.object({ min: z.number(), max: z.number() })),
  normalExit: z.array(integer),
  instance: text,
  env: texts,
  export: texts,
  killSignal: integer,
  killTimeout: z.number(),
  killMode: z.enum(["group", "process", "mixed"]),
  startTimeout: z.nullable(z.number()),
  stopTimeout: z.nullable(z.number()),
  runTimeout: z.nullable(z.number()),
  reloadSignal: integer,
  console: z.nullable(z.enum(["none", "log", "output", "owner"])),
  logPty: z._default(z.boolean(), false),
  umask: z.nullable(integer),
  nice: z.nullable(integer),
  oomScore: z.nullable(integer),
  limits: z.array(z.tuple([text, z.object({ soft: limitValue, hard: limitValue })])),
  chroot: z.nullable(text),
  chdir: z.nullable(text),
  setuid: z.nullable(text),
  setgid: z.nullable(text),
  directories: z.array(z.object({ path: text, mode: z.nullable(integer) })),
  hooksAsRoot: flag,
  noNewPrivileges: flag,
  capabilities: z.nullable(texts),
  debug: flag,
  apparmorLoad: z.nullable(text),
  apparmorSwitch: z.nullable(text),
  cgroups: z.array(texts),
  watchdog: z.nullable(z.number()),
  killLeftovers: flag,
  shutdownOn: z.nullable(z.enum(["failure", "success", "exit"])),
});

const processStatus = z.union([
  z.object({ type: z.literal("exited"), status: integer }),
  z.object({ type: z.literal("killed"), signal: integer, detail: z.optional(text) }),
  z.object({ type: z.literal("stopped"), signal: integer }),
  z.object({ type: z.literal("continued") }),
]);

const failure = {
  process: z.enum([...processNames, "respawn", "requires"]),
  status: z.nullable(processStatus),
  reason: z.nullable(text),
};

const jobWaiter = z.union([
  z.object({ type: z.literal("event"), event: integer }),
  z.object({ type: z.enum(["start", "stop", "restart"]), waiter: integer, by: z.optional(text) }),
]);

/** Ids of events by place of a condition; null where none has arrived. */
const arrived = z.nullable(z.array(z.nullable(integer)));

const cause = z.union([
  z.object({ type: z.literal("hand"), command: text, uid: integer, pid: integer, client: text }),
  z.object({ type: z.literal("event"), events: texts, job: z.nullable(text) }),
  z.object({ type: z.literal("timeout"), reason: z.enum(failureReasons) }),
  z.object({ type: z.literal("required"), by: text }),
  z.object({ type: z.literal("requires"), job: text, why: text }),
  z.object({ type: z.literal("back"), job: text, first: flag }),
  z.object({ type: z.literal("check"), why: text }),
  z.object({ type: z.literal("schedule"), time: text }),
  z.object({ type: z.enum(["itself", "respawn", "end", "file", "shutdown"]) }),
]);

const job = z.object({
  id: integer,
  /** Which of the classes in `classes`: an instance keeps the definition that it was started with. */
  instance: text,
  goal: z.enum(goals),
  state: z.enum(states),
  since: z.number(),
  startedAt: z.number(),
  pids: z.array(z.tuple([processName, integer])),
  spawning: z.nullable(processName),
  env: texts,
  startEnv: z.nullable(texts),
  given: z._default(texts, []),
  stopEnv: z.nullable(texts),
  stopOn: arrived,
  blocker: z.nullable(integer),
  waiters: z.array(jobWaiter),
  failure: z.nullable(z.object(failure)),
  ending: z.nullable(z.object({ failed: flag, exitStatus: integer })),
  respawnTime: z.number(),
  respawnCount: integer,
  respawnsInARow: integer,
  respawnAt: z.nullable(z.number()),
  killAt: z.nullable(z.number()),
  watchdogAt: z.nullable(z.number()),
  startAt: z.nullable(z.number()),
  runAt: z.nullable(z.number()),
  stopAt: z.nullable(z.number()),
  hookAt: z.nullable(z.number()),
  hookSignals: integer,
  /** Of its checks: what was found so far, in the order of the stanzas. */
  checked: z._default(
    z.array(z.object({ failures: integer, result: z.enum(["unknown", "good", "bad"]), reason: text })),
    [],
  ),
  checkRestarts: z._default(integer, 0),
  killSent: flag,
  killReason: z.nullable(z.enum(failureReasons)),
  forced: flag,
  startTimeouts: integer,
  startCause: z.nullable(cause),
  stopCause: z.nullable(cause),
  ofShutdown: flag,
});

const entry = z.object({
  jobClass,
  next: z.nullable(jobClass),
  renewal: z._default(z.nullable(z.object({ cause, starts: z.array(texts) })), null),
  deleted: flag,
  startOn: arrived,
  jobs: z.array(job),
  exits: z.array(
    z.object({ instance: text, process: processName, pid: integer, status: processStatus, at: z.number() }),
  ),
  lastFailure: z.nullable(
    z.object({ ...failure, instance: text, exitStatus: z._default(integer, 1), at: z.number() }),
  ),
  lastStop: z.nullable(z.object({ instance: text, cause, at: z.number() })),
  scaled: z._default(z.nullable(integer), null),
  lastRun: z._default(z.nullable(z.object({ at: z.number(), took: z.number(), good: flag })), null),
  schedule: z._default(
    z.nullable(
      z.object({
        next: z.nullable(z.number()),
        last: z.nullable(z.number()),
        zone: text,
        skipped: integer,
        skippedBefore: integer,
      }),
    ),
    null,
  ),
  lastRunWasGood: z._default(z.nullable(flag), null),
  wishes: z._default(z.array(z.object({ instance: text, given: texts, first: flag })), []),
  /** null: never. */
  resetAt: z.nullable(z.number()),
});

const eventWaiter = z.union([
  z.object({ type: z.literal("job"), job: integer }),
  z.object({ type: z.literal("request"), waiter: integer, by: z.optional(text), early: flag }),
]);

const event = z.object({
  id: integer,
  name: text,
  env: texts,
  progress: z.enum(["pending", "handling"]),
  failed: flag,
  culprit: z.nullable(text),
  jobs: integer,
  held: integer,
  ofShutdown: flag,
  waiters: z.array(eventWaiter),
});

export const worldState = z.object({
  version: z.literal(snapshotVersion),
  lastEventId: integer,
  lastJobId: integer,
  quiescing: flag,
  defaultEnvironment: texts,
  events: z.array(event),
  classes: z.array(entry),
});
export type WorldState = z.output<typeof worldState>;
type JobState = z.output<typeof job>;
type ClassState = z.output<typeof jobClass>;

/**
 * What the world holds. To be taken when it stands still and its effects are carried out; a process that is asked for
 * and not forked yet is asked for again after `restore`.
 */
export function snapshot(world: World): WorldState {
  return {
    version: snapshotVersion,
    lastEventId: world.queue.lastId,
    lastJobId: world.instances.lastId,
    quiescing: world.quiescing,
    defaultEnvironment: [...world.environments.defaults],
    events: [...world.queue.events].map(eventToPlain),
    classes: world.classes().map((each) => ({
      jobClass: classToPlain(each.jobClass),
      next: each.next === null ? null : classToPlain(each.next),
      renewal: each.renewal && {
        cause: causeToPlain(each.renewal.cause),
        starts: each.renewal.starts.map((given) => [...given]),
      },
      deleted: each.deleted,
      startOn: arrivedToPlain(each.startOn),
      jobs: [...each.instances.values()].map(jobToPlain),
      exits: [...each.exits],
      lastFailure: each.lastFailure,
      lastStop:
        each.lastStop === null ? null : { ...each.lastStop, cause: causeToPlain(each.lastStop.cause) },
      scaled: each.scaled,
      lastRun: each.lastRun,
      schedule: each.schedule,
      lastRunWasGood: each.lastRunWasGood,
      wishes: [...each.wishes].map(([instance, { given, first }]) => ({
        instance,
        given: [...given],
        first,
      })),
      resetAt: Number.isFinite(each.resetAt) ? each.resetAt : null,
    })),
  };
}

/** The classes of a state, for what has to be loaded before it is restored. */
export function classesOf(state: WorldState): JobClass[] {
  return state.classes.flatMap(({ jobClass: own, next }) =>
    [own, ...(next === null ? [] : [next])].map(classFromPlain),
  );
}

/** Checks what was read, and makes a world of it. Throws a ZodError for what is no state of this version. */
export function restore(state: unknown, options: WorldOptions): World {
  const plain = z.parse(worldState, state);
  const world = new World(options);
  world.quiescing = plain.quiescing;
  if (plain.quiescing) world.queue.ignoreConditions();
  world.environments.restoreDefaults(plain.defaultEnvironment);
  const events = new Map<number, JobEvent>();
  for (const each of plain.events) events.set(each.id, eventFromPlain(each));
  const jobs = new Map<number, Job>();
  for (const each of plain.classes) {
    const restored = new ClassEntry(classFromPlain(each.jobClass));
    restored.next = each.next === null ? null : classFromPlain(each.next);
    restored.renewal = each.renewal;
    restored.deleted = each.deleted;
    restored.exits = each.exits;
    restored.lastFailure = each.lastFailure;
    restored.lastStop = each.lastStop;
    restored.scaled = each.scaled;
    restored.lastRun = each.lastRun;
    restored.schedule = each.schedule;
    restored.lastRunWasGood = each.lastRunWasGood;
    restored.wishes = new Map(each.wishes.map(({ instance, ...wish }) => [instance, wish]));
    restored.resetAt = each.resetAt ?? Number.NEGATIVE_INFINITY;
    restoreArrived(restored.startOn, each.startOn, events);
    for (const one of each.jobs) {
      const made = jobFromPlain(one, restored, events);
      jobs.set(made.id, made);
      restored.addInstance(made);
    }
    world.registry.add(restored);
  }
  for (const each of plain.events) {
    const restored = events.get(each.id) as JobEvent;
    for (const waiter of each.waiters) restored.waiters.push(eventWaiterFromPlain(waiter, jobs));
    world.queue.restore(restored);
  }
  world.queue.restoreLastId(plain.lastEventId);
  world.resume(plain.lastJobId);
  return world;
}

function eventToPlain(each: JobEvent): z.output<typeof event> {
  const { id, name, env, failed, culprit, jobs, held, ofShutdown } = each;
  const waiters = each.waiters.map((waiter) =>
    waiter.type === "job"
      ? { type: "job" as const, job: waiter.job.id }
      : {
          type: "request" as const,
          waiter: waiter.waiter.id,
          early: waiter.early,
          ...askerOf(waiter.waiter),
        },
  );
  const progress = each.progress === "pending" ? "pending" : "handling";
  return { id, name, env, progress, failed, culprit, jobs, held, ofShutdown, waiters };
}

function eventFromPlain(plain: z.output<typeof event>): JobEvent {
  const restored: JobEvent = new Event<EventWaiter>(plain.id, plain.name, plain.env, plain.ofShutdown);
  const { progress, failed, culprit, jobs, held } = plain;
  return Object.assign(restored, { progress, failed, culprit, jobs, held });
}

function eventWaiterFromPlain(
  plain: z.output<typeof eventWaiter>,
  jobs: ReadonlyMap<number, Job>,
): EventWaiter {
  if (plain.type === "request")
    return { type: "request", waiter: waiterFromPlain(plain), early: plain.early };
  const waiting = jobs.get(plain.job);
  if (waiting === undefined) throw new Error(`the state names a job ${plain.job} that it does not hold`);
  return { type: "job", job: waiting };
}

/** Who waits, beside its number. */
function askerOf({ by }: Waiter): { by?: string } {
  return by === undefined ? {} : { by };
}

function waiterFromPlain({
  waiter,
  by,
}: {
  readonly waiter: number;
  readonly by?: string | undefined;
}): Waiter {
  return by === undefined ? { id: waiter } : { id: waiter, by };
}

function jobToPlain(each: Job): JobState {
  const { id, instance, goal, state, since, spawning, env, startEnv, given, stopEnv, failure, ending } = each;
  const { respawnTime, respawnCount, respawnsInARow, respawnAt, killAt, killSent, killReason, watchdogAt } =
    each;
  const { startedAt, startAt, runAt, stopAt, hookAt, hookSignals, forced, startTimeouts, ofShutdown } = each;
  return {
    ...{ id, instance, goal, state, since, spawning, env, startEnv, given, stopEnv, failure, ending },
    ...{ respawnTime, respawnCount, respawnsInARow, respawnAt, killAt, killSent, killReason, watchdogAt },
    ...{ startedAt, startAt, runAt, stopAt, hookAt, hookSignals, forced, startTimeouts, ofShutdown },
    checked: (each.probes ?? [])
      .filter(({ role }) => role === "check")
      .map(({ failures, result, reason }) => ({ failures, result, reason })),
    checkRestarts: each.checkRestarts,
    startCause: each.startCause && causeToPlain(each.startCause),
    stopCause: each.stopCause && causeToPlain(each.stopCause),
    pids: [...each.pids],
    stopOn: arrivedToPlain(each.stopOn),
    blocker: each.blocker?.id ?? null,
    waiters: each.waiters.map((waiter) =>
      waiter.type === "event"
        ? { type: "event", event: waiter.event.id }
        : { type: waiter.type, waiter: waiter.waiter.id, ...askerOf(waiter.waiter) },
    ),
  };
}

function jobFromPlain(plain: JobState, owner: ClassEntry, events: ReadonlyMap<number, JobEvent>): Job {
  const stopOn = owner.stopOn === null ? null : new ConditionState<JobEvent>(owner.stopOn);
  const { id, instance, pids, stopOn: arrivedIds, blocker, waiters, checked, ...rest } = plain;
  const restored = Object.assign(new Job(id, owner.jobClass, instance, stopOn, plain.since), rest);
  restoreArrived(stopOn, arrivedIds, events);
  for (const [process, pid] of pids) restored.pids.set(process, pid);
  restored.probes = restoredChecks(owner.jobClass, checked);
  restored.blocker = blocker === null ? null : find(events, blocker);
  restored.waiters = waiters.map(
    (waiter): JobWaiter =>
      waiter.type === "event"
        ? { type: "event", event: find(events, waiter.event) }
        : { type: waiter.type, waiter: waiterFromPlain(waiter) },
  );
  return restored;
}

/** Its checks go on from what they found. */
function restoredChecks({ checks, checkEvery }: JobClass, checked: JobState["checked"]): ProbeState[] | null {
  if (checked.length === 0) return null;
  return checks.map((each, index) => ({
    ...newProbeState(each, "check", checkEvery * 1000),
    ...checked[index],
  }));
}

function arrivedToPlain(state: ConditionState<JobEvent> | null): (number | null)[] | null {
  // An event that is finished (while everything is being stopped) is not held, and not kept.
  return state === null
    ? null
    : state.arrived.map((each) => (each?.progress === "handling" ? each.id : null));
}

function restoreArrived(
  state: ConditionState<JobEvent> | null,
  ids: readonly (number | null)[] | null,
  events: ReadonlyMap<number, JobEvent>,
): void {
  state?.restore((ids ?? []).map((id) => (id === null ? null : find(events, id))));
}

type CauseState = z.output<typeof cause>;

/** The command line of a client may hold a secret, so it is not kept. */
function causeToPlain(each: Cause): CauseState {
  if (each.type === "event") return { ...each, events: [...each.events] };
  return each.type === "hand" ? { ...each, client: "" } : each;
}

function find(events: ReadonlyMap<number, JobEvent>, id: number): JobEvent {
  const found = events.get(id);
  if (found === undefined) throw new Error(`the state names an event ${id} that it does not hold`);
  return found;
}

function classToPlain(each: JobClass): ClassState {
  const plainLimit = (value: number): number | "unlimited" => (Number.isFinite(value) ? value : "unlimited");
  return {
    ...each,
    requires: [...each.requires],
    after: [...each.after],
    schedules: [...each.schedules],
    checks: [...each.checks],
    emits: [...each.emits],
    normalExit: [...each.normalExit],
    env: [...each.env],
    export: [...each.export],
    cgroups: each.cgroups.map((line) => [...line]),
    directories: [...each.directories],
    capabilities: each.capabilities && [...each.capabilities],
    limits: [...each.limits].map(([resource, { soft, hard }]) => [
      resource,
      { soft: plainLimit(soft), hard: plainLimit(hard) },
    ]),
  };
}

function classFromPlain(plain: ClassState): JobClass {
  const limit = (value: number | "unlimited"): number =>
    value === "unlimited" ? Number.POSITIVE_INFINITY : value;
  const limits = plain.limits.map(
    ([resource, { soft, hard }]) => [resource, { soft: limit(soft), hard: limit(hard) }] as const,
  );
  return { ...plain, limits: new Map(limits) };
}

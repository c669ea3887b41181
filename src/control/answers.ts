/**
 * The answers of the control protocol, one schema each; `schema/` holds them as JSON Schema. PID 1 does not load
 * this file: it is for the commands that check what they were told, for the schemas, and for the tests.
 *
 * Members are only ever added. Times are milliseconds; `at` counts from the begin of PID 1.
 */
import * as z from "zod/mini";
import type { Condition } from "../events/condition.ts";

export const processName = z.enum(["main", "pre-start", "post-start", "pre-stop", "post-stop", "security"]);
export const goal = z.enum(["stop", "start", "respawn"]);

export const jobStatus = z.object({
  name: z.string(),
  /** "" for a job without instances, and when there is none. */
  instance: z.string(),
  goal,
  state: z.string(),
  /** Live processes, in Upstart's order. */
  processes: z.array(z.object({ process: processName, pid: z.int() })),
  /** Present in `start/waiting`: what it waits for, the first cause last, in words. */
  waitsFor: z.optional(z.array(z.string())),
  /** Present where its file has changed since it was started: it runs under the older definition. */
  outdated: z.optional(z.literal(true)),
});
export type JobStatus = z.output<typeof jobStatus>;

/** An operator with `left` and `right`, or a match with `event` and `args`. */
export const condition: z.ZodMiniType<Condition> = z.union([
  z.object({
    type: z.enum(["and", "or"]),
    left: z.lazy(() => condition),
    right: z.lazy(() => condition),
  }),
  z.object({ type: z.literal("match"), event: z.string(), args: z.array(z.string()) }),
]);

export const jobConfiguration = z.object({
  name: z.string(),
  path: z.string(),
  description: z.nullable(z.string()),
  author: z.nullable(z.string()),
  version: z.nullable(z.string()),
  usage: z.nullable(z.string()),
  task: z.boolean(),
  respawn: z.boolean(),
  instance: z.string(),
  emits: z.array(z.string()),
  /** The jobs that it requires, and those after which it starts. */
  requires: z.array(z.string()),
  after: z.array(z.string()),
  schedules: z.array(z.string()),
  replicas: z.nullable(z.int()),
  startOn: z.nullable(condition),
  stopOn: z.nullable(condition),
});
export type JobConfiguration = z.output<typeof jobConfiguration>;

export const version = z.object({
  /** What Upstart says: `init (upstart 1.13.2)`. */
  version: z.string(),
  upinit: z.string(),
  protocol: z.int(),
  pid: z.int(),
  /** A session init, not the container's. */
  user: z.boolean(),
  /** Milliseconds since it began. */
  uptime: z.number(),
});
export type Version = z.output<typeof version>;

export const processEnd = z.object({
  process: processName,
  pid: z.int(),
  /** How it ended: `exited` with `status`, or `killed` by `signal`. */
  type: z.enum(["exited", "killed", "stopped", "continued"]),
  status: z.optional(z.int()),
  signal: z.optional(z.string()),
  /** More of why it was killed: for lack of memory. */
  detail: z.optional(z.string()),
  at: z.optional(z.number()),
});

/** A condition with what has arrived so far. */
interface Progress {
  type: "and" | "or" | "match";
  value: boolean;
  left?: Progress | undefined;
  right?: Progress | undefined;
  event?: string | undefined;
  args?: string[] | undefined;
  emitters?: string[] | undefined;
}
export const progress: z.ZodMiniType<Progress> = z.object({
  type: z.enum(["and", "or", "match"]),
  /** Whether this part is fulfilled. */
  value: z.boolean(),
  left: z.optional(z.lazy(() => progress)),
  right: z.optional(z.lazy(() => progress)),
  event: z.optional(z.string()),
  args: z.optional(z.array(z.string())),
  /** Of an event that is missing: the loaded jobs that emit it; absent if it is one of init's own. */
  emitters: z.optional(z.array(z.string())),
});
export type ConditionProgress = z.output<typeof progress>;

export const probeState = z.object({
  role: z.enum(["ready", "check"]),
  /** As its stanza has it: `tcp 8080`. */
  probe: z.string(),
  result: z.enum(["unknown", "good", "bad"]),
  /** Failures in a row. */
  failures: z.int(),
  /** What was seen last; "" before the first try. */
  reason: z.string(),
});

/** Times are milliseconds since 1970, or null. */
const scheduleState = z.object({
  /** The stanzas, as written. */
  schedules: z.array(z.string()),
  next: z.nullable(z.number()),
  last: z.nullable(z.number()),
  /** By which the next time was found; "" for `every`. */
  zone: z.string(),
  /** Runs that were due while one lasted. */
  skipped: z.int(),
  /** Of the last run: milliseconds, and whether it ended well; null before its end. */
  took: z.nullable(z.number()),
  good: z.nullable(z.boolean()),
});

export const instanceExplanation = z.object({
  ...jobStatus.shape,
  /** Milliseconds in this state. */
  since: z.number(),
  /** The event that holds it in starting or stopping, with the instances that have it to finish. */
  blockedBy: z.nullable(z.object({ event: z.string(), jobs: z.array(z.string()) })),
  stopOn: z.nullable(progress),
  /** What is asked before it counts as started, and its checks. */
  probes: z.array(probeState),
  /** Why it was started, and why it is being stopped; "" where that is not known, or it is not. */
  started: z.string(),
  stopped: z.string(),
  respawn: z.object({ enabled: z.boolean(), count: z.int(), limit: z.int(), interval: z.number() }),
});
export type InstanceExplanation = z.output<typeof instanceExplanation>;

export const explanation = z.object({
  name: z.string(),
  path: z.string(),
  description: z.nullable(z.string()),
  task: z.boolean(),
  expect: z.enum(["none", "stop", "fork", "daemon", "notify"]),
  /** What follows where a check fails; null for a job without checks. */
  checkAction: z.nullable(z.enum(["restart", "stop", "shutdown", "none"])),
  respawnLimit: z.object({ count: z.int(), interval: z.number() }),
  /** Text of the `instance` stanza. */
  instance: z.string(),
  /** Milliseconds since PID 1 began. */
  now: z.number(),
  /** While an instance is up, as it was fulfilled. */
  startOn: z.nullable(progress),
  /** null for a job without `schedule`. */
  schedule: z.nullable(scheduleState),
  /** The jobs that it requires. */
  requires: z.array(
    z.object({
      job: z.string(),
      soft: z.boolean(),
      there: z.boolean(),
      /** `start/running`, `done` for a task, `unknown` for a job that does not exist. */
      state: z.string(),
    }),
  ),
  /** It is down, and starts again as soon as what it requires is there. */
  wanted: z.boolean(),
  /** What is wrong with its file now, while what was read before is in force; null if nothing is. */
  fileProblem: z.nullable(z.string()),
  /** Its file has changed since an instance was started, which keeps the old definition. */
  fileChanged: z.boolean(),
  /** Why the last instance that is gone was stopped, and when; null when there was none. */
  lastStop: z.nullable(z.object({ why: z.string(), wasEnd: z.boolean(), at: z.number() })),
  instances: z.array(instanceExplanation),
  /** The last instance that ended badly, and why; null when none did. */
  lastFailure: z.nullable(
    z.object({
      instance: z.string(),
      process: z.string(),
      /** `terminated with status 1`, `killed by KILL signal`, or why it could not be started. */
      reason: z.string(),
      respawnLimit: z.boolean(),
      at: z.number(),
    }),
  ),
  /** Last ends of processes of all instances, oldest first. */
  exits: z.array(processEnd),
  /** Last lines of captured output. */
  output: z.array(z.string()),
});
export type Explanation = z.output<typeof explanation>;

export const preview = z.object({
  event: z.string(),
  steps: z.array(
    z.object({
      job: z.string(),
      instance: z.string(),
      action: z.enum(["start", "stop"]),
      /** It is started because this job requires it. */
      requiredBy: z.optional(z.string()),
    }),
  ),
  /** Jobs whose condition the event would fulfil in part. */
  partly: z.array(z.string()),
  /** Jobs that it would start if their instance had a name, and why it has none. */
  refused: z.array(z.object({ job: z.string(), reason: z.string() })),
});
export type PreviewAnswer = z.output<typeof preview>;

export const update = z.object({
  /** The instances that are restarted with their new definition. */
  updated: z.array(z.object({ job: z.string(), instance: z.string() })),
  /** Files that could not be read, whose jobs keep what they have. */
  problems: z.array(z.string()),
});
export type UpdateAnswer = z.output<typeof update>;

const limitValue = z.nullable(z.number());
/** What a job's main process is given; limits are null where there is none. */
export const processSurroundings = z.object({
  env: z.array(z.string()),
  setuid: z.nullable(z.string()),
  setgid: z.nullable(z.string()),
  chroot: z.nullable(z.string()),
  chdir: z.nullable(z.string()),
  umask: z.nullable(z.int()),
  defaultUmask: z.int(),
  nice: z.nullable(z.int()),
  oomScore: z.nullable(z.int()),
  limits: z.array(z.object({ resource: z.string(), soft: limitValue, hard: limitValue })),
  capabilities: z.nullable(z.array(z.string())),
  noNewPrivileges: z.boolean(),
  /** HOME, USER, LOGNAME and SHELL of init, for a job that runs as its user; null: nothing is added to any job. */
  personal: z.nullable(z.array(z.string())),
});
export type ProcessSurroundings = z.output<typeof processSurroundings>;

export const bootAnswer = z.object({
  /** Milliseconds since PID 1 began. */
  now: z.number(),
  phase: z.enum(["booting", "running", "stopping"]),
  /** When the boot was over, in milliseconds since PID 1 began; null before, and after a re-exec. */
  booted: z.nullable(z.number()),
  records: z.array(
    z.object({
      type: z.enum(["state", "event"]),
      at: z.number(),
      job: z.optional(z.string()),
      instance: z.optional(z.string()),
      state: z.optional(z.string()),
      failed: z.optional(z.literal(true)),
      event: z.optional(z.string()),
      finished: z.optional(z.boolean()),
    }),
  ),
});
export type BootAnswer = z.output<typeof bootAnswer>;

export const health = z.object({
  healthy: z.boolean(),
  /** All reasons, or how many jobs run. */
  reason: z.string(),
  /** Each reason why it is not well. */
  reasons: z.array(z.string()),
});
export type Health = z.output<typeof health>;

/** A row of `list -l`: an instance, or a job without any. */
export const overviewJob = z.object({
  ...jobStatus.shape,
  /** Milliseconds in this state; null without an instance. */
  since: z.nullable(z.number()),
  /** Respawns in the current window of the respawn limit. */
  restarts: z.int(),
  failed: z.boolean(),
  /** How the main process ended last, "" if it has not. */
  lastEnd: z.string(),
  /** When its schedule starts it next, in milliseconds since 1970; absent without one. */
  next: z.optional(z.nullable(z.number())),
  /** Why it runs or does not, in words. */
  why: z.string(),
});
export type OverviewJob = z.output<typeof overviewJob>;

export const topJob = z.object({
  ...jobStatus.shape,
  /** Milliseconds in this state. */
  since: z.number(),
  /** Respawns in the current window of the respawn limit. */
  restarts: z.int(),
});
const failedJob = z.object({ name: z.string(), why: z.string() });
export const topAnswer = z.object({
  uptime: z.number(),
  phase: z.enum(["booting", "running", "stopping"]),
  jobs: z.array(topJob),
  /** Jobs that are down because they failed. */
  failed: z.array(failedJob),
});
export type TopAnswer = z.output<typeof topAnswer>;

export const waitAnswer = jobStatus;
export const runlevelAnswer = z.object({ previous: z.string(), current: z.nullable(z.string()) });
export type RunlevelAnswer = z.output<typeof runlevelAnswer>;

/** One notification of `watch`. */
export const watchNotice = z.object({
  at: z.number(),
  type: z.enum(["goal", "state", "event", "process", "dropped"]),
  job: z.optional(z.string()),
  instance: z.optional(z.string()),
  from: z.optional(z.string()),
  to: z.optional(z.string()),
  event: z.optional(z.string()),
  env: z.optional(z.array(z.string())),
  /** Of an event: it is being handled, or all that it started is finished. */
  progress: z.optional(z.enum(["handling", "finished"])),
  failed: z.optional(z.boolean()),
  process: z.optional(processName),
  pid: z.optional(z.int()),
  /** Of a process: absent while it begins. */
  status: z.optional(z.int()),
  signal: z.optional(z.string()),
  /** How many notifications a reader that was too slow did not get. */
  count: z.optional(z.int()),
});
export type WatchNotice = z.output<typeof watchNotice>;

/** Every answer by method; what is not here answers `null`. */
export const answers = {
  version,
  list: z.array(jobStatus),
  overview: z.array(overviewJob),
  status: jobStatus,
  usage: z.object({ usage: z.nullable(z.string()) }),
  "show-config": z.array(jobConfiguration),
  health,
  wait: waitAnswer,
  "log-priority": z.object({ priority: z.string() }),
  start: jobStatus,
  stop: jobStatus,
  restart: jobStatus,
  /** false where no job waits for the event; absent else. */
  emit: z.nullable(z.object({ reached: z.literal(false) })),
  update,
  surroundings: processSurroundings,
  dependents: z.array(jobStatus),
  /** The replicas that start or stop, and how many there are to be. */
  scale: z.object({ count: z.int(), changed: z.array(z.string()) }),
  preview,
  "get-env": z.object({ value: z.string() }),
  "list-env": z.array(z.string()),
  explain: explanation,
  log: z.object({ lines: z.array(z.string()) }),
  boot: bootAnswer,
  top: topAnswer,
  runlevel: runlevelAnswer,
};

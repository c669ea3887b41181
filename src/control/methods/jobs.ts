import { mostVariables } from "../../events/environment.ts";
import { nearest } from "../../events/nearest.ts";
import type { Cause } from "../../jobs/cause.ts";
import type { Job } from "../../jobs/job.ts";
import type { JobClass } from "../../jobs/job-class.ts";
import type { RequestError } from "../../jobs/messages.ts";
import { isOutdated } from "../../jobs/renewal.ts";
import { missingReplicas, replicaCount } from "../../jobs/replicas.ts";
import type { ClassEntry } from "../../jobs/world.ts";
import type { JobConfiguration, JobStatus, PreviewAnswer, UpdateAnswer } from "../answers.ts";
import { type Call, later } from "../call.ts";
import { placeOf } from "../configuration-problem.ts";
import { type ErrorDetails, MethodError } from "../errors.ts";
import type { Parameters } from "../protocol.ts";
import { noInstance, statusIn, statusOf } from "../status.ts";

interface Refusal {
  readonly ok: false;
  readonly error: RequestError;
  readonly message: string;
}

/** Turns a refusal of the world into one of the protocol; a wrong argument comes with the job's usage. */
export function refusal(
  call: Call,
  job: string | null,
  refused: Refusal,
  env: readonly string[] = [],
): MethodError {
  const usage = job === null ? null : (call.daemon.world.findClass(job)?.jobClass.usage ?? null);
  const details: ErrorDetails = refused.error === "InvalidArgs" && usage !== null ? { usage } : {};
  const odd = refused.error === "InvalidArgs" ? env.find((entry) => !entry.includes("=")) : undefined;
  if (odd !== undefined)
    return new MethodError(refused.error, refused.message, {
      ...details,
      hint: `${odd} is neither KEY=VALUE nor a job`,
    });
  if (refused.error === "UnknownInstance" && job !== null) {
    const named = call.daemon.world.findClass(job)?.jobClass.instance !== "";
    const hint = named ? `no instance of ${job} of this name is running` : `${job} is stopped`;
    return new MethodError(refused.error, refused.message, { ...details, hint });
  }
  if (refused.error === "UnknownJob" && job !== null) return unknownJob(call, job);
  return new MethodError(refused.error, refused.message, details);
}

/** No such job: its file may have an error, or another name was meant. */
function unknownJob({ daemon }: Call, name: string): MethodError {
  const problem = daemon.configurationProblems().find(({ path }) => path.endsWith(`/${name}.conf`));
  const near = nearest(
    name,
    [...daemon.world.classes()].map((entry) => entry.jobClass.name),
  );
  const hint =
    problem !== undefined
      ? `${placeOf(problem)} has an error: ${problem.message}`
      : near !== undefined
        ? `did you mean ${near}?`
        : undefined;
  return new MethodError("UnknownJob", `Unknown job: ${name}`, hint === undefined ? {} : { hint });
}

/** The instance that a request names, by variables or exactly. Throws UnknownJob, UnknownInstance, InvalidArgs. */
export function findInstance(
  call: Call,
  params: {
    readonly job: string;
    readonly env?: string[] | undefined;
    readonly instance?: string | undefined;
  },
): Job {
  const { world } = call.daemon;
  if (params.instance === undefined) {
    const found = world.requests.lookup(params.job, params.env ?? []);
    if (found.ok) return found.job;
    throw refusal(call, params.job, found, params.env);
  }
  requireClass(call, params.job);
  const job = world.findJob(params.job, params.instance);
  if (job !== undefined) return job;
  throw new MethodError("UnknownInstance", `Unknown instance: ${params.instance}`);
}

export function requireClass(call: Call, name: string): JobClass {
  const entry = call.daemon.world.findClass(name);
  if (entry === undefined) throw unknownJob(call, name);
  return entry.jobClass;
}

export function list(call: Call): JobStatus[] {
  const answer: JobStatus[] = [];
  for (const entry of call.daemon.world.classes()) {
    if (entry.instances.size === 0) answer.push(noInstance(entry.jobClass.name));
    for (const job of entry.instances.values()) answer.push(statusIn(call.daemon.world, job));
  }
  return answer;
}

/**
 * Without variables, a job that has no instance is simply stopped; with variables it is an error
 * (docs/upstart.md#94-status-lines).
 */
export function status(call: Call, params: Parameters["status"]): JobStatus {
  requireReplica(call, "status", params);
  const own = call.daemon.world.findClass(params.job);
  if (
    own !== undefined &&
    own.jobClass.replicas !== null &&
    (params.env ?? []).length === 0 &&
    params.instance === undefined
  )
    return noInstance(params.job);
  try {
    return statusIn(call.daemon.world, findInstance(call, params));
  } catch (error) {
    const plain = params.instance === undefined && (params.env ?? []).length === 0;
    if (plain && error instanceof MethodError && error.error === "UnknownInstance")
      return noInstance(params.job);
    throw error;
  }
}

export function usage(call: Call, params: Parameters["usage"]): { usage: string | null } {
  return { usage: requireClass(call, params.job).usage };
}

export function showConfig(call: Call, params: Parameters["show-config"]): JobConfiguration[] {
  if (params?.job !== undefined) return [configurationOf(requireClass(call, params.job))];
  return [...call.daemon.world.classes()].map((entry) => configurationOf(entry.jobClass));
}

function configurationOf(jobClass: JobClass): JobConfiguration {
  const { name, path, description, author, version, usage, task, respawn, instance, startOn, stopOn } =
    jobClass;
  const texts = { description, author, version, usage };
  const { after, schedules, replicas } = jobClass;
  const requires = jobClass.requires.map(({ job }) => job);
  const levels = { requires, after: [...after], schedules: [...schedules], replicas };
  return {
    ...{ name, path, ...texts, task, respawn, instance, emits: [...jobClass.emits] },
    ...{ ...levels, startOn, stopOn },
  };
}

type Change = "start" | "stop" | "restart";
/** What is asked of the world; a forced stop is one more way to stop. */
type Operation = Change | "forceStop";

export const start = (call: Call, params: Parameters["start"]): unknown => change(call, "start", params);
export const stop = (call: Call, { force, ...params }: Parameters["stop"]): unknown =>
  change(call, "stop", params, force === true ? "forceStop" : "stop");
export const restart = (call: Call, params: Parameters["restart"]): unknown =>
  change(call, "restart", params);

/** Another number of replicas, once no rolling restart of the job is under way. */
export function scale(call: Call, { job, count }: Parameters["scale"]): unknown {
  requireClass(call, job);
  const entry = call.daemon.world.findClass(job) as ClassEntry;
  if (replicaCount(entry) === null)
    throw new MethodError("InvalidArgs", `${job} has no replicas: its file says nothing of them`);
  call.desk.rolling.after(job, () => {
    if (!call.open) return;
    const changed = call.daemon.world.requests.scale(entry, count, byHand(call, "scale"));
    call.daemon.settle();
    call.reply({ count: replicaCount(entry) as number, changed });
  });
  return later;
}

/** A rolling restart of the job begins; it is over when the client is gone. */
export function roll(call: Call, { job }: Parameters["roll"]): null {
  requireClass(call, job);
  const end = call.desk.rolling.begin(job);
  if (end === null) throw new MethodError("Busy", `A rolling restart of ${job} is under way`);
  call.onGone(end);
  return null;
}

/** Where a job has replicas and none is named, the client is told which are meant, and asks for each. */
export function requireReplica(
  call: Call,
  what: string,
  params: {
    readonly job: string;
    readonly env?: string[] | undefined;
    readonly instance?: string | undefined;
  },
): void {
  const entry = call.daemon.world.findClass(params.job);
  if (entry === undefined || params.instance !== undefined || replicaCount(entry) === null) return;
  if ((params.env ?? []).some((variable) => variable.startsWith("REPLICA="))) return;
  const replicas = what === "start" ? missingReplicas(entry) : [...entry.instances.keys()];
  if (replicas.length > 0) throw new MethodError("Replicas", `Job has replicas: ${params.job}`, { replicas });
  if (what === "start") throw new MethodError("AlreadyStarted", `Job is already running: ${params.job}`);
  if (what !== "status")
    throw new MethodError("UnknownInstance", `Unknown instance: `, { hint: `${params.job} is stopped` });
}

/** The instances that go down with a job when it restarts, and come back with it. */
export function dependents({ daemon }: Call, params: Parameters["dependents"]): JobStatus[] {
  return daemon.world.levels.dependentsOf(params.job).map(statusOf);
}

/** Asks for a goal; answers with the status that the instance has when the operation is finished. */
function change(call: Call, what: Change, params: Parameters["start"], operation: Operation = what): unknown {
  if (call.daemon.phase() === "stopping" && what !== "stop") {
    throw new MethodError("Stopping", `Unable to ${what} a job: init is stopping`);
  }
  requireReplica(call, what, params);
  const cause = byHand(call, operation === "forceStop" ? "stop --force" : what);
  if (params.instance !== undefined) {
    const asked = params.outside === true ? cause : undefined;
    return changeOwn(call, what, params.job, params.instance, asked);
  }
  const { world } = call.daemon;
  const env = params.env ?? [];
  if (params.wait === false) {
    const request = world.requests[operation](params.job, env, null, cause);
    if (!request.ok) throw refusal(call, params.job, request);
    call.daemon.settle();
    return statusNow(call, request.job);
  }
  const waiter = call.waiter();
  const request = world.requests[operation](params.job, env, waiter, cause);
  if (!request.ok) throw refusal(call, params.job, request);
  call.awaits({ type: "job", job: params.job, instance: request.job.instance });
  call.daemon.settle();
  return later;
}

/** The client that asked, as the cause of what follows. */
function byHand({ peer, daemon }: Call, command: string): Cause {
  return { type: "hand", command, uid: peer.uid, pid: peer.pid, client: daemon.commandLineOf(peer.pid) };
}

/** As a process inside the job asks: only the goal flips, nothing is waited for (docs/upstart.md#92-commands). */
function changeOwn(
  call: Call,
  what: Change,
  name: string,
  instance: string,
  cause: Cause | undefined,
): JobStatus {
  requireClass(call, name);
  const { world } = call.daemon;
  const request =
    what === "start"
      ? world.requests.startInstance(name, instance, cause)
      : what === "stop"
        ? world.requests.stopInstance(name, instance, cause)
        : world.requests.restartInstance(name, instance, cause);
  if (!request.ok) throw refusal(call, name, request);
  call.daemon.settle();
  return statusNow(call, request.job);
}

/**
 * The status now: what was asked for may already be gone, and then it has no instance name
 * (docs/upstart.md#93-waiting).
 */
function statusNow(call: Call, job: Job): JobStatus {
  const current = call.daemon.world.findJob(job.jobClass.name, job.instance);
  return current === undefined ? noInstance(job.jobClass.name) : statusOf(current);
}

export function reload(call: Call, params: Parameters["reload"]): null {
  requireReplica(call, "reload", params);
  const { world } = call.daemon;
  const request =
    params.instance === undefined
      ? world.requests.reload(params.job, params.env ?? [])
      : world.requests.reloadInstance(params.job, params.instance);
  if (!request.ok) throw refusal(call, params.job, request);
  call.daemon.settle();
  return null;
}

/** Sends main, or its process group, a signal. */
export function signal(call: Call, params: Parameters["signal"]): null {
  requireReplica(call, "signal", params);
  const { job, env, signal: number, group } = params;
  const request = call.daemon.world.requests.signal(job, env ?? [], number, group === true);
  if (!request.ok) throw refusal(call, job, request, env);
  call.daemon.settle();
  return null;
}

function checkEvent(params: Parameters["preview"]): void {
  if (params.event === "") throw new MethodError("InvalidArgs", "Name may not be empty string");
  if ((params.env ?? []).length > mostVariables)
    throw new MethodError("InvalidArgs", `An event can have at most ${mostVariables} variables`);
  for (const entry of params.env ?? []) {
    if (!entry.includes("=")) throw new MethodError("InvalidArgs", "Env must be KEY=VALUE pairs");
  }
}

export function emit(call: Call, params: Parameters["emit"]): unknown {
  checkEvent(params);
  const { world } = call.daemon;
  const env = params.env ?? [];
  const reached = isHeard(world.preview(params.event, env));
  if (params.wait === false || !reached) {
    world.emit(params.event, env, null);
    call.daemon.settle();
    return reached ? null : { reached };
  }
  world.emit(params.event, env, call.waiter());
  call.daemon.settle();
  return later;
}

/** Whether the event does anything to any job. */
function isHeard({ steps, partly, refused }: PreviewAnswer): boolean {
  return steps.length + partly.length + refused.length > 0;
}

/** Reads changed files, and restarts what runs under an older definition: of all jobs, or of those that are named. */
export function update(call: Call, params: Parameters["update"]): UpdateAnswer {
  const { daemon } = call;
  if (daemon.phase() === "stopping") {
    throw new MethodError("Stopping", "Unable to update jobs: init is stopping");
  }
  daemon.reloadConfiguration();
  const names = params?.jobs ?? daemon.world.classes().map(({ jobClass }) => jobClass.name);
  for (const name of names) requireClass(call, name);
  const updated: { job: string; instance: string }[] = [];
  for (const job of names) {
    const entry = daemon.world.findClass(job);
    if (entry === undefined || !isOutdated(entry)) continue;
    const renewed = daemon.world.requests.renew(entry, byHand(call, "update"));
    updated.push(...renewed.map((instance) => ({ job, instance })));
  }
  daemon.settle();
  const meant = (path: string): boolean =>
    params?.jobs === undefined || names.some((name) => path.endsWith(`/${name}.conf`));
  const problems = daemon.configurationProblems().filter(({ path }) => meant(path));
  return { updated, problems: problems.map((each) => `${placeOf(each)}: ${each.message}`) };
}

/** What an event would do, step by step; nothing is done. */
export function preview(call: Call, params: Parameters["preview"]): PreviewAnswer {
  checkEvent(params);
  return call.daemon.world.preview(params.event, params.env ?? []);
}

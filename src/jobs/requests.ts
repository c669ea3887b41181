import {
  addVariables,
  type Environment,
  expand,
  getVariable,
  isEnvironment,
  mostVariables,
  setVariable,
} from "../events/environment.ts";
import type { Cause } from "./cause.ts";
import type { Instances } from "./instances.ts";
import { displayName, type Job, type JobWaiter } from "./job.ts";
import type { JobClass } from "./job-class.ts";
import type { ClassEntry, JobRegistry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import type { RequestError, Waiter } from "./messages.ts";
import { renew } from "./renewal.ts";
import { replicaCount, rescale } from "./replicas.ts";
import type { Surroundings } from "./surroundings.ts";
import { forceStop } from "./timeouts.ts";

/** A process of the job asks by the instance's exact name. */
const itself: Cause = { type: "itself" };

/** Somebody asks of whom nothing is known. */
function unknownHand(command: string): Cause {
  return { type: "hand", command, uid: -1, pid: 0, client: "" };
}

interface Refusal {
  readonly ok: false;
  readonly error: RequestError;
  readonly message: string;
}

/** What came of a request: the instance that it concerns, or why it is refused (docs/upstart.md#95-refusals). */
export type Request = { readonly ok: true; readonly job: Job } | Refusal;

/** The class, and the instance that the variables name with the environment that it would be started with. */
interface Named {
  readonly ok: true;
  readonly entry: ClassEntry;
  readonly instance: string;
  readonly env: Environment;
}

/**
 * What operators ask of jobs (docs/upstart.md#92-commands, docs/upstart.md#93-waiting). Refused at once, or answered by
 * an `answer` effect if there is a waiter.
 */
export class Requests {
  readonly #registry: JobRegistry;
  readonly #instances: Instances;
  readonly #around: Surroundings;

  constructor(registry: JobRegistry, instances: Instances, around: Surroundings) {
    this.#registry = registry;
    this.#instances = instances;
    this.#around = around;
  }

  // --- of the instance that variables name ---

  start(name: string, env: readonly string[], waiter: Waiter | null, cause = unknownHand("start")): Request {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const replicas = replicaCount(named.entry);
    if (replicas !== null && Number(named.instance) > replicas)
      return refuse("InvalidArgs", `${name} has ${replicas} replicas`);
    const existing = named.entry.instances.get(named.instance);
    if (existing !== undefined && existing.goal !== "stop") return refuseStart(existing);
    const job = existing ?? this.#instances.create(named.entry, named.instance);
    job.startEnv = named.env;
    job.given = copyEnvironment(env);
    if (job.jobClass.requires.length > 0) job.respawnCount = 0;
    this.#around.levels.forgetWish(named.entry, named.instance);
    lifecycle.requestStart(job, waiting("start", waiter), cause, this.#around);
    return { ok: true, job };
  }

  stop(name: string, env: readonly string[], waiter: Waiter | null, cause = unknownHand("stop")): Request {
    const found = this.lookup(name, env);
    if (found.ok) return this.#stop(found.job, copyEnvironment(env), waiter, cause);
    this.#endWish(name, env, found);
    return found;
  }

  /** A stop of a job that is down: it is not wanted any more. */
  #endWish(name: string, env: readonly string[], { error }: Refusal): void {
    const named = error === "UnknownInstance" ? this.#name(name, env) : null;
    if (named?.ok) this.#around.levels.forgetWish(named.entry, named.instance);
  }

  /** A stop that waits for nothing longer than it must; one that is under way is joined. */
  forceStop(
    name: string,
    env: readonly string[],
    waiter: Waiter | null,
    cause = unknownHand("stop --force"),
  ): Request {
    const found = this.lookup(name, env);
    if (!found.ok) return found;
    const { job } = found;
    if (job.goal === "stop") job.waiters = [...job.waiters, ...waiting("stop", waiter)];
    else this.#stop(job, copyEnvironment(env), waiter, cause);
    forceStop(job, this.#around);
    return found;
  }

  restart(
    name: string,
    env: readonly string[],
    waiter: Waiter | null,
    cause = unknownHand("restart"),
  ): Request {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const job = named.entry.instances.get(named.instance);
    if (job === undefined) return unknownInstance(named.instance);
    // Upstart names only the instance here.
    if (job.goal === "stop") return refuseStop(job.instance);
    job.startEnv = named.env;
    job.given = copyEnvironment(env);
    return this.#restart(job, waiter, cause);
  }

  /** The class that is meant, and what its main process gets: as it runs, or else as it would be started. */
  surroundings(
    name: string,
    env: readonly string[],
  ): { readonly ok: true; readonly jobClass: JobClass; readonly env: Environment } | Refusal {
    const named = this.#name(name, env);
    if (!named.ok) return named;
    const { entry, instance } = named;
    const { environments } = this.#around;
    const job = entry.instances.get(instance) ?? this.#instances.imagine(entry, instance, named.env);
    return { ok: true, jobClass: job.jobClass, env: environments.ofProcess(job, "main") };
  }

  /** Another number of replicas, or that of the file (null); the names of those that change. */
  scale(entry: ClassEntry, count: number | null, cause = unknownHand("scale")): string[] {
    const before = replicaCount(entry) ?? 0;
    entry.scaled = count;
    return this.rescale(entry, before, cause);
  }

  /** The number of replicas is another one than `before`. */
  rescale(entry: ClassEntry, before: number, cause: Cause): string[] {
    const start = (given: Environment): void => {
      this.start(entry.jobClass.name, given, null, cause);
    };
    return rescale(entry, before, cause, start, this.#around);
  }

  /** Lets what runs under an older definition run under the newer one; the names of the instances. */
  renew(entry: ClassEntry, cause = unknownHand("update")): string[] {
    return renew(entry, cause, this.#around);
  }

  /** Sends a signal to main, or to its process group. */
  signal(name: string, env: readonly string[], signal: number, group: boolean): Request {
    const found = this.lookup(name, env);
    if (!found.ok) return found;
    const pid = found.job.pids.get("main");
    if (pid === undefined) return refuseSignal(found.job);
    this.#around.effect({ type: "kill", job: found.job, pid, signal, group });
    return found;
  }

  /** Sends the reload signal to main alone, whatever the state. */
  reload(name: string, env: readonly string[]): Request {
    const found = this.lookup(name, env);
    return found.ok ? this.#reload(found.job) : found;
  }

  /** Which instance it is. */
  lookup(name: string, env: readonly string[]): Request {
    const named = this.#name(name, env);
    return named.ok ? instanceOf(named.entry, named.instance) : named;
  }

  // --- of an instance by its exact name, as a process inside the job asks: nobody waits, the environment stays ---

  startInstance(className: string, instance: string, cause: Cause = itself): Request {
    const found = this.#exact(className, instance);
    if (!found.ok) return found;
    if (found.job.goal !== "stop") return refuseStart(found.job);
    found.job.startEnv = null;
    lifecycle.requestStart(found.job, [], cause, this.#around);
    return found;
  }

  stopInstance(className: string, instance: string, cause: Cause = itself): Request {
    const found = this.#exact(className, instance);
    return found.ok ? this.#stop(found.job, null, null, cause) : found;
  }

  restartInstance(className: string, instance: string, cause: Cause = itself): Request {
    const found = this.#exact(className, instance);
    if (!found.ok) return found;
    if (found.job.goal === "stop") return refuseStop(displayName(found.job));
    found.job.startEnv = null;
    return this.#restart(found.job, null, cause);
  }

  reloadInstance(className: string, instance: string): Request {
    const found = this.#exact(className, instance);
    return found.ok ? this.#reload(found.job) : found;
  }

  #stop(job: Job, stopEnv: Environment | null, waiter: Waiter | null, cause: Cause): Request {
    if (job.goal === "stop") {
      // It is not to come back by itself.
      if (job.stopCause?.type === "requires") job.stopCause = cause;
      return refuseStop(displayName(job));
    }
    job.stopEnv = stopEnv;
    lifecycle.requestStop(job, waiting("stop", waiter), cause, this.#around);
    return { ok: true, job };
  }

  #restart(job: Job, waiter: Waiter | null, cause: Cause): Request {
    job.stopEnv = null;
    lifecycle.requestRestart(job, waiting("restart", waiter), cause, this.#around);
    return { ok: true, job };
  }

  #reload(job: Job): Request {
    const pid = job.pids.get("main");
    if (pid === undefined) return refuseSignal(job);
    this.#around.effect({ type: "kill", job, pid, signal: job.jobClass.reloadSignal, group: false });
    return { ok: true, job };
  }

  #name(name: string, env: readonly string[]): Named | Refusal {
    const entry = this.#registry.find(name);
    if (entry === undefined) return unknownJob(name);
    if (!isEnvironment(env)) return refuse("InvalidArgs", "Env must be KEY=VALUE pairs");
    if (env.length > mostVariables)
      return refuse(
        "InvalidArgs",
        `Env has ${env.length} variables, and at most ${mostVariables} can be given`,
      );
    const full = this.#around.environments.ofClass(entry.jobClass);
    addVariables(full, env);
    const replicas = replicaCount(entry);
    if (replicas !== null) {
      setVariable(full, `REPLICAS=${replicas}`, true);
      const number = Number(getVariable(full, "REPLICA") ?? 1);
      if (!(number >= 1) || !Number.isInteger(number)) return refuse("InvalidArgs", "REPLICA is no number");
    }
    const instance = expand(entry.jobClass.instance, full);
    if (!instance.ok) return refuse("InvalidArgs", instance.error);
    return { ok: true, entry, instance: instance.text, env: full };
  }

  #exact(className: string, instance: string): Request {
    const entry = this.#registry.find(className);
    return entry === undefined ? unknownJob(className) : instanceOf(entry, instance);
  }
}

function instanceOf(entry: ClassEntry, instance: string): Request {
  const job = entry.instances.get(instance);
  return job === undefined ? unknownInstance(instance) : { ok: true, job };
}

function waiting(type: "start" | "stop" | "restart", waiter: Waiter | null): JobWaiter[] {
  return waiter === null ? [] : [{ type, waiter }];
}

function copyEnvironment(env: readonly string[]): Environment {
  const copy: Environment = [];
  addVariables(copy, env);
  return copy;
}

function refuse(error: RequestError, message: string): Refusal {
  return { ok: false, error, message };
}

function refuseStart(job: Job): Refusal {
  return refuse("AlreadyStarted", `Job is already running: ${displayName(job)}`);
}

function refuseStop(name: string): Refusal {
  return refuse("AlreadyStopped", `Job has already been stopped: ${name}`);
}

function refuseSignal(job: Job): Refusal {
  return refuse("NotRunning", `Job is not running: ${displayName(job)}`);
}

function unknownJob(name: string): Refusal {
  return refuse("UnknownJob", `Unknown job: ${name}`);
}

function unknownInstance(instance: string): Refusal {
  return refuse("UnknownInstance", `Unknown instance: ${instance}`);
}

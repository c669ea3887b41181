import { addVariables, type Environment, expand } from "../events/environment.ts";
import type { Cause } from "./cause.ts";
import type { Instances } from "./instances.ts";
import type { JobClass } from "./job-class.ts";
import type { ClassEntry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import type { Surroundings } from "./surroundings.ts";

/** Instances that are to run again under a newer definition as soon as the last of the older one is gone. */
export interface Renewal {
  readonly cause: Cause;
  /** The variables that each was started with, beside those of its class. */
  readonly starts: readonly Environment[];
}

/** Whether its instances run under another definition than the file has now. */
export function isOutdated(entry: ClassEntry): boolean {
  return entry.instances.size > 0 && entry.next !== null && !isSame(entry.next, entry.jobClass);
}

function isSame(one: JobClass, other: JobClass): boolean {
  return text(one) === text(other);
}

function text(jobClass: JobClass): string {
  return JSON.stringify({ ...jobClass, replicas: jobClass.replicas !== null }, (_key, value: unknown) => {
    if (value instanceof Map) return [...value];
    return value === Number.POSITIVE_INFINITY ? "unlimited" : value;
  });
}

/** Stops what runs under an older definition, to start it again with the newer one; the names of the instances. */
export function renew(entry: ClassEntry, cause: Cause, around: Surroundings): string[] {
  const running = [...entry.instances.values()].filter(({ goal }) => goal !== "stop");
  if (running.length === 0) return [];
  entry.renewal = { cause, starts: running.map(({ given }) => given) };
  for (const job of running) {
    job.stopEnv = null;
    lifecycle.requestStop(job, [], cause, around);
  }
  return running.map(({ instance }) => instance);
}

/** An instance is gone: if it was the last of the older definition, the newer one starts. */
export function goOnWithNewer(
  entry: ClassEntry,
  stopCause: Cause | null,
  instances: Instances,
  around: Surroundings,
): void {
  const { renewal } = entry;
  if (renewal === null) return;
  // Somebody else has stopped or started it meanwhile, and that counts.
  if (stopCause !== renewal.cause || around.quiescing) entry.renewal = null;
  if (entry.renewal === null || entry.instances.size > 0) return;
  entry.renewal = null;
  for (const given of renewal.starts) startAgain(entry, given, renewal.cause, instances, around);
}

function startAgain(
  entry: ClassEntry,
  given: Environment,
  cause: Cause,
  instances: Instances,
  around: Surroundings,
): void {
  const env = around.environments.ofClass(entry.jobClass);
  addVariables(env, given);
  const name = expand(entry.jobClass.instance, env);
  // A condition that came true with the new definition may have started it already.
  if (!name.ok || entry.instances.has(name.text)) return;
  const job = instances.create(entry, name.text);
  job.startEnv = env;
  job.given = given;
  lifecycle.requestStart(job, [], cause, around);
}

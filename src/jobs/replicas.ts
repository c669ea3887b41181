/** `replicas N`: the instances 1 to N of a job (docs/replicas.md). */
import { type Environment, getVariable } from "../events/environment.ts";
import type { Cause } from "./cause.ts";
import type { Job } from "./job.ts";
import type { ClassEntry } from "./job-registry.ts";
import * as lifecycle from "./lifecycle.ts";
import type { Surroundings } from "./surroundings.ts";

/** How many instances there are to be: as scaled, else as the file says; null for a job without replicas. */
export function replicaCount({ jobClass, next, scaled }: ClassEntry): number | null {
  if (jobClass.replicas === null) return null;
  return scaled ?? next?.replicas ?? jobClass.replicas;
}

/** The variables of each start that this one stands for: of all replicas, unless it names one. */
export function startsOf(entry: ClassEntry, given: Environment): Environment[] {
  const count = replicaCount(entry);
  if (count === null || getVariable(given, "REPLICA") !== undefined) return [given];
  return numbersTo(count).map((number) => [...given, ...replicaVariables(number, count)]);
}

/** The names of the replicas that are to run and do not. */
export function missingReplicas(entry: ClassEntry): string[] {
  return numbersTo(replicaCount(entry) ?? 0)
    .map(String)
    .filter((name) => (entry.instances.get(name)?.goal ?? "stop") === "stop");
}

export function replicaVariables(number: number, count: number): Environment {
  return [`REPLICA=${number}`, `REPLICAS=${count}`];
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/**
 * Brings a running job to another number of replicas: those above it stop, in parallel, and new ones start. Those that
 * stay keep their processes; one that was stopped by hand stays stopped. The names of those that change.
 */
export function rescale(
  entry: ClassEntry,
  before: number,
  cause: Cause,
  start: (env: Environment) => void,
  around: Surroundings,
): string[] {
  const count = replicaCount(entry) ?? 0;
  const running = [...entry.instances.values()].filter(({ goal }) => goal !== "stop");
  if (running.length === 0) return [];
  const surplus = running.filter((job: Job) => Number(job.instance) > count);
  for (const job of surplus) {
    job.stopEnv = null;
    lifecycle.requestStop(job, [], cause, around);
  }
  const added = numbersTo(count).slice(before);
  for (const number of added) start(replicaVariables(number, count));
  return [...surplus.map(({ instance }) => instance), ...added.map(String)];
}

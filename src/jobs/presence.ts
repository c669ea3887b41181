/** What of a job counts for those that require it (docs/requirements.md). */
import type { ClassEntry } from "./job-registry.ts";
import { replicaCount } from "./replicas.ts";

/** A service or abstract job: an instance runs. A task: its last finished run ended well. */
export function isThere(entry: ClassEntry): boolean {
  if (entry.jobClass.task) return entry.lastRunWasGood === true;
  for (const { state, goal } of entry.instances.values()) {
    if (state === "running" && goal === "start") return true;
  }
  return false;
}

/** For a start: as `isThere`, and of replicas all of them. */
export function isWhole(entry: ClassEntry): boolean {
  const count = replicaCount(entry);
  if (count === null || entry.jobClass.task) return isThere(entry);
  let running = 0;
  for (const { state, goal } of entry.instances.values())
    if (state === "running" && goal === "start") running += 1;
  return running >= count;
}

/** Whether it is to be there soon: an instance is to run, and does not yet. */
export function isOnItsWay(entry: ClassEntry): boolean {
  for (const { state, goal } of entry.instances.values()) {
    if (goal !== "stop" && (entry.jobClass.task || state !== "running" || goal === "respawn")) return true;
  }
  return false;
}

/** Whether somebody stopped it by hand, and nothing has started it since. */
export function isHeldDown(entry: ClassEntry): boolean {
  const causes = [...entry.instances.values()].map(({ stopCause }) => stopCause);
  if (causes.length === 0) return entry.lastStop?.cause.type === "hand";
  return causes.every((cause) => cause?.type === "hand" || cause?.type === "itself");
}

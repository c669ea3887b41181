import type { ClassEntry } from "../jobs/world.ts";
import type { Health } from "./answers.ts";
import type { Daemon } from "./daemon.ts";

/**
 * Whether the container is well: every required job runs; nothing that had to run has given up; the main command is
 * not held back; and it isn't stopping. One reason, the first that is found.
 */
export function healthOf(daemon: Daemon, required: readonly string[]): Health {
  if (daemon.phase() === "stopping") return ill("init is stopping");
  for (const name of required) {
    const entry = daemon.world.findClass(name);
    if (entry === undefined) return ill(`Unknown job: ${name}`);
    const reason = whyNotRunning(entry);
    if (reason !== null) return ill(`${name} ${reason}`);
  }
  if (required.length > 0) return well(`${required.join(", ")} running`);
  const waitsFor = daemon.mainCommand()?.waitsFor ?? null;
  if (waitsFor !== null) return ill(`the main command waits for ${waitsFor}`);
  let running = 0;
  for (const entry of daemon.world.classes()) {
    if (hasFailed(entry)) return ill(`${entry.jobClass.name} failed`);
    for (const job of entry.instances.values())
      if (job.state === "running" && job.goal === "start") running++;
  }
  return well(running === 1 ? "1 job running" : `${running} jobs running`);
}

function whyNotRunning(entry: ClassEntry): string | null {
  if (entry.instances.size === 0) return hasFailed(entry) ? "failed" : "is stop/waiting";
  for (const job of entry.instances.values()) {
    if (job.state !== "running" || job.goal !== "start") return `is ${job.goal}/${job.state}`;
  }
  return null;
}

/** The last that happened to the job is that it failed. */
export function hasFailed(entry: ClassEntry): boolean {
  const { lastFailure, instances, exits } = entry;
  return lastFailure !== null && instances.size === 0 && (exits.at(-1)?.at ?? 0) <= lastFailure.at;
}

const ill = (reason: string): Health => ({ healthy: false, reason });
const well = (reason: string): Health => ({ healthy: true, reason });

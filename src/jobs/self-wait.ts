/** Starts that would wait for themselves (docs/requirements.md): what a job holds is waited for by what it requires. */
import type { Job, JobEvent } from "./job.ts";
import type { JobRegistry } from "./job-registry.ts";

/** Somebody who goes on only once the job is up. */
interface Hold {
  /** What the job holds, for people. */
  readonly what: string;
  /** The class that waits. */
  readonly by: string;
}

/** What the job holds for a class that matches: its event, an event of its process, or a command of its process. */
export function holdFor(job: Job, matches: (name: string) => boolean): Hold | undefined {
  for (const waiter of job.waiters) {
    const hold = waiter.type === "event" ? eventHold(waiter.event, matches) : commandHold(waiter, matches);
    if (hold !== undefined) return hold;
  }
  return undefined;
}

function eventHold(event: JobEvent, matches: (name: string) => boolean): Hold | undefined {
  for (const waiter of event.waiters) {
    if (waiter.type === "job") {
      const { name } = waiter.job.jobClass;
      if (matches(name)) return { what: `the event ${event.name} of ${name}`, by: name };
    } else {
      const { by } = waiter.waiter;
      if (by !== undefined && matches(by))
        return { what: `the event ${event.name}, for which a process of ${by} waits`, by };
    }
  }
  return undefined;
}

function commandHold(
  { type, waiter }: { readonly type: string; readonly waiter: { readonly by?: string } },
  matches: (name: string) => boolean,
): Hold | undefined {
  const { by } = waiter;
  if (by === undefined || !matches(by)) return undefined;
  return { what: `\`initctl ${type}', for which a process of ${by} waits`, by };
}

/** Why the start would never go on; undefined where nothing is wrong with it. */
export function selfWait(job: Job, registry: JobRegistry): string | undefined {
  const { name } = job.jobClass;
  const hold = holdFor(job, (other) => requiresInTheEnd(registry, name, other));
  return hold && `it would wait for itself: it holds ${hold.what}, and requires ${hold.by}`;
}

function requiresInTheEnd(registry: JobRegistry, from: string, to: string): boolean {
  const seen = new Set([from]);
  const todo = [from];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    for (const { job } of registry.find(name)?.jobClass.requires ?? []) {
      if (job === to) return true;
      if (!seen.has(job)) {
        seen.add(job);
        todo.push(job);
      }
    }
  }
  return false;
}

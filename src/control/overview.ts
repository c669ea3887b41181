/** The rows of `initctl list -l` and `initctl failed`. */
import { causeText } from "../jobs/cause.ts";
import type { Job } from "../jobs/job.ts";
import { probeText, unreadyText } from "../jobs/probe-state.ts";
import { describeEnd } from "../jobs/process-end.ts";
import { isOutdated } from "../jobs/renewal.ts";
import type { ClassEntry, World } from "../jobs/world.ts";
import type { OverviewJob } from "./answers.ts";
import type { Daemon } from "./daemon.ts";
import { failureText, hasFailed } from "./health.ts";
import { noInstance, statusIn } from "./status.ts";

/** Every instance, and every job without one, by name. With `details` causes tell who asked. */
export function overviewOf(daemon: Daemon, details: boolean): OverviewJob[] {
  return daemon.world.classes().flatMap((entry) => {
    if (entry.instances.size === 0) return [rowWithoutInstance(entry, details)];
    return [...entry.instances.values()].map((job) => rowOf(daemon, entry, job, details));
  });
}

function rowOf(daemon: Daemon, entry: ClassEntry, job: Job, details: boolean): OverviewJob {
  return {
    ...statusIn(daemon.world, job),
    ...(isOutdated(entry) && { outdated: true as const }),
    since: daemon.now() - job.since,
    restarts: job.respawnCount,
    failed: false,
    lastEnd: lastEndOf(entry, job.instance),
    why: whyOf(daemon.world, job, details),
  };
}

function whyOf(world: World, job: Job, details: boolean): string {
  const [waitsFor] = statusIn(world, job).waitsFor ?? [];
  if (waitsFor !== undefined) return `waits for ${waitsFor}`;
  if (job.goal === "stop" && job.stopCause !== null) return `stopped ${causeText(job.stopCause, details)}`;
  const unready = unreadyText(job);
  if (unready !== "") return `is not ready: ${unready}`;
  const bad = job.probes?.find(({ result }) => result === "bad");
  if (bad !== undefined)
    return `is unhealthy: check ${probeText(bad.probe)}: ${bad.reason} (on failure ${job.jobClass.checkAction})`;
  return job.startCause === null ? "" : `started ${causeText(job.startCause, details)}`;
}

function rowWithoutInstance(entry: ClassEntry, details: boolean): OverviewJob {
  const failed = hasFailed(entry);
  const { lastStop, jobClass } = entry;
  const stopped = lastStop === null ? "" : `stopped ${causeText(lastStop.cause, details)}`;
  const done = jobClass.task && lastStop?.cause.type === "end" ? "done" : stopped;
  return {
    ...noInstance(jobClass.name),
    since: null,
    restarts: 0,
    failed,
    lastEnd: lastEndOf(entry, null),
    ...(entry.schedule !== null && { next: entry.schedule.next }),
    why: [failed ? `failed: ${failureText(entry)}` : done, scheduleText(entry)]
      .filter((text) => text !== "")
      .join("; "),
  };
}

/** When it is due next, and what was skipped. */
function scheduleText({ schedule }: ClassEntry): string {
  if (schedule === null) return "";
  const skipped = schedule.skipped === 0 ? "" : ` (${schedule.skipped} skipped)`;
  return schedule.next === null ? "" : `next ${utcTime(schedule.next)}${skipped}`;
}

/** How main ended last; of any instance where that is null. */
function lastEndOf({ exits }: ClassEntry, instance: string | null): string {
  const last = exits.findLast(
    (exit) => exit.process === "main" && (instance === null || exit.instance === instance),
  );
  return last === undefined ? "" : describeEnd(last.status);
}

/** RFC 3339 in UTC, to the second. */
export function utcTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

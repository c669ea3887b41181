import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import { markOf } from "./lineage-mark.ts";
import { findProcesses, hasEnvironment, isLiving, type ProcessRecord } from "./process-table.ts";

/** Whether a process descends from a main process of the job; null if nobody can tell (yet). */
function descends(process: ProcessRecord, job: Job, main: number): boolean | null {
  const limits = native.readPseudoFile(`/proc/${process.pid}/limits`);
  const mark = typeof limits === "string" ? /^Max realtime timeout\s+(\d+)/m.exec(limits) : null;
  if (mark !== null) return Number(mark[1]) === markOf(job);
  if (process.session === main || process.group === main) return true;
  return hasEnvironment(process.pid, [
    `UPSTART_JOB=${job.jobClass.name}`,
    `UPSTART_INSTANCE=${job.instance}`,
  ]);
}

/** What `findKin` looks for. */
export interface KinSearch {
  readonly job: Job;
  /** The process that the kin descend from. */
  readonly main: number;
  /** When it was started (clock ticks since boot). */
  readonly startTime: number;
  /** Whether a process that descends from it is meant. */
  matches(process: ProcessRecord): boolean;
}

/** How often the table is read while something says that one may be there. */
const mostLooks = 4;

/**
 * The oldest living process that descends from a job's main process and matches; null if there is none. A look takes its
 * time: a process that forked and ended meanwhile shows without its child, one that is just being executed shows nothing
 * of itself; then it is worth another.
 */
export function findKin(search: KinSearch): ProcessRecord | null {
  let unsure: ProcessRecord | null = null;
  for (let look = 0; look < mostLooks; look += 1) {
    const seen = lookForKin(search);
    if (seen.kin !== null) return seen.kin;
    if (!seen.again) return null;
    unsure = seen.unsure;
  }
  return unsure;
}

interface Sight {
  kin: ProcessRecord | null;
  unsure: ProcessRecord | null;
  again: boolean;
}

function lookForKin({ job, main, startTime, matches }: KinSearch): Sight {
  const sight: Sight = { kin: null, unsure: null, again: false };
  const found = findProcesses(
    (process) => process.pid !== main && process.startTime >= startTime && matches(process),
  );
  for (const process of found ?? []) {
    const belongs = descends(process, job, main);
    if (!isLiving(process)) {
      // It may have forked since the table was read.
      sight.again ||= belongs !== false;
      continue;
    }
    if (belongs === true && (sight.kin === null || process.startTime < sight.kin.startTime)) {
      sight.kin = process;
    }
    if (belongs !== null) continue;
    sight.again = true;
    sight.unsure ??= process;
  }
  return sight;
}

import type { Job } from "../jobs/job.ts";

/** RLIMIT_RTTIME (getrlimit(2)): nobody sets it, and every descendant has it, whatever session or environment it takes. */
const markedResource = 15;
/** Microseconds of computing at real-time priority without a pause: half a year, so that the limit never acts. */
const firstMark = 2 ** 44;
const marks = 2 ** 20;

/** The limit that marks the descendants of a job's main process. */
export function lineageMark(job: Job): readonly [resource: number, soft: number, hard: number] {
  return [markedResource, markOf(job), Number.POSITIVE_INFINITY];
}

/** Whether this is the resource of the mark, which a job can do without. */
export function isLineageMark(resource: number): boolean {
  return resource === markedResource;
}

/** The soft limit. */
export function markOf(job: Job): number {
  return firstMark + (job.id % marks);
}

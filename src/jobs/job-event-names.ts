/** The events of a job's life. */
export const jobEventNames = ["starting", "started", "stopping", "stopped"] as const;
export type JobEventName = (typeof jobEventNames)[number];

const names: ReadonlySet<string> = new Set(jobEventNames);

/** Whether an event of this name is of a job's life, and so names a job. */
export function isJobEvent(name: string): boolean {
  return names.has(name);
}

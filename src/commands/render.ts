import type { JobStatus } from "../control/answers.ts";

/** `NAME (INSTANCE)`, or `NAME` for a job without instances. */
export function displayName(job: { readonly name: string; readonly instance: string }): string {
  return job.instance === "" ? job.name : `${job.name} (${job.instance})`;
}

/** Processes that the first line shows without their name (docs/upstart.md#94-status-lines). */
const plainProcesses: readonly string[] = ["main", "pre-start", "post-stop"];

/** The lines of `status`, without newlines at their ends. */
export function statusLines(job: JobStatus): string[] {
  const head = `${displayName(job)} ${job.goal}/${job.state}`;
  const [first, ...others] = job.processes;
  if (first === undefined) return [head];
  const what = plainProcesses.includes(first.process) ? "" : `(${first.process}) `;
  return [
    `${head}, ${what}process ${first.pid}`,
    ...others.map((other) => `\t${other.process} process ${other.pid}`),
  ];
}

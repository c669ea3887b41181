import { type Environment, getVariable, setVariable } from "../events/environment.ts";
import { signalName } from "../runtime/signals.ts";
import type { Failure, Job } from "./job.ts";
import type { JobEventName } from "./job-event-names.ts";

/** The variables of an event that init emits for a job, in order (docs/upstart.md#57-job-events). */
export function jobEventEnvironment(job: Job, name: JobEventName): Environment {
  const env: Environment = [`JOB=${job.jobClass.name}`, `INSTANCE=${job.instance}`];
  if (name === "stopping" || name === "stopped") {
    env.push(...resultOf(job));
  }
  if (job.jobClass.replicas !== null) env.push(`REPLICA=${job.instance}`);
  // An exported variable never hides one of those above.
  for (const key of job.jobClass.export) {
    const value = getVariable(job.env, key);
    if (value !== undefined) setVariable(env, `${key}=${value}`, false);
  }
  return env;
}

/** The variables with which a run tells how it ended. */
export const resultVariables = [
  "RESULT",
  "PROCESS",
  "EXIT_STATUS",
  "EXIT_SIGNAL",
  "LAST_EXIT_STATUS",
  "LAST_EXIT_SIGNAL",
] as const;

/** How the run ended, or is about to: RESULT, and what failed. */
export function resultOf(job: Job): Environment {
  const result = `RESULT=${job.failure === null ? "ok" : "failed"}`;
  return job.failure === null ? [result] : [result, ...failureVariables(job.failure)];
}

function failureVariables({ process, status }: Failure): string[] {
  const variables = [`PROCESS=${process}`];
  // Upstart says nothing of the end that exceeded the limit.
  const prefix = process === "respawn" ? "LAST_" : "";
  if (status?.type === "exited") variables.push(`${prefix}EXIT_STATUS=${status.status}`);
  if (status?.type === "killed") variables.push(`${prefix}EXIT_SIGNAL=${signalName(status.signal)}`);
  return variables;
}

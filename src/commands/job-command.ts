import type { JobStatus } from "../control/answers.ts";
import { lookUp } from "../control/socket-path.ts";
import { asJobStatus } from "./answer.ts";
import { type Invocation, UsageError } from "./command.ts";
import { ask, forever } from "./connection.ts";
import { forTerminal, printJson, printLines } from "./output.ts";
import { statusLines } from "./render.ts";

/** How a request names its job. */
export type Target =
  | { readonly job: string; readonly env: readonly string[] }
  | { readonly job: string; readonly instance: string };

/**
 * The job that is meant: the first argument, with variables after it; or inside a job process without arguments
 * the job's own instance (reference 8.2: both variables have to be set, an empty instance is fine).
 */
export function targetOf(call: Invocation): Target {
  const [job, ...env] = call.args;
  if (job !== undefined) return { job, env };
  const own = lookUp(call.environment, "UPSTART_JOB");
  const instance = call.environment.find((entry) => entry.startsWith("UPSTART_INSTANCE="));
  if (own === undefined || instance === undefined) throw new UsageError("missing job name");
  return { job: own, instance: instance.slice("UPSTART_INSTANCE=".length) };
}

/** `start`, `stop` and `restart`: asks, waits unless told not to, and shows the status reached. */
export function changeJob(call: Invocation, method: "start" | "stop" | "restart"): number {
  const wait = !call.options.has("no-wait");
  const status = asJobStatus(ask(call, method, { ...targetOf(call), wait }, forever), method);
  showStatus(call, status);
  return 0;
}

export function showStatus(call: Invocation, status: JobStatus): void {
  if (call.options.has("quiet")) return;
  if (call.options.has("json")) printJson(status);
  else printLines(statusLines(status).map((line) => forTerminal(line)));
}

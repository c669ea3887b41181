import type { JobStatus } from "../control/answers.ts";
import { lookUp } from "../control/socket-path.ts";
import { asJobStatus } from "./answer.ts";
import { type Invocation, UsageError } from "./command.ts";
import { ask, askPatiently } from "./connection.ts";
import { forTerminal, printAddition, printJson, printLines } from "./output.ts";
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
  const target = targetOf(call);
  const force = call.options.has("force") ? { force: true } : {};
  const answer = askPatiently(call, method, { ...target, wait, ...force }, () =>
    remind(call, target, method),
  );
  showStatus(call, asJobStatus(answer, method));
  return 0;
}

/** Says on standard error what a stop or restart waits for. A start has its own ways to be slow. */
function remind(call: Invocation, target: Target, method: string): void {
  if (method === "start" || call.options.has("quiet")) return;
  const { name, instance, goal, state, processes } = asJobStatus(ask(call, "status", target), "status");
  const shown = instance === "" ? name : `${name} (${instance})`;
  const waitsFor =
    processes.length === 0
      ? "the jobs that its event holds"
      : processes.map(({ process, pid }) => `${process} process ${pid}`).join(", ");
  printAddition(
    `${shown} is ${goal}/${state}, waiting for ${waitsFor}; \`initctl stop --force ${name}' ends it`,
  );
}

export function showStatus(call: Invocation, status: JobStatus): void {
  if (call.options.has("quiet")) return;
  if (call.options.has("json")) printJson(status);
  else printLines(statusLines(status).map((line) => forTerminal(line)));
}

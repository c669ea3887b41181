import type { JobStatus } from "../control/answers.ts";
import { ControlError } from "../control/client.ts";
import { lookUp } from "../control/socket-path.ts";
import { asJobStatus } from "./answer.ts";
import { type Invocation, type OptionSpec, UsageError } from "./command.ts";
import { ask, askPatiently, forever } from "./connection.ts";
import { forTerminal, printAddition, printJson, printLines } from "./output.ts";
import { statusLines } from "./render.ts";

/** How a request names its job. */
export type Target =
  | { readonly job: string; readonly env: readonly string[] }
  /** `outside`: it is none of its own processes that asks. */
  | { readonly job: string; readonly instance: string; readonly outside?: true };

/**
 * The job that is meant: the first argument, with variables after it; or inside a job process without arguments
 * the job's own instance (docs/upstart.md#92-commands: both variables have to be set, an empty instance is fine).
 */
export function targetOf(call: Invocation): Target {
  const [job, ...env] = call.args;
  if (job !== undefined) return { job, env };
  const own = lookUp(call.environment, "UPSTART_JOB");
  const instance = call.environment.find((entry) => entry.startsWith("UPSTART_INSTANCE="));
  if (own === undefined || instance === undefined) throw new UsageError("missing job name");
  return { job: own, instance: instance.slice("UPSTART_INSTANCE=".length) };
}

/** Runs a command for the job that is meant, or for each of several. */
export async function forJobs(call: Invocation, run: (target: Target) => void): Promise<number> {
  if (isSingle(call)) return runOrEach(call, run);
  const { meansSeveral, runForEach } = await import("./several-jobs.ts");
  return meansSeveral(call) ? runForEach(call, run) : runOrEach(call, run);
}

/** A job with replicas says so, where none is named: then each is meant. */
export async function runOrEach(
  call: Invocation,
  run: (target: Target) => void,
  target = targetOf(call),
): Promise<number> {
  try {
    run(target);
    return 0;
  } catch (error) {
    if (!namesReplicas(error)) throw error;
    const { forReplicas, replicasOf } = await import("./replicas.ts");
    return forReplicas(call, target, replicasOf(error) ?? [], run);
  }
}

function namesReplicas(error: unknown): boolean {
  return error instanceof ControlError && error.error === "Replicas";
}

/** The plain case, which is to load nothing more. */
function isSingle({ args, options }: Invocation): boolean {
  return !options.has("all") && args.length < 2 && !/[*?[\\]/.test(args[0] ?? "");
}

/** `--all` of the commands that change or show jobs. */
export const allOption: OptionSpec = { long: "all", short: "a", help: "every instance of the job" };

/** `start`, `stop` and `restart`: asks, waits unless told not to, and shows the status reached. */
export function changeJob(call: Invocation, method: "start" | "stop" | "restart"): Promise<number> {
  if (isSingle(call)) return changeSingle(call, method);
  return forJobs(call, (target) => changeOne(call, method, target));
}

async function changeSingle(call: Invocation, method: "start" | "stop" | "restart"): Promise<number> {
  const target = targetOf(call);
  try {
    changeOne(call, method, target);
    return 0;
  } catch (error) {
    if (!namesReplicas(error)) throw error;
    const { changeReplicas, replicasOf } = await import("./replicas.ts");
    return changeReplicas(call, method, target, replicasOf(error) ?? []);
  }
}

function changeOne(call: Invocation, method: "start" | "stop" | "restart", target: Target): void {
  const wait = !call.options.has("no-wait");
  const force = call.options.has("force") ? { force: true } : {};
  const answer = askPatiently(call, method, { ...target, wait, ...force }, () =>
    remind(call, target, method),
  );
  const status = asJobStatus(answer, method);
  if (method === "restart" && status.outdated && !call.options.has("quiet"))
    printAddition(
      `${status.name} keeps the definition that it was started with; \`initctl update ${status.name}' brings in the new one`,
    );
  showStatus(call, wait && "instance" in target ? settled(call, method, target) : status);
}

/** An instance that is named exactly is asked to change without waiting: waits for it here. */
function settled(call: Invocation, method: "start" | "stop" | "restart", target: Target): JobStatus {
  const wanted = method === "stop" ? "stopped" : "running";
  return asJobStatus(ask(call, "wait", { ...target, for: wanted }, forever), "wait");
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
  else printLines([...statusLines(status), ...waitLines(status)].map((line) => forTerminal(line)));
}

/** What a job waits for, the job that all others of them wait for last. */
function waitLines({ waitsFor }: JobStatus): string[] {
  return waitsFor === undefined ? [] : [`  waits for ${waitsFor.join(", which waits for ")}`];
}

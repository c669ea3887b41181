/** A command for all replicas of a job, where none is named (docs/replicas.md). Loaded only for those. */
import { ControlError } from "../control/client.ts";
import { asJobStatus } from "./answer.ts";
import type { Invocation } from "./command.ts";
import { ask, forever } from "./connection.ts";
import { showStatus, type Target } from "./job-command.ts";
import { report } from "./run.ts";

/** The replicas that an error names, which says that the job has some; null for any other. */
export function replicasOf(error: unknown): readonly string[] | null {
  if (!(error instanceof ControlError) || error.error !== "Replicas") return null;
  const names = error.data.get("replicas");
  return Array.isArray(names) ? names.map(String) : null;
}

/** Runs a command for each replica; the exit status is the worst. */
export function forReplicas(
  call: Invocation,
  target: Target,
  names: readonly string[],
  run: (target: Target) => void,
): number {
  let worst = 0;
  for (const name of names) {
    try {
      run(withReplica(target, name));
    } catch (error) {
      worst = Math.max(worst, report(call.program, error));
    }
  }
  return worst;
}

/** Starts, stops or restarts all at once, and waits for each. */
export function changeReplicas(
  call: Invocation,
  method: "start" | "stop" | "restart",
  target: Target,
  names: readonly string[],
): number {
  const begun: string[] = [];
  let worst = forReplicas(call, target, names, (one) => {
    ask(call, method, { ...one, wait: false });
    begun.push(replicaIn(one));
  });
  const wanted = method === "stop" ? "stopped" : "settled";
  for (const instance of begun) {
    const named = { job: target.job, instance, outside: true };
    const waits = { ...named, for: call.options.has("no-wait") ? undefined : wanted };
    const status = asJobStatus(
      waits.for === undefined ? ask(call, "status", named) : ask(call, "wait", waits, forever),
      method,
    );
    showStatus(call, status);
    if (method !== "stop" && waits.for !== undefined && status.state !== "running") worst = 1;
  }
  return worst;
}

function withReplica(target: Target, name: string): Target {
  const env = "env" in target ? target.env : [];
  return { job: target.job, env: [...env, `REPLICA=${name}`] };
}

function replicaIn(target: Target): string {
  const env = "env" in target ? target.env : [];
  return env.findLast((entry) => entry.startsWith("REPLICA="))?.slice("REPLICA=".length) ?? "";
}

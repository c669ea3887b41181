/** `restart --rolling`: one replica after the other (docs/replicas.md). */
import * as native from "upinit:native";
import { explanation } from "../control/answers.ts";
import { asArray, asJobStatus, unexpected } from "./answer.ts";
import { CommandError, type Invocation, UsageError } from "./command.ts";
import { ask, connectFor, explained, forever } from "./connection.ts";
import { showStatus } from "./job-command.ts";

const pause = 200;

/** Restarts each replica that runs, the next when the one before is there and has passed each of its checks. */
export function restartRolling(call: Invocation): number {
  const [job, surplus] = call.args;
  if (job === undefined) throw new UsageError("missing job name");
  if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
  const rolling = connectFor(call);
  try {
    rolling.request("roll", { job });
    return restartEach(call, job);
  } catch (error) {
    throw explained(error, "roll");
  } finally {
    rolling.close();
  }
}

function restartEach(call: Invocation, job: string): number {
  const names = asArray(ask(call, "list"), "list")
    .map((row) => asJobStatus(row, "list"))
    .filter(({ name, instance }) => name === job && instance !== "")
    .map(({ instance }) => instance)
    .sort((one, other) => Number(one) - Number(other));
  if (names.length === 0) throw new CommandError(`${job} has no replicas that run`);
  for (const instance of names) {
    const target = { job, instance, outside: true };
    ask(call, "restart", target);
    const reached = asJobStatus(ask(call, "wait", { ...target, for: "settled" }, forever), "wait");
    if (reached.state !== "running" || !passesChecks(call, job, instance))
      throw new CommandError(`${job} (${instance}) did not come back: the others were left as they are`);
    showStatus(call, reached);
  }
  return 0;
}

/** Waits until each check has been passed once; false as soon as one failed for good, or the replica is down. */
function passesChecks(call: Invocation, job: string, name: string): boolean {
  for (;;) {
    const answer = explanation.safeParse(ask(call, "explain", { job, instance: name }));
    if (!answer.success) throw unexpected("explain");
    const found = answer.data.instances.find(({ instance }) => instance === name);
    if (found === undefined || found.state !== "running") return false;
    if (found.probes.some(({ result }) => result === "bad")) return false;
    if (found.probes.every(({ result }) => result === "good")) return true;
    native.sleep(pause);
  }
}

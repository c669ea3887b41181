/** The jobs that a restart takes along (docs/requirements.md). */
import { asArray, asJobStatus } from "./answer.ts";
import type { Invocation } from "./command.ts";
import { ask, forever } from "./connection.ts";
import { printAddition } from "./output.ts";
import { displayName } from "./render.ts";

/** Waits until those that a restarted job took down are back; 1 if one of them is not. */
export function awaitDependents(call: Invocation): number {
  const [job] = call.args;
  let worst = 0;
  for (const each of asArray(ask(call, "dependents", { job }), "dependents")) {
    const { name, instance } = asJobStatus(each, "dependents");
    const target = { job: name, instance, outside: true, for: "settled" };
    const reached = asJobStatus(ask(call, "wait", target, forever), "wait");
    if (reached.state === "running") continue;
    printAddition(
      `${displayName({ name, instance })} did not come back: \`initctl explain ${name}' tells more`,
    );
    worst = 1;
  }
  return worst;
}

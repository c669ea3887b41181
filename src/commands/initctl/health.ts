import * as native from "upinit:native";
import type { Health } from "../../control/answers.ts";
import { ControlError } from "../../control/client.ts";
import { unexpected } from "../answer.ts";
import { type Invocation, jsonOption, type SubCommand, UsageError, valuesOf } from "../command.ts";
import { ask } from "../connection.ts";
import { forTerminal, printJson, printLines } from "../output.ts";
import { secondsOf } from "../text.ts";

/** How often `--wait` asks, in milliseconds. */
const interval = 200;

export const command: SubCommand = {
  name: "health",
  group: "Observation",
  summary: "Tell whether all is well, for a health check.",
  arguments: "[JOB]...",
  options: [
    {
      long: "require",
      short: "r",
      value: "JOB",
      help: "only this job, and those that follow, count, and they have to run; may be repeated",
      many: true,
    },
    {
      long: "wait",
      short: "w",
      value: "SECONDS",
      help: "wait so long for the boot to end and all to be well",
    },
    jsonOption,
  ],
  description: "Prints every reason on a line of its own; exits with 0 if all is well and 1 if not.",
  run(call) {
    const require = [...valuesOf(call.options, "require"), ...call.args];
    if (!call.options.has("require") && call.args.length > 0)
      throw new UsageError(`unexpected argument: ${call.args[0]}`);
    const seconds = call.options.get("wait");
    const answer =
      seconds === undefined ? fetchHealth(call, require) : awaitHealth(call, require, secondsOf(seconds));
    if (call.options.has("json")) printJson(answer);
    else if (!call.options.has("quiet"))
      printLines((answer.healthy ? [answer.reason] : answer.reasons).map((line) => forTerminal(line)));
    return answer.healthy ? 0 : 1;
  },
};

function fetchHealth(call: Invocation, require: readonly string[]): Health {
  const answer = ask(call, "health", { require }) as Partial<Health> | null;
  if (typeof answer?.healthy !== "boolean" || !Array.isArray(answer.reasons)) throw unexpected("health");
  return answer as Health;
}

/** The end of the boot first, then the first good answer, or the last one when the time is over. */
function awaitHealth(call: Invocation, require: readonly string[], seconds: number): Health {
  const deadline = native.monotonicTime() + seconds * 1_000;
  try {
    ask(call, "wait-boot", { timeout: seconds }, -1);
  } catch (error) {
    if (!(error instanceof ControlError) || error.error !== "Timeout") throw error;
  }
  for (;;) {
    const answer = fetchHealth(call, require);
    const left = deadline - native.monotonicTime();
    if (answer.healthy || left <= 0) return answer;
    native.pollOne(-1, 0, Math.min(interval, left));
  }
}

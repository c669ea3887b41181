import { ControlError } from "../../control/client.ts";
import { asJobStatus } from "../answer.ts";
import { CommandError, type Invocation, jsonOption, type SubCommand, UsageError } from "../command.ts";
import { ask, forever } from "../connection.ts";
import { showStatus } from "../job-command.ts";
import { secondsOf } from "../text.ts";

/** As timeout(1) has it. */
const timedOut = 124;

export const command: SubCommand = {
  name: "wait",
  group: "Job",
  summary: "Wait until a job is in a state.",
  arguments: "[JOB] [KEY=VALUE]...",
  options: [
    { long: "for", short: "f", value: "STATE", help: "running (default), stopped, or the name of any state" },
    {
      long: "timeout",
      short: "t",
      value: "SECONDS",
      help: "give up after so many seconds (exit status 124)",
    },
    { long: "boot", short: "b", help: "wait for the end of the boot instead, without JOB" },
    jsonOption,
  ],
  description: "Returns at once if the job is in that state already.",
  run(call) {
    if (call.options.has("boot")) return waitForBoot(call);
    const [job, ...env] = call.args;
    if (job === undefined) throw new UsageError("missing job name");
    const seconds = call.options.get("timeout");
    const timeout = seconds === undefined ? {} : { timeout: secondsOf(seconds) };
    const state = call.options.get("for");
    try {
      const params = { job, env, ...timeout, ...(state === undefined ? {} : { for: state }) };
      showStatus(call, asJobStatus(ask(call, "wait", params, forever), "wait"));
      return 0;
    } catch (error) {
      if (!(error instanceof ControlError) || error.error !== "Timeout") throw error;
      const { goal, state: now } = asJobStatus(error.data.get("status"), "wait");
      throw new CommandError(`${error.message}: it is ${goal}/${now}`, timedOut);
    }
  },
};

function waitForBoot(call: Invocation): number {
  if (call.args[0] !== undefined) throw new UsageError(`unexpected argument: ${call.args[0]}`);
  const seconds = call.options.get("timeout");
  try {
    ask(call, "wait-boot", seconds === undefined ? {} : { timeout: secondsOf(seconds) }, forever);
    return 0;
  } catch (error) {
    if (!(error instanceof ControlError) || error.error !== "Timeout") throw error;
    throw new CommandError(error.message, timedOut);
  }
}

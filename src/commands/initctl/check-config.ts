import { checkConditions, renderCheck } from "../../config/check.ts";
import type { JobConfiguration } from "../../control/answers.ts";
import { lookUp } from "../../control/socket-path.ts";
import { ownEvents } from "../../events/own-events.ts";
import { CommandError, type Invocation, jsonOption, type SubCommand } from "../command.ts";
import { fetchConfiguration } from "../configuration.ts";
import { printError, printJson, write } from "../output.ts";

export const command: SubCommand = {
  name: "check-config",
  group: "Other",
  summary: "Look for conditions that can never become true.",
  arguments: "[JOB]",
  options: [
    {
      long: "ignore-events",
      short: "i",
      value: "EVENTS",
      help: "comma-separated events not to complain about",
    },
    { long: "warn", short: "w", help: "complain about each unknown event and job" },
    { long: "explain", help: "say what to do, and show jobs that are named where an instance belongs" },
    jsonOption,
  ],
  description: "Exits with 1 if anything was found.",
  run(call) {
    let jobs: JobConfiguration[];
    try {
      jobs = fetchConfiguration(call);
    } catch (error) {
      // As Upstart has it: what could not be looked at is not found wrong.
      if (!(error instanceof CommandError)) throw error;
      printError(call.program, error.message);
      return 0;
    }
    const [only] = call.args;
    const isJson = call.options.has("json");
    const explains = call.options.has("explain");
    if (only !== undefined && !jobs.some((job) => job.name === only)) {
      throw new CommandError(`Invalid job class: ${only}`);
    }
    const results = checkConditions(jobs, {
      ...(only === undefined ? {} : { only }),
      ignoreEvents: (call.options.get("ignore-events") ?? "").split(",").filter((name) => name !== ""),
      eachGroup: true,
      warn: call.options.has("warn"),
      instances: explains || isJson,
      knownEvents: [...ownEvents, ...(isOfSession(call) ? ["session-end"] : [])],
    });
    if (isJson) printJson(results);
    else write(1, renderCheck(results, explains));
    return results.length > 0 ? 1 : 0;
  },
};

/** A session init emits one event more. */
function isOfSession({ options, environment }: Invocation): boolean {
  if (options.has("system")) return false;
  return (
    options.has("user") || options.has("session") || lookUp(environment, "UPSTART_SESSION") !== undefined
  );
}

import { type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { globalOption, tableOf } from "../environment-table.ts";

export const command: SubCommand = {
  name: "set-env",
  group: "Environment",
  summary: "Set variables of the job environment of a session init.",
  arguments: "VARIABLE[=VALUE]...",
  options: [
    globalOption,
    { long: "retain", short: "r", help: "keep the values of variables that are set already" },
  ],
  run(call) {
    if (call.args.length === 0) throw new UsageError("missing variable value");
    ask(call, "set-env", { ...tableOf(call), entries: call.args, retain: call.options.has("retain") });
    return 0;
  },
};

import { type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { globalOption, tableOf } from "../environment-table.ts";

export const command: SubCommand = {
  name: "unset-env",
  group: "Environment",
  summary: "Remove variables from the job environment of a session init.",
  arguments: "VARIABLE...",
  options: [globalOption],
  run(call) {
    if (call.args.length === 0) throw new UsageError("missing variable name");
    ask(call, "unset-env", { ...tableOf(call), variables: call.args });
    return 0;
  },
};

import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { globalOption, tableOf } from "../environment-table.ts";

export const command: SubCommand = {
  name: "reset-env",
  group: "Environment",
  summary: "Put the job environment of a session init back to its defaults.",
  arguments: "",
  options: [globalOption],
  run(call) {
    ask(call, "reset-env", tableOf(call));
    return 0;
  },
};

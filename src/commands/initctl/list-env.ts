import { asArray } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { globalOption, tableOf } from "../environment-table.ts";
import { printJson, printLines } from "../output.ts";

export const command: SubCommand = {
  name: "list-env",
  group: "Environment",
  summary: "Show the job environment.",
  arguments: "",
  options: [globalOption, jsonOption],
  run(call) {
    const entries = asArray(ask(call, "list-env", tableOf(call)), "list-env").map(String);
    if (call.options.has("json")) printJson(entries);
    else printLines(entries);
    return 0;
  },
};

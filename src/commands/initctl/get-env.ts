import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { globalOption, tableOf } from "../environment-table.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "get-env",
  group: "Environment",
  summary: "Show a variable of the job environment.",
  arguments: "VARIABLE",
  options: [globalOption, jsonOption],
  run(call) {
    const [variable] = call.args;
    if (variable === undefined) throw new UsageError("missing variable name");
    const answer = ask(call, "get-env", { ...tableOf(call), variable });
    if (typeof answer !== "object" || answer === null || !("value" in answer)) throw unexpected("get-env");
    if (call.options.has("json")) printJson(answer);
    else printLine(String(answer.value));
    return 0;
  },
};

import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "version",
  group: "Other",
  summary: "Show the version of the running init.",
  arguments: "",
  ignoresOperands: true,
  options: [jsonOption],
  run(call) {
    const answer = ask(call, "version");
    if (typeof answer !== "object" || answer === null || !("version" in answer)) throw unexpected("version");
    if (call.options.has("json")) printJson(answer);
    else printLine(String(answer.version));
    return 0;
  },
};

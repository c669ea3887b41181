import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { targetOf } from "../job-command.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "usage",
  group: "Job",
  summary: "Show the usage text of a job.",
  arguments: "[JOB]",
  options: [jsonOption],
  run(call) {
    const answer = ask(call, "usage", targetOf(call));
    if (typeof answer !== "object" || answer === null || !("usage" in answer)) throw unexpected("usage");
    if (call.options.has("json")) printJson(answer);
    else printLine(`Usage: ${answer.usage ?? ""}`);
    return 0;
  },
};

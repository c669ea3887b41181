import { asArray, asJobStatus } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { forTerminal, printJson, printLines } from "../output.ts";
import { statusLines } from "../render.ts";

export const command: SubCommand = {
  name: "list",
  group: "Job",
  summary: "List all jobs with their status.",
  arguments: "",
  options: [jsonOption],
  run(call) {
    const jobs = asArray(ask(call, "list"), "list").map((job) => asJobStatus(job, "list"));
    if (call.options.has("quiet")) return 0;
    if (call.options.has("json")) printJson(jobs);
    else printLines(jobs.flatMap(statusLines).map((line) => forTerminal(line)));
    return 0;
  },
};

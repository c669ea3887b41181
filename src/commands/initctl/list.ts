import { asArray, asJobStatus } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { forTerminal, printJson, printLines } from "../output.ts";
import { fetchOverview, overviewLines } from "../overview.ts";
import { statusLines } from "../render.ts";

export const command: SubCommand = {
  name: "list",
  group: "Job",
  summary: "List all jobs with their status.",
  arguments: "",
  ignoresOperands: true,
  options: [
    { long: "long", short: "l", help: "a table: since when, restarts, last end, and why" },
    jsonOption,
  ],
  run(call) {
    if (call.options.has("long")) {
      const rows = fetchOverview(call);
      if (call.options.has("json")) printJson(rows);
      else if (!call.options.has("quiet")) printLines(overviewLines(rows));
      return 0;
    }
    const jobs = asArray(ask(call, "list"), "list").map((job) => asJobStatus(job, "list"));
    if (call.options.has("quiet")) return 0;
    if (call.options.has("json")) printJson(jobs);
    else printLines(jobs.flatMap(statusLines).map((line) => forTerminal(line)));
    return 0;
  },
};

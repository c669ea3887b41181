import { jsonOption, type SubCommand } from "../command.ts";
import { printJson, printLines } from "../output.ts";
import { fetchOverview, overviewLines } from "../overview.ts";

export const command: SubCommand = {
  name: "failed",
  group: "Observation",
  summary: "List the jobs that failed, and why.",
  arguments: "",
  options: [jsonOption],
  description: "Exits with 1 if there are any. A failure is over with the next good run, or `reset-failed`.",
  run(call) {
    const failed = fetchOverview(call).filter((row) => row.failed);
    if (call.options.has("json")) printJson(failed);
    else if (!call.options.has("quiet")) printLines(overviewLines(failed));
    return failed.length > 0 ? 1 : 0;
  },
};

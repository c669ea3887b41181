import { renderShowConfig } from "../../config/show.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { fetchConfiguration } from "../configuration.ts";
import { forTerminal, printJson, write } from "../output.ts";

export const command: SubCommand = {
  name: "show-config",
  group: "Other",
  summary: "Show what jobs emit, and what they start and stop on.",
  arguments: "[JOB]",
  options: [{ long: "enumerate", short: "e", help: "one line for each event of a condition" }, jsonOption],
  run(call) {
    const jobs = fetchConfiguration(call, call.args[0]);
    if (call.options.has("json")) {
      printJson(jobs);
      return 0;
    }
    const enumerate = call.options.has("enumerate");
    for (const job of jobs) {
      for (const line of renderShowConfig(job, { enumerate }).split("\n").slice(0, -1)) {
        write(1, `${forTerminal(line)}\n`);
      }
    }
    return 0;
  },
};

import { jsonOption, type SubCommand } from "../command.ts";
import { fetchConfiguration } from "../configuration.ts";
import { forTerminal, printJson, printLines } from "../output.ts";
import { relationsOf } from "../relations.ts";
import { styleFor } from "../style.ts";
import { treeLines } from "../tree.ts";

export const command: SubCommand = {
  name: "tree",
  group: "Observation",
  summary: "Show what starts what: events, jobs, and what they lead to.",
  arguments: "",
  options: [jsonOption],
  run(call) {
    const jobs = fetchConfiguration(call);
    if (call.options.has("json")) printJson(relationsOf(jobs));
    else printLines(treeLines(jobs, styleFor(call.environment), forTerminal));
    return 0;
  },
};

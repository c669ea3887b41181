import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";

export const command: SubCommand = {
  name: "reload-configuration",
  group: "Other",
  summary: "Read the configuration again.",
  arguments: "",
  ignoresOperands: true,
  options: [],
  run(call) {
    ask(call, "reload-configuration");
    return 0;
  },
};

import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";

export const command: SubCommand = {
  name: "notify-disk-writeable",
  group: "Other",
  summary: "Tell that log files can be written now.",
  arguments: "",
  options: [],
  run(call) {
    ask(call, "notify-disk-writeable");
    return 0;
  },
};

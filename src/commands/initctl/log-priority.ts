import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "log-priority",
  group: "Other",
  summary: "Show or change what init logs.",
  arguments: "[PRIORITY]",
  options: [jsonOption],
  description:
    "PRIORITY is debug, info, message, warn, error or fatal. With info, init logs each goal and state change; its log is the standard error of the container (docker logs).",
  run(call) {
    const [priority] = call.args;
    const answer = ask(call, "log-priority", priority === undefined ? {} : { priority });
    if (typeof answer !== "object" || answer === null || !("priority" in answer))
      throw unexpected("log-priority");
    if (priority !== undefined) return 0;
    if (call.options.has("json")) printJson(answer);
    else printLine(String(answer.priority));
    return 0;
  },
};

import { CommandError, jsonOption, type SubCommand } from "../command.ts";
import { listSessions } from "../connection.ts";
import { printJson, printLines } from "../output.ts";

export const command: SubCommand = {
  name: "list-sessions",
  group: "Other",
  summary: "List the session inits of the user.",
  arguments: "",
  options: [jsonOption],
  run(call) {
    const sessions = listSessions(call.environment);
    if (sessions === null) throw new CommandError("Unable to query session directory");
    if (call.options.has("json")) printJson(sessions);
    else printLines(sessions.map(({ pid, address }) => `${pid} ${address}`));
    return 0;
  },
};

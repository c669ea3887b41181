import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { targetOf } from "../job-command.ts";

export const command: SubCommand = {
  name: "reload",
  group: "Job",
  summary: "Send the reload signal (SIGHUP) to a job's main process.",
  arguments: "[JOB] [KEY=VALUE]...",
  options: [],
  run(call) {
    ask(call, "reload", targetOf(call));
    return 0;
  },
};

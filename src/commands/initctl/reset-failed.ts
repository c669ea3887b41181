import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";

export const command: SubCommand = {
  name: "reset-failed",
  group: "Job",
  summary: "Forget that jobs failed.",
  arguments: "[JOB]",
  options: [],
  description: "Without JOB, all jobs. What failed before no longer makes `initctl health` complain.",
  run(call) {
    const [job] = call.args;
    ask(call, "reset-failed", job === undefined ? {} : { job });
    return 0;
  },
};

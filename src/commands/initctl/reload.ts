import type { SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { allOption, forJobs } from "../job-command.ts";

export const command: SubCommand = {
  name: "reload",
  group: "Job",
  summary: "Send the reload signal (SIGHUP) to a job's main process.",
  arguments: "[JOB]... [KEY=VALUE]...",
  options: [allOption],
  run: (call) => forJobs(call, (target) => void ask(call, "reload", target)),
};

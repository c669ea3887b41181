import { asJobStatus } from "../answer.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { allOption, forJobs, showStatus } from "../job-command.ts";

export const command: SubCommand = {
  name: "status",
  group: "Job",
  summary: "Show the status of a job.",
  arguments: "[JOB]... [KEY=VALUE]...",
  options: [allOption, jsonOption],
  description:
    "Shows goal, state and processes. The exit status is 0 for any known job; `service JOB status` tells more.",
  run: (call) =>
    forJobs(call, (target) => showStatus(call, asJobStatus(ask(call, "status", target), "status"))),
};

import { jsonOption, noWaitOption, type SubCommand } from "../command.ts";
import { changeJob } from "../job-command.ts";

export const command: SubCommand = {
  name: "stop",
  group: "Job",
  summary: "Stop a job.",
  arguments: "[JOB] [KEY=VALUE]...",
  options: [noWaitOption, jsonOption],
  description:
    "KEY=VALUE variables choose the instance and go into the environment of pre-stop and post-stop. Waits until the job is stopped. Inside a job, without JOB, the job itself is meant, and nothing is waited for.",
  run: (call) => changeJob(call, "stop"),
};

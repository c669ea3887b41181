import { jsonOption, noWaitOption, type SubCommand } from "../command.ts";
import { changeJob } from "../job-command.ts";

export const command: SubCommand = {
  name: "start",
  group: "Job",
  summary: "Start a job.",
  arguments: "[JOB]... [KEY=VALUE]...",
  options: [noWaitOption, jsonOption],
  description:
    "KEY=VALUE variables choose the instance and go into the environment of the job. Waits until a service runs, or a task is finished. Inside a job, without JOB, the job itself is meant, and nothing is waited for.",
  run: (call) => changeJob(call, "start"),
};

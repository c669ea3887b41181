import { jsonOption, noWaitOption, type SubCommand } from "../command.ts";
import { allOption, changeJob } from "../job-command.ts";

export const command: SubCommand = {
  name: "stop",
  group: "Job",
  summary: "Stop a job.",
  arguments: "[JOB]... [KEY=VALUE]...",
  options: [
    { long: "force", short: "f", help: "wait for no hook and no event: end what the stop waits for" },
    allOption,
    noWaitOption,
    jsonOption,
  ],
  description:
    "KEY=VALUE variables choose the instance and go into the environment of pre-stop and post-stop. Waits until the job is stopped; after 10 seconds, and then every 30, it says on standard error what for. Inside a job, without JOB, the job itself is meant, and nothing is waited for.",
  run: (call) => changeJob(call, "stop"),
};

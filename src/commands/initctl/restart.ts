import { jsonOption, noWaitOption, type SubCommand } from "../command.ts";
import { allOption, changeJob } from "../job-command.ts";

export const command: SubCommand = {
  name: "restart",
  group: "Job",
  summary: "Restart a job.",
  arguments: "[JOB]... [KEY=VALUE]...",
  options: [
    { long: "rolling", help: "one replica after the other, the next when the one before is well" },
    allOption,
    noWaitOption,
    jsonOption,
  ],
  description:
    "The instance keeps its configuration; to use a changed one, stop and start the job. Waits until a service runs again, or a task is finished. Inside a job, without JOB, the job itself is meant, and nothing is waited for.",
  async run(call) {
    if (call.options.has("rolling")) return (await import("../rolling.ts")).restartRolling(call);
    const status = await changeJob(call, "restart");
    const wait = status === 0 && !call.options.has("no-wait") && call.args[0] !== undefined;
    return wait ? (await import("../dependents.ts")).awaitDependents(call) : status;
  },
};

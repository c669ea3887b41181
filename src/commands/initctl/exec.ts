import { type SubCommand, UsageError } from "../command.ts";

export const command: SubCommand = {
  name: "exec",
  group: "Job",
  summary: "Run a command as a job's main process would run.",
  arguments: "JOB [KEY=VALUE]... -- CMD [ARG]...",
  options: [],
  description:
    "With the job's environment (of the running instance, if there is one), user, groups, root, directory, umask and limits, on this terminal. The exit status is the command's.",
  async run(call) {
    const [job, ...rest] = call.args;
    if (job === undefined) throw new UsageError("missing job name");
    const first = rest.findIndex((word) => !word.includes("="));
    if (first < 0) throw new UsageError("missing command");
    const { runAs } = await import("../run-as.ts");
    return runAs(call, job, rest.slice(0, first), rest.slice(first));
  },
};

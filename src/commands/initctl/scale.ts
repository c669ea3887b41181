import { asJobStatus } from "../answer.ts";
import { CommandError, type SubCommand, UsageError } from "../command.ts";
import { ask, forever } from "../connection.ts";
import { showStatus } from "../job-command.ts";

export const command: SubCommand = {
  name: "scale",
  group: "Job",
  summary: "Change how many replicas of a job run.",
  arguments: "JOB COUNT|default",
  options: [],
  description:
    "The highest go first, new ones start in parallel, and those that stay keep their processes. The number is kept over restarts, reloads and a re-exec; `default` returns to that of the file.",
  run(call) {
    const [job, word, surplus] = call.args;
    if (job === undefined) throw new UsageError("missing job name");
    if (word === undefined) throw new UsageError("missing number of replicas");
    if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
    const answer = ask(call, "scale", { job, count: word === "default" ? null : readCount(word) });
    const changed = (answer as { readonly changed?: unknown } | null)?.changed;
    if (!Array.isArray(changed)) throw new CommandError("the running init answered in an unknown way");
    let status = 0;
    for (const instance of changed.map(String)) {
      const target = { job, instance, outside: true, for: "settled" };
      const reached = asJobStatus(ask(call, "wait", target, forever), "wait");
      showStatus(call, reached);
      if (reached.goal === "start" && reached.state !== "running") status = 1;
    }
    return status;
  },
};

function readCount(word: string): number {
  if (!/^[1-9]\d{0,3}$/.test(word) || Number(word) > 1_000)
    throw new UsageError(`illegal number of replicas: ${word} (1 to 1000, or default)`);
  return Number(word);
}

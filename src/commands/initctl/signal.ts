import { signalNumber } from "../../runtime/signals.ts";
import { type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { runOrEach } from "../job-command.ts";

export const command: SubCommand = {
  name: "signal",
  group: "Job",
  summary: "Send a signal to a job's main process.",
  arguments: "SIGNAL JOB [KEY=VALUE]...",
  options: [{ long: "group", short: "g", help: "send it to the whole process group" }],
  description: "SIGNAL is a name, with or without SIG, or a number.",
  run(call) {
    const [word, job, ...env] = call.args;
    if (word === undefined) throw new UsageError("missing signal");
    if (job === undefined) throw new UsageError("missing job name");
    const signal = readSignal(word);
    const group = call.options.has("group");
    return runOrEach(call, (target) => ask(call, "signal", { ...target, signal, group }), { job, env });
  },
};

const largestSignal = 64;

function readSignal(word: string): number {
  const number = /^\d{1,2}$/.test(word) ? Number(word) : signalNumber(word.toUpperCase());
  if (number === null || number < 1 || number > largestSignal)
    throw new UsageError(`there is no signal ${word}`);
  return number;
}

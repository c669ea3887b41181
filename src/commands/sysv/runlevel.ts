import type { RunlevelAnswer } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { CommandError, jsonOption } from "../command.ts";
import { ask } from "../connection.ts";
import { printJson, printLine } from "../output.ts";
import { type Program, runProgram } from "../program.ts";

const program: Program = {
  name: "runlevel",
  description: "Shows the previous and the current run level; N if there was none before.",
  arguments: "",
  options: [jsonOption],
  run(call) {
    const [previous, current] = ["PREVLEVEL", "RUNLEVEL"].map((key) =>
      call.environment.find((entry) => entry.startsWith(`${key}=`))?.slice(key.length + 1),
    );
    // Inside a job that a run level started, that one is meant (docs/upstart.md#103-runlevels).
    const answer: RunlevelAnswer =
      current !== undefined && current !== ""
        ? { previous: previous?.[0] ?? "N", current: current[0] as string }
        : asRunlevel(ask(call, "runlevel"));
    if (call.options.has("json")) printJson(answer);
    else if (answer.current === null) throw new CommandError("unknown: no run level was entered");
    else printLine(`${answer.previous} ${answer.current}`);
    return answer.current === null ? 1 : 0;
  },
};

function asRunlevel(answer: unknown): RunlevelAnswer {
  const level = answer as Partial<RunlevelAnswer> | null;
  if (typeof level?.previous !== "string" || level.current === undefined) throw unexpected("runlevel");
  return { previous: level.previous, current: level.current };
}

export const main = (argv: readonly string[]): Promise<number> => runProgram(program, argv);

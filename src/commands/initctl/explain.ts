import { explanation } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { explainLines } from "../explain.ts";
import { forTerminal, printJson, printLine } from "../output.ts";
import { styleFor } from "../style.ts";

export const command: SubCommand = {
  name: "explain",
  group: "Observation",
  summary: "Explain why a job runs or doesn't.",
  arguments: "JOB",
  options: [jsonOption],
  description:
    "Shows what its conditions wait for, what blocks it, how it ended before, and its last output.",
  run(call) {
    const [job] = call.args;
    if (job === undefined) throw new UsageError("missing job name");
    const answer = explanation.safeParse(ask(call, "explain", { job }));
    if (!answer.success) throw unexpected("explain");
    if (call.options.has("json")) printJson(answer.data);
    else
      for (const line of explainLines(answer.data, styleFor(call.environment), forTerminal)) printLine(line);
    return 0;
  },
};

import type { Health } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand, valuesOf } from "../command.ts";
import { ask } from "../connection.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "health",
  group: "Observation",
  summary: "Tell whether all is well, for a health check.",
  arguments: "",
  options: [
    { long: "require", short: "r", value: "JOB", help: "this job has to run; may be repeated", many: true },
    jsonOption,
  ],
  description: "Prints one line of reason; exits with 0 if all is well and 1 if not.",
  run(call) {
    const answer = ask(call, "health", {
      require: valuesOf(call.options, "require"),
    }) as Partial<Health> | null;
    if (typeof answer?.healthy !== "boolean" || typeof answer.reason !== "string") throw unexpected("health");
    if (call.options.has("json")) printJson(answer);
    else if (!call.options.has("quiet")) printLine(answer.reason);
    return answer.healthy ? 0 : 1;
  },
};

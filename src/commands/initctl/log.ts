import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand, UsageError } from "../command.ts";
import { ask, connectFor, explained, forever } from "../connection.ts";
import { runOrEach, type Target } from "../job-command.ts";
import { printJson, printLine } from "../output.ts";

export const command: SubCommand = {
  name: "log",
  group: "Observation",
  summary: "Show the captured output of a job.",
  arguments: "JOB [KEY=VALUE]...",
  options: [
    { long: "follow", short: "f", help: "go on with what comes" },
    { long: "lines", short: "n", value: "N", help: "at most the last N lines (default 100)" },
    jsonOption,
  ],
  run(call) {
    const [job, ...env] = call.args;
    if (job === undefined) throw new UsageError("missing job name");
    const follow = call.options.has("follow");
    const count = call.options.get("lines");
    const lines = count === undefined ? {} : { lines: countOf(count) };
    const show = (line: string): void => (call.options.has("json") ? printJson({ line }) : printLine(line));
    const showOne = (target: Target): void => {
      const answer = ask(call, "log", { ...target, ...lines }) as { lines?: unknown } | null;
      if (!Array.isArray(answer?.lines)) throw unexpected("log");
      if (call.options.has("json")) printJson(answer);
      else for (const line of answer.lines) show(String(line));
    };
    if (!follow) return runOrEach(call, showOne, { job, env });
    const client = connectFor(call);
    try {
      const answer = client.request("log", { job, env, follow, ...lines }) as { lines?: unknown } | null;
      if (!Array.isArray(answer?.lines)) throw unexpected("log");
      for (const line of answer.lines) show(String(line));
      for (;;) {
        const notice = client.notification(forever);
        const params = notice?.["params"] as { line?: unknown; count?: unknown } | undefined;
        if (notice?.["method"] === "log") show(String(params?.line));
        else if (notice?.["method"] === "dropped") printLine(`(${params?.count} lines dropped)`);
      }
    } catch (error) {
      throw explained(error, "log");
    } finally {
      client.close();
    }
  },
};

function countOf(text: string): number {
  const count = Number(text);
  if (text === "" || !Number.isInteger(count) || count < 0 || count > 10_000) {
    throw new UsageError(`illegal number of lines: ${text}`);
  }
  return count;
}

import { preview } from "../control/answers.ts";
import { unexpected } from "./answer.ts";
import type { Invocation } from "./command.ts";
import { ask } from "./connection.ts";
import { forTerminal, printJson, printLine, printLines } from "./output.ts";
import { displayName } from "./render.ts";

/** `emit --dry-run`: what the event would do, in order. */
export function dryRun(call: Invocation, event: string, env: readonly string[]): number {
  const answer = preview.safeParse(ask(call, "preview", { event, env }));
  if (!answer.success) throw unexpected("preview");
  const { steps, partly, refused } = answer.data;
  if (call.options.has("json")) {
    printJson(answer.data);
    return 0;
  }
  const lines = [
    ...steps.map(
      ({ job, instance, action, requiredBy }) =>
        `${action} ${displayName({ name: job, instance })}${requiredBy === undefined ? "" : ` (required by ${requiredBy})`}`,
    ),
    ...partly.map((job) => `${job}: would wait for the rest of its condition`),
    ...refused.map(({ job, reason }) => `${job}: would not start: ${reason}`),
  ];
  if (lines.length === 0) printLine(forTerminal(`No job starts or stops on ${event}.`));
  else printLines(lines.map((line) => forTerminal(line)));
  return 0;
}

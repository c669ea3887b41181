/** The table of `initctl list -l` and `initctl failed`. */
import type { OverviewJob } from "../control/answers.ts";
import { asArray, asJobStatus } from "./answer.ts";
import type { Invocation } from "./command.ts";
import { ask } from "./connection.ts";
import { forTerminal } from "./output.ts";
import { displayName } from "./render.ts";
import { span, table } from "./text.ts";

/** Asks for the rows. */
export function fetchOverview(call: Invocation): OverviewJob[] {
  return asArray(ask(call, "overview"), "overview").map((row) => asJobStatus(row, "overview") as OverviewJob);
}

/** The table, with a line of titles; nothing for no rows. */
export function overviewLines(rows: readonly OverviewJob[]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((row) => [
    forTerminal(displayName(row)),
    `${row.goal}/${row.state}`,
    String(row.processes[0]?.pid ?? "-"),
    row.since === null ? "-" : span(row.since),
    String(row.restarts),
    row.lastEnd === "" ? "-" : row.lastEnd,
    forTerminal(row.why),
  ]);
  return table([["JOB", "STATE", "PID", "SINCE", "RESTARTS", "LAST END", "WHY"], ...lines], [2, 3, 4]);
}

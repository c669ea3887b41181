import type { Condition, MatchCondition } from "../events/condition.ts";
import type { JobClass } from "../jobs/job-class.ts";
import { isJobEvent } from "../jobs/job-event-names.ts";

/**
 * `initctl show-config` and `initctl usage` (docs/upstart.md#92-commands, docs/upstart.md#96-show-config). Pure:
 * classes in, lines out, each with its newline. Quotes are not restored, as in Upstart; `format.ts` prints what can be
 * read again.
 */

export interface ShowOptions {
  /** One line for each event of a condition instead of the whole expression. */
  readonly enumerate?: boolean;
}

/** What `show-config` needs of a class; a control client has no more than this. */
export type ShownClass = Pick<JobClass, "name" | "emits" | "startOn" | "stopOn">;

/** The job's name, what it emits and its conditions. */
export function renderShowConfig(jobClass: ShownClass, options: ShowOptions = {}): string {
  const lines = [jobClass.name];
  for (const event of jobClass.emits) lines.push(`  emits ${event}`);
  for (const [stanza, condition] of conditionsOf(jobClass)) {
    if (options.enumerate === true) {
      for (const match of eachMatch(condition)) lines.push(`  ${stanza} ${enumerated(match)}`);
    } else lines.push(`  ${stanza} ${conditionText(condition)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `Usage: TEXT`; the text is empty when the job has no `usage` stanza. */
export function renderUsage(jobClass: Pick<JobClass, "usage">): string {
  return `Usage: ${jobClass.usage ?? ""}\n`;
}

/** The conditions that a class has, with the words of their stanza. */
export function conditionsOf(
  jobClass: Pick<JobClass, "startOn" | "stopOn">,
): ["start on" | "stop on", Condition][] {
  const conditions: ["start on" | "stop on", Condition][] = [];
  if (jobClass.startOn !== null) conditions.push(["start on", jobClass.startOn]);
  if (jobClass.stopOn !== null) conditions.push(["stop on", jobClass.stopOn]);
  return conditions;
}

/** Fully parenthesised, without quotes: `((a and b) or c X=1)`. The parser bounds the depth. */
export function conditionText(condition: Condition): string {
  if (condition.type === "match") return [condition.event, ...condition.args].join(" ");
  return `(${conditionText(condition.left)} ${condition.type} ${conditionText(condition.right)})`;
}

/** The events of a condition in the order in which they are written. */
export function eachMatch(condition: Condition): MatchCondition[] {
  if (condition.type === "match") return [condition];
  return [...eachMatch(condition.left), ...eachMatch(condition.right)];
}

/**
 * The job that an event of a job's life names: the first argument that begins with `JOB=` or is positional and in
 * front of all others. `rest` is the arguments without it. Other events name no job.
 */
export function jobOfMatch(match: MatchCondition): {
  readonly job: string;
  readonly rest: readonly string[];
} {
  const { args } = match;
  if (!isJobEvent(match.event)) return { job: "", rest: args };
  const index = args.findIndex(
    (argument, at) => argument.startsWith("JOB=") || (at === 0 && !argument.includes("=")),
  );
  const found = args[index];
  if (found === undefined) return { job: "", rest: args };
  return {
    job: found.startsWith("JOB=") ? found.slice(4) : found,
    rest: args.filter((_argument, at) => at !== index),
  };
}

function enumerated(match: MatchCondition): string {
  const { job, rest } = jobOfMatch(match);
  const environment = rest.join(" ");
  return `${match.event} (job:${job === "" ? "" : ` ${job}`}, env:${environment === "" ? "" : ` ${environment}`})`;
}

import type { JobConfiguration } from "../control/answers.ts";
import { type Relation, relationsOf } from "./relations.ts";
import type { Style } from "./style.ts";

interface Line {
  readonly text: string;
  /** What stands below: jobs that an event starts, or events that a job brings about. */
  readonly children: () => Line[];
}

/**
 * Events from outside at the roots, below each the jobs that it starts, below those what they lead to. A job that
 * stands in more than one place is shown in full only the first time.
 */
export function treeLines(
  jobs: readonly JobConfiguration[],
  style: Style,
  safe: (text: string) => string,
): string[] {
  const starts = relationsOf(jobs).filter(({ action }) => action === "start");
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const shown = new Set<string>();

  const jobLine = (name: string): Line => {
    const kind = byName.get(name)?.task === true ? style.faint(" (task)") : "";
    if (shown.has(name))
      return { text: `${style.strong(safe(name))}${kind} ${style.faint("...")}`, children: () => [] };
    shown.add(name);
    const leads = group(starts.filter(({ from }) => from.includes(name)));
    return { text: `${style.strong(safe(name))}${kind}`, children: () => eventLines(leads) };
  };
  const eventLines = (events: ReadonlyMap<string, Relation[]>): Line[] =>
    [...events].map(([event, relations]) => ({
      text: style.notable(safe(event)),
      children: () => [...new Set(relations.map(({ job }) => job))].map(jobLine),
    }));

  const lines: string[] = [];
  print(eventLines(group(starts.filter(({ from }) => from.length === 0))), lines);
  const byHand = jobs.filter(({ name, startOn }) => startOn === null && !shown.has(name));
  if (byHand.length > 0) {
    print(
      [{ text: style.faint("(by hand)"), children: () => byHand.map(({ name }) => jobLine(name)) }],
      lines,
    );
  }
  if (jobs.some(({ name }) => !shown.has(name)))
    lines.push(style.faint("(each started by another of these)"));
  // One after the other: what the first leads to need not be shown again.
  for (const { name } of jobs) if (!shown.has(name)) print([jobLine(name)], lines);
  return lines;
}

/** By event, in order of first appearance. */
function group(relations: readonly Relation[]): Map<string, Relation[]> {
  const events = new Map<string, Relation[]>();
  for (const relation of relations) {
    const same = events.get(relation.event);
    if (same === undefined) events.set(relation.event, [relation]);
    else same.push(relation);
  }
  return events;
}

/** Depth first, without recursion: jobs may lead to each other a thousand deep. */
function print(roots: readonly Line[], lines: string[]): void {
  const todo = roots.toReversed().map((line) => ({ line, branch: "", indent: "" }));
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    lines.push(`${item.branch}${item.line.text}`);
    const { indent } = item;
    const children = item.line.children();
    children.toReversed().forEach((line, index) => {
      const last = index === 0;
      todo.push({
        line,
        branch: `${indent}${last ? "`- " : "|- "}`,
        indent: `${indent}${last ? "   " : "|  "}`,
      });
    });
  }
}

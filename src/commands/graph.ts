import type { JobConfiguration } from "../control/answers.ts";
import { type Relation, relationsOf } from "./relations.ts";

/** Jobs and events as a Graphviz graph: boxes are jobs, ellipses events; dashed arrows stop. */
export function dotGraph(jobs: readonly JobConfiguration[]): string {
  const relations = relationsOf(jobs);
  const lines = ["digraph jobs {", "  rankdir=LR;", "  node [shape=box];"];
  for (const { name, task } of jobs)
    lines.push(`  ${dotText(`job ${name}`)} [label=${dotText(name)}${task ? ", style=rounded" : ""}];`);
  for (const event of eventsOf(relations)) {
    lines.push(`  ${dotText(`event ${event}`)} [label=${dotText(event)}, shape=ellipse];`);
  }
  for (const [from, event] of causesOf(relations))
    lines.push(`  ${dotText(`job ${from}`)} -> ${dotText(`event ${event}`)};`);
  for (const { job, action, event } of relations) {
    const style = action === "stop" ? " [style=dashed, color=red]" : "";
    lines.push(`  ${dotText(`event ${event}`)} -> ${dotText(`job ${job}`)}${style};`);
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

function dotText(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** The same for Mermaid, which draws in Markdown. */
export function mermaidGraph(jobs: readonly JobConfiguration[]): string {
  const relations = relationsOf(jobs);
  const ids = new Map<string, string>();
  const id = (key: string): string => {
    const known = ids.get(key) ?? `n${ids.size}`;
    ids.set(key, known);
    return known;
  };
  const lines = ["flowchart LR"];
  for (const { name } of jobs) lines.push(`  ${id(`job ${name}`)}[${mermaidText(name)}]`);
  for (const event of eventsOf(relations)) lines.push(`  ${id(`event ${event}`)}([${mermaidText(event)}])`);
  for (const [from, event] of causesOf(relations))
    lines.push(`  ${id(`job ${from}`)} --> ${id(`event ${event}`)}`);
  for (const { job, action, event } of relations) {
    lines.push(`  ${id(`event ${event}`)} ${action === "stop" ? "-.->|stop|" : "-->"} ${id(`job ${job}`)}`);
  }
  return `${lines.join("\n")}\n`;
}

function mermaidText(text: string): string {
  return `"${text.replaceAll("#", "#35;").replaceAll('"', "#quot;")}"`;
}

function eventsOf(relations: readonly Relation[]): Set<string> {
  return new Set(relations.map(({ event }) => event));
}

/** Job and event pairs, each once. */
function causesOf(relations: readonly Relation[]): [string, string][] {
  const seen = new Map<string, [string, string]>();
  for (const { from, event } of relations) for (const job of from) seen.set(`${job}\0${event}`, [job, event]);
  return [...seen.values()];
}

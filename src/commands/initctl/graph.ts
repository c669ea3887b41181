import { type SubCommand, UsageError } from "../command.ts";
import { fetchConfiguration } from "../configuration.ts";
import { dotGraph, mermaidGraph } from "../graph.ts";
import { write } from "../output.ts";

export const command: SubCommand = {
  name: "graph",
  group: "Observation",
  summary: "Print jobs and events as a graph to be drawn.",
  arguments: "",
  options: [
    { long: "dot", help: "for Graphviz (default): initctl graph | dot -Tsvg" },
    { long: "mermaid", help: "for Mermaid, as in Markdown" },
  ],
  run(call) {
    const mermaid = call.options.has("mermaid");
    if (mermaid && call.options.has("dot")) throw new UsageError("--dot and --mermaid exclude each other");
    const jobs = fetchConfiguration(call);
    write(1, mermaid ? mermaidGraph(jobs) : dotGraph(jobs));
    return 0;
  },
};

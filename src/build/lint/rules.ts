import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brokenCitations } from "./citations.ts";
import { readLayers, upwardImports } from "./imports.ts";
import { type Finding, readSources } from "./sources.ts";

/** What breaks a rule in the project at `root`. */
export function findings(root: string): Finding[] {
  const sources = readSources(root);
  const layers = readLayers(readFileSync(join(root, "docs/house.md"), "utf8"));
  return [...brokenCitations(root, sources), ...upwardImports(layers, sources)];
}

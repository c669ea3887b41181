/** Rule: a layer imports only from layers below it. */
import { dirname, join, normalize } from "node:path";
import { type Finding, lineOf, type Source } from "./sources.ts";

/** The layers with their levels, as the table of docs/house.md has them; a layer without a level may use all others. */
export function readLayers(page: string): Map<string, number> {
  const layers = new Map<string, number>();
  for (const [, level, layer] of page.matchAll(/^\| (\S+) +\| `([a-z/]+)\/` /gm))
    layers.set(layer as string, level === "–" ? Number.POSITIVE_INFINITY : Number(level));
  return layers;
}

/** The layer of a file: `bin`, or a directory of `src`. */
export function layerOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("src/") ? 2 : 1)
    .join("/");
}

/** Whether a file belongs to the program, which has layers. */
export function isProgram(path: string): boolean {
  return /^(?:bin|src)\/.*(?<!\.d)\.ts$/.test(path);
}

/** Every import that does not lead downward. */
export function upwardImports(layers: ReadonlyMap<string, number>, sources: readonly Source[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, text } of sources) {
    if (!isProgram(path)) continue;
    const from = layerOf(path);
    if (!layers.has(from)) findings.push({ path, line: 1, message: `${from} is in no layer` });
    for (const { index, 1: name } of text.matchAll(/(?:\bfrom |\bimport\()"(\.[^"]*)"/g)) {
      const target = normalize(join(dirname(path), name as string));
      const to = layerOf(target);
      if (from !== to && !((layers.get(to) ?? 0) < (layers.get(from) ?? 0)))
        findings.push({
          path,
          line: lineOf(text, index),
          message: `imports ${target}, which is not below it`,
        });
    }
  }
  return findings;
}

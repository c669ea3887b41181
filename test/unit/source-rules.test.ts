import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, brokenCitations } from "../../src/build/lint/citations.ts";
import { isProgram, layerOf, readLayers, upwardImports } from "../../src/build/lint/imports.ts";
import { readSources } from "../../src/build/lint/sources.ts";

const project = join(import.meta.dirname, "../..");
const sources = readSources(project);
const layers = readLayers(readFileSync(join(project, "docs/house.md"), "utf8"));

describe("the layers", () => {
  it("include every directory of the program", () => {
    const used = new Set(
      sources
        .map(({ path }) => path)
        .filter(isProgram)
        .map(layerOf),
    );
    expect([...used].sort()).toEqual([...layers.keys()].sort());
  });

  it("import only downward", () => {
    expect(upwardImports(layers, sources)).toEqual([]);
  });

  it("are told apart: an import that goes up is found", () => {
    const source = { path: "src/events/queue.ts", text: 'import { World } from "../jobs/world.ts";\n' };
    expect(upwardImports(layers, [source])).toEqual([
      { path: "src/events/queue.ts", line: 1, message: "imports src/jobs/world.ts, which is not below it" },
    ]);
  });
});

describe("citations", () => {
  it("resolve, down to the section", () => {
    expect(brokenCitations(project, sources)).toEqual([]);
  });

  it("that lead nowhere are found", () => {
    const page = { path: "docs/upstart.md", text: "# A\n\n## 2.1 Tokens\n" };
    // Not written as comments, which the rule would find here too.
    const text = [
      "@ One (docs/upstart.md#21-tokens).",
      "@ Two (docs/upstart.md#22-none).",
      "@ Three: docs/none.md,",
      "@ src/none.ts and `none.ts`.",
      "@ Four (reference\u00202.3).",
      'const five = "docs/none.md";',
    ]
      .join("\n")
      .replaceAll("@", "//");
    const found = brokenCitations(project, [page, { path: "src/a.ts", text }]);
    expect(found.map(({ line, message }) => `${line}: ${message}`).sort()).toEqual([
      "2: cites docs/upstart.md#22-none, which has no such section",
      "3: cites docs/none.md, which does not exist",
      "4: cites src/none.ts, which does not exist",
      "4: names none.ts, which does not exist",
      "5: cites nothing: reference\u00202.3",
    ]);
  });

  it("use the anchors that GitHub makes of headings", () => {
    expect([...anchorsOf("# A `b` and [c](d)!\n## 4.10 No main process\n## 4.10 No main process\n")]).toEqual(
      ["a-b-and-c", "410-no-main-process", "410-no-main-process-1"],
    );
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ErrorName, errorCodes } from "../../../src/control/errors.ts";
import { methodNames } from "../../../src/control/protocol.ts";
import { turn, VirtualControl } from "../../support/virtual-control.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/protocol.md"), "utf8");

/** What is said on both sides, over all examples of the page. */
const lines = text.split("\n").filter((line) => line.startsWith("> ") || line.startsWith("< "));

describe("docs/protocol.md", () => {
  it("has examples that are true", async () => {
    const control = new VirtualControl({
      web: "exec sleep",
      worker: 'usage "N=number"\ninstance $N\nexec sleep',
      migrate: "start on deploy\ntask\nexec true",
    });
    const client = control.connect();
    const said: string[] = [];
    for (const line of lines.filter((line) => line.startsWith("> "))) {
      client.session.receive(line.slice(2));
      await turn();
      said.push(line, ...client.lines.splice(0).map((answer) => `< ${answer}`));
    }
    // In this order, with further notices between them.
    let shown = 0;
    for (const line of said) if (line === lines[shown]) shown++;
    expect(lines[shown]).toBeUndefined();
    expect(
      said.filter((line) => line.startsWith('< {"jsonrpc":"2.0","id"') && !lines.includes(line)),
    ).toHaveLength(1);
  });

  it("names every method and every error", () => {
    expect(methodNames.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
    for (const [name, code] of Object.entries(errorCodes) as [ErrorName, number][]) {
      expect(text).toMatch(new RegExp(`^\\| ${code} +\\| \`${name}\` `, "m"));
    }
  });
});

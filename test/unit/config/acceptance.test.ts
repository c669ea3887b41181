import { describe, expect, test } from "vitest";
import { parseJob } from "../../../src/config/parser.ts";
import { renderShowConfig } from "../../../src/config/show.ts";
import rows from "./data/acceptance.json" with { type: "json" };

/**
 * What Upstart 1.13.2 said of each of these files. A row without a line is a bad signal name: Upstart reports it
 * without one, upinit gives it like every other error (docs/differences.md).
 */
interface Row {
  readonly id: string;
  readonly text: string;
  readonly accepted: boolean;
  readonly message?: string;
  readonly line?: number;
  readonly shown?: readonly string[];
}

describe("the acceptance table of Upstart", () => {
  test("has all of its rows", () => {
    expect(rows).toHaveLength(205);
  });

  test.each(rows as Row[])("$id $text", ({ text, accepted, message, line, shown }) => {
    const result = parseJob(text, { name: "t", path: "/etc/init/t.conf" });
    if (result.ok) {
      expect(accepted).toBe(true);
      const lines = renderShowConfig(result.jobClass).split("\n").slice(1, -1);
      expect(lines).toEqual((shown ?? []).map((one) => `  ${one}`));
    } else {
      const { diagnostic } = result;
      expect([diagnostic.line, diagnostic.message]).toEqual([line ?? 1, message]);
      expect(accepted).toBe(false);
    }
  });
});

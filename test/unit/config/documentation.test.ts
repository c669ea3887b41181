import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grammar } from "../../../src/config/explain.ts";
import { lintJob, type SeenStanza } from "../../../src/config/lint.ts";
import { parseJob } from "../../../src/config/parser.ts";

const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

describe("docs/configuration.md", () => {
  test("lists each stanza as the checker's messages write it", () => {
    const plain = page.replaceAll("\\|", "|");
    const missing = [...grammar.values()].filter((line) => !plain.includes(`\`${line}\``));
    expect(missing).toEqual([]);
  });

  test("shows job files that are right", () => {
    const examples = [...page.matchAll(/^```\n([^`]+)^```$/gm)].map((match) => match[1] ?? "");
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) {
      const seen: SeenStanza[] = [];
      const observe = (name: string, offset: number, line: number): void => {
        seen.push({ name, offset, line });
      };
      const result = parseJob(text, { name: "example", path: "example.conf", observe });
      expect(result).toMatchObject({ ok: true });
      if (result.ok) expect(lintJob(text, result.jobClass, seen, "example.conf")).toEqual([]);
    }
  });
});

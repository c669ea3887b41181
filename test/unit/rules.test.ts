import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const project = join(import.meta.dirname, "../..");
const rules = readFileSync(join(project, "docs/rules.md"), "utf8");
const numbers = [...rules.matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(([, number]) => number as string);

/** What tests and their groups are called. */
const titles = readdirSync(join(project, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => readFileSync(join(project, "test", path), "utf8"))
  .flatMap((text) => [...text.matchAll(/\b(?:it|test|describe)(?:\.\w+)*\(\s*(["`])(.*?)\1,/g)])
  .map(([, , title]) => title as string);

it("each rule of docs/rules.md is the name of a test", () => {
  expect(numbers.length).toBeGreaterThan(40);
  const named = new Set(titles.flatMap((title) => title.match(/\b[A-Z]\d+\b/g) ?? []));
  expect(numbers.filter((number) => !named.has(number))).toEqual([]);
});

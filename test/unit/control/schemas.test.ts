import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { schemaFiles } from "../../../src/build/schemas.ts";

const directory = join(import.meta.dirname, "../../../schema");

it("has in schema/ what the code says (else: npx tsx src/build/schemas.ts)", () => {
  const written = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]);
  expect(new Map(written as [string, string][])).toEqual(schemaFiles());
});

it("names every member of an answer as something that is there, or may be", () => {
  const status = JSON.parse(schemaFiles().get("status.json") ?? "");
  expect(status.required).toEqual(["name", "instance", "goal", "state", "processes"]);
});

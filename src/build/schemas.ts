/** `tsx src/build/schemas.ts`: writes schema/, the JSON Schemas of requests and of what --json prints. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod/mini";
import { outputs } from "../commands/outputs.ts";
import { methodNames, parametersOf } from "../control/protocol.ts";

const directory = resolve(dirname(fileURLToPath(import.meta.url)), "../../schema");

function schemaText(title: string, schema: z.ZodMiniType, io: "input" | "output"): string {
  const json = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: (node) => relax(node.jsonSchema, io),
  });
  return `${JSON.stringify({ title, ...json }, null, 2)}\n`;
}

/** Answers may get further members in later versions; and that a number is a safe integer goes without saying. */
function relax(schema: z.core.JSONSchema.BaseSchema, io: "input" | "output"): void {
  if (io === "output") delete schema.additionalProperties;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** Every file of schema/ by its name. */
export function schemaFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(outputs)) {
    files.set(`${name}.json`, schemaText(`initctl ${name} --json`, schema, "output"));
  }
  for (const name of methodNames) {
    files.set(`request.${name}.json`, schemaText(`Parameters of ${name}`, parametersOf(name), "input"));
  }
  return files;
}

function main(): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  for (const [name, text] of schemaFiles()) writeFileSync(join(directory, name), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

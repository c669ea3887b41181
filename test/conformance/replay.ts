/**
 * Replays recorded scenarios against the built executable, for people at work:
 *
 *   tsx test/conformance/replay.ts                  all of them
 *   tsx test/conformance/replay.ts events/and-* env   those that match a pattern, and a whole area
 *   tsx test/conformance/replay.ts --docker …       in Docker containers
 *   tsx test/conformance/replay.ts --show …         prints what upinit did instead of the difference
 *
 * Prints a difference for each that fails; exit status 1 if any does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { expected } from "./exceptions.ts";
import { play } from "./player.ts";
import { readScenario, scenarioNames } from "./scenario.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    docker: { type: "boolean", default: false },
    show: { type: "boolean", default: false },
    jobs: { type: "string", default: `${availableParallelism() * 2}` },
  },
});

const selected = scenarioNames().filter(
  (name) => positionals.length === 0 || positionals.some((one) => matches(name, one)),
);
const waiting = selected.values();
let passed = 0;
const failed: string[] = [];

await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
console.log(`${passed} passed, ${failed.length} failed${failed.map((name) => `\n  ${name}`).join("")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function worker(): Promise<void> {
  for (const name of waiting) {
    const scenario = readScenario(name);
    const actual = await play(scenario, values.docker ? "docker" : "sandbox").catch(
      (error: Error) => `${error.message}\n`,
    );
    if (values.show) console.log(`${name}: ${scenario.about}\n${actual}`);
    if (actual === expected(scenario)) passed += 1;
    else {
      failed.push(name);
      if (!values.show) console.log(`${name}: ${scenario.about}\n${difference(expected(scenario), actual)}`);
    }
  }
}

/** A pattern is an area, or a name in which `*` stands for anything. */
function matches(name: string, pattern: string): boolean {
  if (name.startsWith(`${pattern.replace(/\/$/, "")}/`)) return true;
  const parts = pattern.split("*").map((part) => part.replace(/[^\w/-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

function difference(recorded: string, actual: string): string {
  const directory = mkdtempSync(join(tmpdir(), "upinit-replay-"));
  try {
    writeFileSync(join(directory, "recorded"), recorded);
    writeFileSync(join(directory, "upinit"), actual);
    const words = ["-U", "20", "--label", "recorded", "--label", "upinit", "recorded", "upinit"];
    return spawnSync("diff", words, { cwd: directory, encoding: "utf8" }).stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

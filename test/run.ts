/**
 * `npm test`: builds, checks, and runs every level of tests that this machine can run; says what it left out and
 * why. The last lines tell of every test that failed and then say `N passed, N failed`, with `, N skipped` where there
 * were any; exit status 1 on a failure.
 *
 *   npm test                       everything
 *   npm test -- unit container     some levels
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { inDocker, type Level, levels } from "./levels.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const notes: string[] = [];
const chosen = process.argv.slice(2);
/** No level is begun after this time, where there is a limit. */
const minutes = Number(process.env["UPINIT_TEST_MINUTES"] ?? Number.POSITIVE_INFINITY);
const minutesSpent = () => process.uptime() / 60;

step("build", ["npm", "run", "--silent", "build"]);
if (counts.failed === 0) {
  if (chosen.length === 0) {
    step("types", ["tsc", "--noEmit"]);
    step("style", ["biome", "check", "."]);
  }
  for (const level of [...levels, ...inDocker].filter(isChosen)) await run(level);
}
report();

function isChosen({ name, env }: Level): boolean {
  return chosen.length === 0 || chosen.includes(env ? `${name}-docker` : name);
}

/** A check that passes or fails as a whole. */
function step(title: string, [program = "", ...args]: readonly string[]): void {
  heading(title);
  const { status } = spawnSync(program, args, { stdio: "inherit", env: withTools() });
  if (status === 0) counts.passed += 1;
  else fail(`${title}: ${program} ${args.join(" ")}`);
}

async function run(level: Level): Promise<void> {
  const title = level.env ? `${level.name}, in Docker` : level.name;
  heading(title);
  const problem =
    minutesSpent() > minutes ? `more than ${minutes} minutes are over` : await level.problem?.();
  if (problem) {
    notes.push(`not run: ${title}: ${problem}`);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "upinit-test-"));
  const file = join(directory, "results.json");
  const words = [
    "run",
    "--project",
    level.name,
    "--reporter",
    "default",
    "--reporter",
    "json",
    "--outputFile.json",
    file,
  ];
  const { status } = spawnSync("vitest", [...words, "--passWithNoTests"], {
    stdio: "inherit",
    env: { ...withTools(), ...level.env },
  });
  const failedBefore = counts.failed;
  addResults(title, file);
  rmSync(directory, { recursive: true });
  if (status !== 0 && counts.failed === failedBefore) fail(`${title}: vitest ended with status ${status}`);
}

/** The part of vitest's JSON report that is read. */
interface Results {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

function addResults(title: string, file: string): void {
  let results: Results;
  try {
    results = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return;
  }
  counts.passed += results.numPassedTests;
  counts.failed += results.numFailedTests;
  counts.skipped += results.numPendingTests + results.numTodoTests;
  for (const { name, assertionResults } of results.testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== "failed") continue;
      notes.push(
        `failed: ${title}: ${relative(process.cwd(), name)}: ${fullName}`,
        ...failureMessages.flatMap(beginning),
      );
    }
  }
}

/** As much of a message as tells what was wrong, where only the end of a run is kept. */
function beginning(message: string): string[] {
  return stripVTControlCharacters(message)
    .split("\n")
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 300)}`);
}

function fail(what: string): void {
  counts.failed += 1;
  notes.push(`failed: ${what}`);
}

function heading(title: string): void {
  console.log(`\n== ${title}, after ${Math.round(minutesSpent())} min`);
}

/** The programs of the packages, as npm gives them to its scripts. */
function withTools(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(import.meta.dirname, "../node_modules/.bin")}:${process.env["PATH"]}`,
  };
}

function report(): void {
  console.log(`\n${notes.map((note) => `${note}\n`).join("")}`);
  const { passed, failed, skipped } = counts;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

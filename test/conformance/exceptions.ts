import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { normalise } from "./normalise.ts";
import type { Scenario } from "./scenario.ts";

const home = join(dirname(fileURLToPath(import.meta.url)), "exceptions");

/** A scenario in which upinit differs from Upstart on purpose. */
export interface Exception {
  /** The topic of the row of docs/differences.md that it follows. */
  readonly row: string;
  /** What upinit gives instead. */
  readonly transcript: string;
}

/** `exceptions/AREA/NAME/` holds `row` and `transcript`; nothing else may differ from the recording. */
export function exceptionOf(scenario: Scenario): Exception | undefined {
  const directory = join(home, scenario.name);
  if (!existsSync(directory)) return undefined;
  return {
    row: readFileSync(join(directory, "row"), "utf8").trim(),
    transcript: readFileSync(join(directory, "transcript"), "utf8"),
  };
}

/** The transcript that upinit must give. */
export function expected(scenario: Scenario): string {
  return normalise(exceptionOf(scenario)?.transcript ?? scenario.transcript);
}

/** The names of all exceptions. */
export function exceptionNames(): readonly string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home).flatMap((area) => readdirSync(join(home, area)).map((name) => `${area}/${name}`));
}

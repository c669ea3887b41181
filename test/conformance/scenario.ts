import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const home = join(dirname(fileURLToPath(import.meta.url)), "scenarios");

/** One recorded session with Upstart. */
export interface Scenario {
  /** `AREA/NAME` */
  readonly name: string;
  readonly about: string;
  /** Path below `/etc/init` → content. */
  readonly jobs: Readonly<Record<string, Uint8Array>>;
  readonly initArgs: readonly string[];
  readonly initEnv: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  readonly transcript: string;
}

/** The names of all scenarios, sorted. */
export function scenarioNames(): readonly string[] {
  return readdirSync(home)
    .flatMap((area) => readdirSync(join(home, area)).map((name) => `${area}/${name}`))
    .sort();
}

export function readScenario(name: string): Scenario {
  const directory = join(home, name);
  const transcript = readFileSync(join(directory, "transcript"), "utf8");
  const options = readOptions(join(directory, "options"));
  return {
    name,
    about: readFileSync(join(directory, "about"), "utf8").trim(),
    jobs: readTree(join(directory, "jobs")),
    initArgs: (options.get("init-args")?.at(-1) ?? "--no-startup-event")
      .split(" ")
      .filter((word) => word !== ""),
    initEnv: Object.fromEntries((options.get("init-env") ?? []).map((entry) => splitAt(entry, "="))),
    commands: commandsOf(transcript),
    transcript,
  };
}

/** A command's line comes first, or after the exit status of the one before; other lines with a `$` are output. */
function commandsOf(transcript: string): readonly string[] {
  const lines = transcript.split("\n");
  return lines
    .filter(
      (line, index) => line.startsWith("$ ") && (index === 0 || /^\[\d+\]$/.test(lines[index - 1] as string)),
    )
    .map((line) => line.slice(2));
}

function readOptions(path: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, string[]>();
  if (!existsSync(path)) return options;
  for (const line of readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text !== "")) {
    const [key, value] = splitAt(line, ":");
    options.set(key, [...(options.get(key) ?? []), value.trim()]);
  }
  return options;
}

function readTree(directory: string): Readonly<Record<string, Uint8Array>> {
  if (!existsSync(directory)) return {};
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((path) =>
    join(directory, path),
  );
  const files = paths.filter((path) => statSync(path).isFile());
  return Object.fromEntries(files.map((path) => [relative(directory, path), readFileSync(path)]));
}

function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + 1)];
}

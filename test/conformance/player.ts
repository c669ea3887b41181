import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Container, container, type DriverName } from "../container/fixture/index.ts";
import { project } from "../container/fixture/program.ts";
import { normalise } from "./normalise.ts";
import type { Scenario } from "./scenario.ts";

/** Where PID 1's own log goes, and where the helper `messages` of the prelude reads it. */
const log = "/dev/shm/.messages";

/** Environment of the recorded init. */
const recordedEnvironment = { HOME: "/", TERM: "linux", PATH: "/sbin:/usr/sbin:/bin:/usr/bin" };

/** Plays a scenario in a fresh container; gives the transcript of what upinit did, normalised. */
export async function play(scenario: Scenario, driver?: DriverName): Promise<string> {
  await using box = await container({
    ...(driver ? { driver } : {}),
    jobs: scenario.jobs,
    files: { "/var/log/upstart": { directory: true } },
    args: [...scenario.initArgs, "--no-inherit-env", "--pty"],
    env: { ...recordedEnvironment, ...scenario.initEnv },
    terminal: true,
    capabilities: "all",
    errors: log,
  });
  await box.ready();
  return normalise(await record(box, scenario.commands));
}

/**
 * Runs the commands one after the other in one shell (which reads them, as it does a person's), each with its own
 * standard output and error, and writes down what they said. A command that hangs is reported by where the transcript
 * ends.
 */
async function record(box: Container, commands: readonly string[]): Promise<string> {
  const prelude = readFileSync(join(project, "test/conformance/prelude.sh"), "utf8");
  const steps = commands.map((command, index) => ({ command, file: `/dev/shm/.steps/${index}` }));
  const script = [
    prelude,
    "mkdir /dev/shm/.steps",
    ...steps.map(
      ({ command, file }) =>
        `{ eval ${quote(command)}; } </dev/null >${file}.out 2>${file}.err; echo $? >${file}.status`,
    ),
  ].join("\n");
  const shell = await box.exec(["timeout", "--signal", "KILL", "60", "bash"], { input: script });
  const collect =
    "for n in $(seq 0 $1); do for part in out err status; do wc -c 2>/dev/null <$n.$part || echo -1; cat $n.$part 2>/dev/null; done; done";
  const { stdout } = await box.exec([
    "sh",
    "-c",
    `cd /dev/shm/.steps; ${collect}`,
    "collect",
    `${steps.length - 1}`,
  ]);
  const parts = chunks(stdout);
  const told = steps.map(({ command }, index) => {
    const [out = "", err = "", status = "does not end\n"] = parts.slice(index * 3, index * 3 + 3);
    return `$ ${command}\n${lines(out, "")}${lines(withoutAdditions(err), "2> ")}[${status?.trim()}]\n`;
  });
  return told.join("") + (shell.stderr ? `the shell: ${shell.stderr}` : "");
}

/** Splits the collected text: each part has its length in bytes before it, -1 for one that isn't there. */
function chunks(text: string): readonly (string | undefined)[] {
  let rest = Buffer.from(text);
  const parts: (string | undefined)[] = [];
  while (rest.length > 0) {
    const end = rest.indexOf("\n");
    const length = Number(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
    parts.push(length < 0 ? undefined : rest.subarray(0, length).toString());
    rest = rest.subarray(Math.max(length, 0));
  }
  return parts;
}

/**
 * upinit may say more than Upstart did: on standard error, below Upstart's own line, on lines that begin with two
 * blanks. The helper `messages` drops them from init's log in the same way.
 */
function withoutAdditions(text: string): string {
  return text.replace(/^ {2}.*\n?/gm, "");
}

function lines(text: string, prefix: string): string {
  return text === "" ? "" : `${prefix}${text.replace(/\n$/, "").replaceAll("\n", `\n${prefix}`)}\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

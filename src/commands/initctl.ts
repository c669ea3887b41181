import * as native from "upinit:native";
import {
  globalOptions,
  type Invocation,
  type OptionSpec,
  refuseSurplus,
  type SubCommand,
} from "./command.ts";
import { programName, runGuarded } from "./run.ts";
import { scan } from "./scan.ts";

type Load = () => Promise<{ readonly command: SubCommand }>;

/** Every sub-command; a file each, loaded when it is typed. The order is that of the help. */
const subCommands: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["start", () => import("./initctl/start.ts")],
  ["stop", () => import("./initctl/stop.ts")],
  ["restart", () => import("./initctl/restart.ts")],
  ["probe", () => import("./initctl/probe.ts")],
  ["scale", () => import("./initctl/scale.ts")],
  ["update", () => import("./initctl/update.ts")],
  ["exec", () => import("./initctl/exec.ts")],
  ["reload", () => import("./initctl/reload.ts")],
  ["signal", () => import("./initctl/signal.ts")],
  ["status", () => import("./initctl/status.ts")],
  ["list", () => import("./initctl/list.ts")],
  ["usage", () => import("./initctl/usage.ts")],
  ["reset-failed", () => import("./initctl/reset-failed.ts")],
  ["wait", () => import("./initctl/wait.ts")],
  ["emit", () => import("./initctl/emit.ts")],
  ["get-env", () => import("./initctl/get-env.ts")],
  ["set-env", () => import("./initctl/set-env.ts")],
  ["unset-env", () => import("./initctl/unset-env.ts")],
  ["list-env", () => import("./initctl/list-env.ts")],
  ["reset-env", () => import("./initctl/reset-env.ts")],
  ["explain", () => import("./initctl/explain.ts")],
  ["log", () => import("./initctl/log.ts")],
  ["watch", () => import("./initctl/watch.ts")],
  ["failed", () => import("./initctl/failed.ts")],
  ["health", () => import("./initctl/health.ts")],
  ["top", () => import("./initctl/top.ts")],
  ["boot", () => import("./initctl/boot.ts")],
  ["tree", () => import("./initctl/tree.ts")],
  ["graph", () => import("./initctl/graph.ts")],
  ["show-config", () => import("./initctl/show-config.ts")],
  ["check-config", () => import("./initctl/check-config.ts")],
  ["reload-configuration", () => import("./initctl/reload-configuration.ts")],
  ["log-priority", () => import("./initctl/log-priority.ts")],
  ["version", () => import("./initctl/version.ts")],
  ["list-sessions", () => import("./initctl/list-sessions.ts")],
  ["notify-disk-writeable", () => import("./initctl/notify-disk-writeable.ts")],
  ["notify-dbus-address", () => import("./initctl/notify-dbus-address.ts")],
  ["notify-cgroup-manager-address", () => import("./initctl/notify-cgroup-manager-address.ts")],
  ["completion", () => import("./initctl/completion.ts")],
]);

/**
 * What is typed by the thousand, by scripts and probes: a plain command line of these doesn't wait for commander
 * (see face.ts).
 */
const quick: ReadonlySet<string> = new Set([
  "start",
  "stop",
  "restart",
  "reload",
  "status",
  "list",
  "emit",
  "version",
  "wait",
  "health",
  "probe",
]);

const description = "Communicates with the init of this container (or, with --user, of this session).";

/** `initctl`, and every sub-command called by its own name (`start`, `stop`, ...). */
export function main(argv: readonly string[]): Promise<number> {
  const program = programName(argv, "initctl");
  const words = argv.slice(1);
  return runGuarded(program, () =>
    program === "initctl2dot"
      ? runNamed(program, "graph", words)
      : subCommands.has(program)
        ? runNamed(program, program, words)
        : runInitctl(program, words),
  );
}

/** Whether this word is a global option whose value is the next word. */
function takesNext(word: string | undefined): boolean {
  return globalOptions.some((option) => option.value !== undefined && word === `--${option.long}`);
}

async function runInitctl(program: string, words: readonly string[]): Promise<number> {
  const first = words.findIndex((word, at) => !word.startsWith("-") && !takesNext(words[at - 1]));
  const name = words[first];
  if (name !== undefined && quick.has(name)) {
    return runNamed(program, name, [...words.slice(0, first), ...words.slice(first + 1)], words);
  }
  if (name === "help") return showHelp(program, words[first + 1]);
  const command = name === undefined ? undefined : await load(name);
  const known = command === undefined ? await allSubCommands() : [command];
  return faceOf(program, known, words);
}

/** A sub-command whose name is known: a plain line is run at once, any other is for commander. */
async function runNamed(
  program: string,
  name: string,
  words: readonly string[],
  typed?: readonly string[],
): Promise<number> {
  const command = (await load(name)) as SubCommand;
  const scanned = scan(words, [...globalOptions, ...command.options]);
  if (scanned === null || scanned.options.has("help") || scanned.options.has("version")) {
    return typed === undefined ? faceOfOne(program, command, words) : faceOf(program, [command], typed);
  }
  return runChecked(command, { program, ...scanned, environment: native.environment() });
}

async function load(name: string): Promise<SubCommand | undefined> {
  return (await subCommands.get(name)?.())?.command;
}

/** All sub-commands, in the order of the help. */
export function allSubCommands(): Promise<SubCommand[]> {
  return Promise.all([...subCommands.values()].map(async (one) => (await one()).command));
}

async function showHelp(program: string, about: string | undefined): Promise<number> {
  const all = await allSubCommands();
  return faceOf(program, all, about === undefined ? ["--help"] : [about, "--help"]);
}

function versionText(program: string): string {
  return `${program} (upstart 1.13.2)\nupinit ${UPINIT_VERSION}, an init for containers`;
}

/** `initctl …` by commander, which knows these sub-commands. */
async function faceOf(
  program: string,
  commands: readonly SubCommand[],
  words: readonly string[],
): Promise<number> {
  const { parse } = await import("./face.ts");
  const options: readonly OptionSpec[] = globalOptions;
  const epilogue = `\`${program} COMMAND --help' tells more about a command.`;
  const texts = { program, description, versionText: versionText(program), epilogue };
  const parsed = parse({ ...texts, options, commands }, words);
  if (parsed.type === "done") return parsed.status;
  const command = commands.find((candidate) => candidate.name === parsed.command) as SubCommand;
  return runChecked(command, invocation(program, parsed));
}

/** `start …` and the like by commander. */
async function faceOfOne(program: string, command: SubCommand, words: readonly string[]): Promise<number> {
  const { parse } = await import("./face.ts");
  const options = [...globalOptions, ...command.options];
  const spec = { program, description: command.summary, options, versionText: versionText(program) };
  const parsed = parse({ ...spec, commands: null, arguments: command.arguments }, words);
  if (parsed.type === "done") return parsed.status;
  return runChecked(command, invocation(program, parsed));
}

function runChecked(command: SubCommand, call: Invocation): number | Promise<number> {
  refuseSurplus(command, call.args);
  return command.run(call);
}

function invocation(
  program: string,
  parsed: { readonly options: Map<string, string>; readonly args: string[] },
): Invocation {
  return { program, options: parsed.options, args: parsed.args, environment: native.environment() };
}

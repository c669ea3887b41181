import * as native from "upinit:native";
import type { Invocation, OptionSpec } from "./command.ts";
import { programName, runGuarded } from "./run.ts";
import { scan } from "./scan.ts";

/** A command without sub-commands: `telinit`, `shutdown`, … */
export interface Program {
  readonly name: string;
  readonly description: string;
  /** As in the usage line. */
  readonly arguments: string;
  readonly options: readonly OptionSpec[];
  run(call: Invocation): number | Promise<number>;
}

const commonOptions: readonly OptionSpec[] = [
  { long: "socket", value: "PATH", help: "control socket of the init to talk to (@NAME: abstract)" },
  { long: "quiet", short: "q", help: "no output but errors" },
  { long: "verbose", short: "v", help: "more output" },
  { long: "debug", help: "no effect", hidden: true },
  { long: "help", help: "show this help" },
  { long: "version", help: "show the version" },
];

/** Takes the command line apart (by commander as soon as it isn't plain) and runs the program. */
export function runProgram(definition: Program, argv: readonly string[]): Promise<number> {
  const program = programName(argv, definition.name);
  const taken = new Set(definition.options.flatMap(({ short, long }) => [short, long]));
  const common = commonOptions
    .filter(({ long }) => !taken.has(long))
    .map((option) => withoutTaken(option, taken));
  const options = [...definition.options, ...common];
  const words = argv.slice(1);
  return runGuarded(program, async () => {
    const scanned = scan(words, options);
    const plain = scanned !== null && !scanned.options.has("help") && !scanned.options.has("version");
    const line = plain ? scanned : await byCommander(definition, program, options, words);
    if (typeof line === "number") return line;
    return definition.run({ program, ...line, environment: native.environment() });
  });
}

/** A program's own letter wins. */
function withoutTaken(option: OptionSpec, taken: ReadonlySet<string | undefined>): OptionSpec {
  if (option.short === undefined || !taken.has(option.short)) return option;
  const { short: _, ...rest } = option;
  return rest;
}

async function byCommander(
  definition: Program,
  program: string,
  options: readonly OptionSpec[],
  words: readonly string[],
): Promise<{ options: Map<string, string>; args: string[] } | number> {
  const { parse } = await import("./face.ts");
  const parsed = parse(
    {
      program,
      description: definition.description,
      options,
      versionText: `${program} (upstart 1.13.2)\nupinit ${UPINIT_VERSION}, an init for containers`,
      commands: null,
      arguments: definition.arguments,
    },
    words,
  );
  return parsed.type === "done" ? parsed.status : { options: parsed.options, args: parsed.args };
}

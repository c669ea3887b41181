/**
 * The face of the commands: help, usage and everything about a command line that is not plain, by commander. Loaded
 * only for that: it takes about as long as all the rest. Medians of whole processes beside /bin/true: `initctl
 * status` by scan.ts 2.1 times, `initctl log-priority` by commander 3.9 times. So what is typed by the thousand goes
 * by scan.ts, and comes here as soon as it isn't well-formed.
 */
import { Command, CommanderError, type ErrorOptions, Option } from "commander";
import type { OptionSpec, SubCommand } from "./command.ts";
import { printError, write } from "./output.ts";

/** How a command line turned out: what to run, or that everything is said already. */
export type Parsed =
  | {
      readonly type: "run";
      readonly command: string;
      readonly options: Map<string, string>;
      readonly args: string[];
    }
  | { readonly type: "done"; readonly status: number };

/** Tells a mistake in Upstart's words, with the hint that follows each of them (docs/upstart.md#91-initctl). */
export function printUsageError(program: string, text: string): void {
  printError(program, text);
  write(2, `Try \`${program} --help' for more information.\n`);
}

/** A commander command that complains as Upstart does. */
class UpstartCommand extends Command {
  readonly program: string;

  constructor(name: string, program: string) {
    super(name);
    this.program = program;
    this.helpOption("--help", "show this help");
    this.helpCommand(false);
    this.showSuggestionAfterError(true);
    this.exitOverride();
    this.configureHelp({ subcommandTerm: (command) => command.name() });
    this.configureOutput({
      writeOut: (text) => write(1, text),
      writeErr: (text) => write(2, text),
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }

  override createCommand(name: string): UpstartCommand {
    return new UpstartCommand(name, this.program);
  }

  unknownOption(flag: string): void {
    const name = flag.split("=")[0];
    const known = [...this.options, ...(this.parent?.options ?? [])].some((option) => option.long === name);
    this.refuse(known ? `unexpected argument: ${flag}` : `invalid option: ${flag}`);
  }

  optionMissingArgument(option: Option): void {
    this.refuse(`missing argument: ${option.long ?? option.flags}`);
  }

  missingArgument(name: string): void {
    this.refuse(`missing ${name}`);
  }

  /** commander finds the nearest name; the line that it is told in comes after Upstart's own. */
  override error(message: string, options?: ErrorOptions): never {
    if (options?.code !== "commander.unknownCommand") this.refuse(message.replace("error: ", ""));
    this.refuse(`invalid command: ${this.args[0]}`, message.split("\n")[1]);
  }

  /** commander's own, which it keeps to itself. */
  declare unknownCommand: () => never;

  private refuse(text: string, hint?: string): never {
    printUsageError(this.program, text);
    if (hint !== undefined) write(2, `${hint}\n`);
    throw new CommanderError(1, "upinit.usage", text);
  }
}

function addOption(command: Command, spec: OptionSpec): void {
  const short = spec.short === undefined ? "" : `-${spec.short}, `;
  const value = spec.value === undefined ? "" : ` <${spec.value}>`;
  const option = new Option(`${short}--${spec.long}${value}`, spec.help);
  if (spec.hidden === true) option.hideHelp();
  if (spec.many === true) {
    option.argParser((value: string, before: string | undefined) =>
      before === undefined ? value : `${before}\0${value}`,
    );
  }
  command.addOption(option);
}

function addArguments(command: Command, words: string): void {
  command.usage(words === "" ? "[OPTION]..." : `[OPTION]... ${words}`);
  // What is missing or too much is the command's own to say: the words differ from command to command.
  command.argument("[arguments...]");
}

/** A description of a program for commander. */
export interface ProgramSpec {
  readonly program: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly versionText: string;
  /** Sub-commands, or for a program without any its own arguments. */
  readonly commands: readonly SubCommand[] | null;
  readonly arguments?: string;
  readonly epilogue?: string;
}

/**
 * Lets commander take `words` apart. Help, version and mistakes are written here; otherwise tells which
 * sub-command (or, without any, the program itself: "") is to run with what.
 */
export function parse(spec: ProgramSpec, words: readonly string[]): Parsed {
  let chosen: Parsed | null = null;
  const program = new UpstartCommand(spec.program, spec.program);
  program.description(spec.description);
  program.version(spec.versionText, "--version", "show the version");
  for (const option of spec.options) if (!builtIn(option)) addOption(program, option);
  const select = (command: string, own: Command): void => {
    chosen = { type: "run", command, options: optionsOf(own, program), args: own.args };
  };
  if (spec.commands === null) {
    addArguments(program, spec.arguments ?? "");
    program.action(() => select("", program));
  } else {
    program.usage("[OPTION]... COMMAND [OPTION]... [ARGUMENT]...");
    for (const sub of spec.commands) addSubCommand(program, sub, select);
    program.action(() => {
      if (program.args.length > 0) program.unknownCommand();
      printUsageError(spec.program, "missing command");
      throw new CommanderError(1, "upinit.usage", "missing command");
    });
    program.argument("[command...]");
  }
  if (spec.epilogue !== undefined) program.addHelpText("after", `\n${spec.epilogue}`);
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { type: "done", status: error.exitCode === 0 ? 0 : 1 };
    throw error;
  }
  return chosen ?? { type: "done", status: 0 };
}

/** commander has its own --help and --version. */
function builtIn(option: OptionSpec): boolean {
  return option.long === "help" || option.long === "version";
}

function addSubCommand(
  program: UpstartCommand,
  sub: SubCommand,
  select: (command: string, own: Command) => void,
): void {
  const command = program.command(sub.name);
  command.summary(sub.summary);
  command.description(sub.description === undefined ? sub.summary : `${sub.summary}\n\n${sub.description}`);
  command.helpGroup(`${sub.group} commands:`);
  for (const option of sub.options) addOption(command, option);
  addArguments(command, sub.arguments);
  command.action(() => select(sub.name, command));
}

/** Long names and values of all options given, of the program and of its sub-command. */
function optionsOf(command: Command, program: Command): Map<string, string> {
  const options = new Map<string, string>();
  for (const source of command === program ? [program] : [program, command]) {
    for (const option of source.options) {
      if (source.getOptionValueSource(option.attributeName()) !== "cli") continue;
      const value = option.required ? String(source.getOptionValue(option.attributeName())) : "";
      options.set((option.long ?? option.flags).slice(2), value);
    }
  }
  return options;
}

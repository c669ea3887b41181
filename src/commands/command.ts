/** One option of a command, in the terms of both the quick scanner and commander. */
export interface OptionSpec {
  /** `--no-wait` is "no-wait". */
  readonly long: string;
  /** One letter. */
  readonly short?: string;
  /** What its value is called in the help; absent for a flag. */
  readonly value?: string;
  readonly help: string;
  readonly hidden?: boolean;
  /** May be given more than once; the values are kept apart by NUL (see `valuesOf`). */
  readonly many?: boolean;
}

/** A command line, taken apart. */
export interface Invocation {
  /** What the program was called as, without directories: the prefix of its messages. */
  readonly program: string;
  /** Long names of the options given; flags have the value "". The last one wins. */
  readonly options: ReadonlyMap<string, string>;
  readonly args: readonly string[];
  /** `KEY=VALUE` entries. */
  readonly environment: readonly string[];
}

/** A sub-command of initctl; one file each. */
export interface SubCommand {
  readonly name: string;
  readonly group: "Job" | "Event" | "Environment" | "Observation" | "Other";
  readonly summary: string;
  /** As in the usage line: `[JOB] [KEY=VALUE]...`. */
  readonly arguments: string;
  /** Further operands are ignored, as Upstart does (recorded); elsewhere they are an error. */
  readonly ignoresOperands?: boolean;
  readonly options: readonly OptionSpec[];
  /** What the help says below the options. */
  readonly description?: string;
  /** Returns the exit status. */
  run(call: Invocation): number | Promise<number>;
}

/** A command line that is wrong: told with a hint at --help; exit status 1. */
export class UsageError extends Error {}

/** Anything else that a command has to tell before it ends with this status. */
export class CommandError extends Error {
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Options that stand before or after any sub-command (docs/upstart.md#91-initctl), and ours. */
export const globalOptions: readonly OptionSpec[] = [
  { long: "user", help: "talk to the session init of the user (UPSTART_SESSION)" },
  { long: "session", help: "the same" },
  { long: "system", help: "talk to the container's init, even if UPSTART_SESSION is set" },
  { long: "dest", value: "NAME", help: "destination on the system bus (no effect)", hidden: true },
  { long: "socket", value: "PATH", help: "control socket of the init to talk to (@NAME: abstract)" },
  { long: "quiet", short: "q", help: "no output but errors" },
  { long: "verbose", short: "v", help: "more output" },
  { long: "debug", help: "no effect", hidden: true },
  { long: "help", help: "show this help" },
  { long: "version", help: "show the version" },
];

export const jsonOption: OptionSpec = { long: "json", help: "print the answer as JSON" };
export const noWaitOption: OptionSpec = {
  long: "no-wait",
  short: "n",
  help: "do not wait for the end of the operation",
};

/** Refuses operands beyond those that the usage line of a command has room for. */
export function refuseSurplus(
  { arguments: usage, ignoresOperands }: SubCommand,
  args: readonly string[],
): void {
  if (ignoresOperands === true || usage.includes("...")) return;
  const room = usage === "" ? 0 : usage.split(" ").length;
  const surplus = args[room];
  if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
}

/** All values of an option that may be given more than once. */
export function valuesOf(options: ReadonlyMap<string, string>, long: string): string[] {
  return options.get(long)?.split("\0") ?? [];
}

/** Notes one value of an option. */
export function addValue(options: Map<string, string>, spec: OptionSpec, value: string): void {
  const before = spec.many === true ? options.get(spec.long) : undefined;
  options.set(spec.long, before === undefined ? value : `${before}\0${value}`);
}

/**
 * upinit's own command line: `upinit [options] [--] CMD ARG…`. One table and one small scanner, without a package,
 * because this is read before CMD is started. The init room reads its part again with full checks, from the same
 * table, so both agree on where CMD begins.
 *
 * Options end at the first word that is none, or at `--`. Unlike Upstart, which had to live with whatever the kernel
 * handed to PID 1, an unknown option is an error: in a Dockerfile it is a typing error, and the person who made it
 * is there to read the message.
 */

/**
 * A line for each option: `-letter`, `--name`, and what its value is called: `VALUE` if there must be one, `[VALUE]`
 * if there may be one. Then, behind `=`, the variable that stands for it where that isn't UPINIT_NAME; `-` for none.
 */
const table: readonly string[] = [
  // What tini, dumb-init and catatonit can do.
  "-g --group",
  "-s --subreaper",
  "-p --parent-death-signal SIGNAL",
  "-e --remap-exit STATUS",
  "-r --rewrite FROM:TO",
  "--single-child",
  "-w --warn-on-reap",
  "--respawn",
  "--respawn-limit COUNT/SECONDS",
  "--respawn-backoff MIN/MAX",
  // What is said.
  "-v --verbose",
  "-q --quiet",
  "--debug",
  "--log-format FORMAT",
  "-h --help = -",
  "-V --version = -",
  // Jobs: where they are, what starts them.
  "--confdir DIR = UPSTART_CONFDIR",
  "--append-confdir DIR",
  "--prepend-confdir DIR",
  "--startup-event EVENT",
  "--no-startup-event",
  "--start-anyway",
  "--disable JOB,...",
  "--only JOB,...",
  "--start-timeout SECONDS",
  "--starting-limit SECONDS",
  "--boot-timeout SECONDS",
  // Jobs: what they get.
  "--default-console VALUE",
  "--logdir DIR = UPSTART_LOGDIR",
  "--no-log",
  "--job-output STREAM",
  "--log-overflow POLICY",
  "--no-inherit-env",
  "--pty",
  "--lenient",
  // How the container ends.
  "--stop-signal SIGNAL",
  "--stop-timeout SECONDS",
  "--exit-code-from JOB",
  // Control.
  "--socket PATH",
  "--allow-foreign-peers",
  "--user = -",
  "--session = -",
  // Taken for the sake of old command lines, without effect in a container.
  "--no-sessions",
  "--chroot-sessions",
  "--no-dbus",
  "--no-cgroups",
  // What is done instead of running anything, and re-exec.
  "--install [DIR] = -",
  "--restart = -",
  "--state-fd FD = -",
  "--check-state FD = -",
];

export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** "" if it has none. */
  readonly letter: string;
  readonly value: "none" | "required" | "optional";
  /** What its value is called in the usage; "" if it takes none. */
  readonly placeholder: string;
  /** The variable that stands for it when it isn't given; `-` if none does. */
  readonly environment: string;
}

/** What a command line says. `values` has every given option, with each of its values in order ("" for a flag). */
export type Scan =
  | { readonly ok: true; readonly values: ReadonlyMap<string, readonly string[]>; readonly command: string[] }
  | { readonly ok: false; readonly message: string; readonly unknown?: string };

function readLine(line: string): Option {
  const words = line.split(" ");
  const assignment = words.indexOf("=");
  const letter = line.startsWith("--") ? "" : (words.shift() as string).slice(1);
  const name = (words[0] as string).slice(2);
  const placeholder = words[1] === undefined || words[1] === "=" ? "" : words[1];
  return {
    name,
    letter,
    value: placeholder === "" ? "none" : placeholder.startsWith("[") ? "optional" : "required",
    placeholder,
    environment:
      assignment < 0 ? `UPINIT_${name.toUpperCase().replaceAll("-", "_")}` : (words.at(-1) as string),
  };
}

/** The whole table, for who shows it. */
export function allOptions(): Option[] {
  return table.map(readLine);
}

function findOption(matches: (line: string) => boolean): Option | undefined {
  const line = table.find(matches);
  return line === undefined ? undefined : readLine(line);
}

/** By `--name`, which must be whole: a shortened name may mean another option one day. */
function byName(name: string): Option | undefined {
  const word = `--${name}`;
  return findOption((line) => ` ${line} `.includes(` ${word} `));
}

function byLetter(letter: string): Option | undefined {
  return findOption((line) => line.startsWith(`-${letter} `));
}

class Scanner {
  readonly values = new Map<string, string[]>();
  readonly #args: readonly string[];
  #at = 1;

  /** `args` with the program's name in front. */
  constructor(args: readonly string[]) {
    this.#args = args;
  }

  scan(): Scan {
    for (let word = this.#args[this.#at]; word !== undefined; word = this.#args[this.#at]) {
      if (word === "--") {
        this.#at++;
        break;
      }
      if (!word.startsWith("-") || word === "-") break;
      this.#at++;
      const problem = word.startsWith("--") ? this.#long(word) : this.#letters(word);
      if (problem !== null) return problem;
    }
    return { ok: true, values: this.values, command: this.#args.slice(this.#at) };
  }

  #long(word: string): Scan | null {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const option = byName(name);
    if (option === undefined) return unknownOption(`--${name}`);
    if (equals >= 0 && option.value === "none") return refuse(`option --${name} takes no value`);
    return this.#take(option, equals < 0 ? null : word.slice(equals + 1));
  }

  /** `-vv`, `-ge143`: letters in one word, the last with its value if it takes one. */
  #letters(word: string): Scan | null {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      const option = byLetter(letter);
      if (option === undefined) return unknownOption(`-${letter}`);
      const rest = word.slice(at + 1);
      if (option.value !== "none") return this.#take(option, rest === "" ? null : rest);
      this.#add(option.name, "");
    }
    return null;
  }

  #take(option: Option, given: string | null): Scan | null {
    if (given !== null || option.value === "none") return this.#add(option.name, given ?? "");
    const next = this.#args[this.#at];
    const usable = next !== undefined && !(option.value === "optional" && next.startsWith("-"));
    if (!usable && option.value === "required") {
      return refuse(`option --${option.name} needs a value (${option.placeholder})`);
    }
    if (usable) this.#at++;
    return this.#add(option.name, usable ? next : "");
  }

  #add(name: string, value: string): null {
    const values = this.values.get(name);
    if (values === undefined) this.values.set(name, [value]);
    else values.push(value);
    return null;
  }
}

function refuse(message: string): Scan {
  return { ok: false, message };
}

function unknownOption(option: string): Scan {
  return { ok: false, message: `unknown option ${option}`, unknown: option };
}

/** Values of a flag's variable that mean it is not set, as people write them. */
const off: readonly string[] = ["", "0", "no", "false", "off"];

/** Adds what the environment says about options that were not given. An empty variable says nothing. */
function addEnvironment(values: Map<string, string[]>, environment: readonly string[]): void {
  for (const entry of environment) {
    if (!entry.startsWith("UPINIT_") && !entry.startsWith("UPSTART_")) continue;
    const equals = entry.indexOf("=");
    const key = entry.slice(0, equals);
    const value = entry.slice(equals + 1);
    const option = allOptions().find((one) => one.environment === key);
    if (option === undefined || value === "" || values.has(option.name)) continue;
    if (option.value === "none") {
      if (!off.includes(value.toLowerCase())) values.set(option.name, [""]);
    } else {
      values.set(option.name, [value]);
    }
  }
}

/**
 * Reads a command line (`args[0]` is the program's name) and the environment that stands for options. An error
 * names the option; nothing has been done then.
 */
export function scanOptions(args: readonly string[], environment: readonly string[]): Scan {
  const scanner = new Scanner(args);
  const scan = scanner.scan();
  if (scan.ok) addEnvironment(scanner.values, environment);
  return scan;
}

/** The last value given for an option, or undefined. */
export function lastValue(values: ReadonlyMap<string, readonly string[]>, name: string): string | undefined {
  return values.get(name)?.at(-1);
}

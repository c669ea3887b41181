import { defaultSettings, type Settings } from "../shim/plain-settings.ts";

/** How upinit was told to run: its command line, and its environment where that is silent. */
export interface InitOptions {
  readonly prependConfdirs: readonly string[];
  /** Empty: the default. */
  readonly confdirs: readonly string[];
  readonly appendConfdirs: readonly string[];
  readonly defaultConsole: "none" | "log" | "output" | "owner";
  readonly logdir: string | null;
  /** false: `console log` is `console none`. */
  readonly capture: boolean;
  /** null: no event at boot. */
  readonly startupEvent: string | null;
  /** Names and patterns of jobs that do not start by themselves. */
  readonly disabled: readonly string[];
  /** Names and patterns of the only jobs that do; null: all. */
  readonly only: readonly string[] | null;
  /** `--user`: an init for one user's session. */
  readonly session: boolean;
  readonly inheritEnv: boolean;
  readonly pty: boolean;
  readonly lenient: boolean;
  readonly socket: string | null;
  /** Milliseconds; null: the design's own deadline. */
  readonly stopTimeout: number | null;
  /** Milliseconds, for jobs without `start timeout`; null: none. */
  readonly startTimeout: number | null;
  /** Seconds after which a job that is still starting is not well; null: never. */
  readonly startingLimit: number | null;
  /** Milliseconds. */
  readonly bootTimeout: number | null;
  readonly startAnyway: boolean;
  readonly exitCodeFrom: string | null;
  readonly logFormat: "text" | "json";
  /** Where lines of jobs go; null: standard error beside a CMD whose output goes to no terminal, else standard output. */
  readonly jobOutput: "stdout" | "stderr" | null;
  /** `wait`, the default, has no option: a reader that takes nothing is waited for a second. */
  readonly logOverflow: "wait" | "block" | "drop";
  readonly allowForeignPeers: boolean;
  readonly priority: "debug" | "info" | "message" | "error";
  /** The main command; empty if there is none. */
  readonly command: readonly string[];
}

export const defaultOptions: InitOptions = {
  prependConfdirs: [],
  confdirs: [],
  appendConfdirs: [],
  defaultConsole: "log",
  logdir: null,
  capture: true,
  startupEvent: "startup",
  disabled: [],
  only: null,
  session: false,
  inheritEnv: true,
  pty: false,
  lenient: false,
  socket: null,
  stopTimeout: null,
  startTimeout: null,
  startingLimit: 60,
  bootTimeout: null,
  startAnyway: false,
  exitCodeFrom: null,
  logFormat: "text",
  jobOutput: null,
  logOverflow: "wait",
  allowForeignPeers: false,
  priority: "message",
  command: [],
};

/** A command line as `scanOptions` reads it. */
export interface ScannedOptions {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly command: readonly string[];
}

/** What the user can do something about, in one line. */
export class OptionError extends Error {}

/** All that a command line says: to PID 1, and about CMD. */
export interface ReadOptions {
  readonly options: InitOptions;
  readonly settings: Settings;
}

/**
 * Turns what was scanned into options. The checks are loaded only if there is something to check: most containers
 * start a bare `/sbin/upinit`. Throws an OptionError for a value that can't be understood.
 */
export async function readOptions({ values, command }: ScannedOptions): Promise<ReadOptions> {
  if (values.size === 0) return { options: { ...defaultOptions, command }, settings: defaultSettings };
  const [{ checkOptions }, { readSettings, SettingError }] = await Promise.all([
    import("./check-options.ts"),
    import("../shim/settings.ts"),
  ]);
  try {
    return { options: await checkOptions({ values, command }), settings: readSettings(values) };
  } catch (error) {
    throw error instanceof SettingError ? new OptionError(error.message) : error;
  }
}

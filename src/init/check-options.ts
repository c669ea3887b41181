import { readLevel } from "../shim/settings.ts";
import type { FormedValues } from "./option-forms.ts";
import { defaultOptions, type InitOptions, OptionError, type ScannedOptions } from "./options.ts";
import { namesOf } from "./roles.ts";

/** The options whose value is more than a word: each that has a form, which the compiler sees to. */
const formed: Readonly<Record<keyof FormedValues, true>> = {
  "default-console": true,
  "stop-timeout": true,
  "start-timeout": true,
  "starting-limit": true,
  "boot-timeout": true,
  "log-format": true,
  "job-output": true,
  "log-overflow": true,
};

/** The check of forms takes a fifth of a whole start, so it is loaded only where there is one. */
async function readForms(values: ScannedOptions["values"]): Promise<FormedValues> {
  const given = Object.keys(formed)
    .filter((name) => values.has(name))
    .map((name) => [name, values.get(name)?.at(-1)]);
  if (given.length === 0) return {};
  const { checkForms } = await import("./option-forms.ts");
  return checkForms(Object.fromEntries(given));
}

/** Seconds; 0 is no limit. */
function startingLimitOf(milliseconds: number | undefined): number | null {
  if (milliseconds === undefined) return defaultOptions.startingLimit;
  return milliseconds === 0 ? null : milliseconds / 1_000;
}

/**
 * Checks the values of options; an OptionError names the one that is wrong. What concerns CMD is checked with its
 * settings.
 */
export async function checkOptions(scanned: ScannedOptions): Promise<InitOptions> {
  const has = (flag: string): boolean => scanned.values.has(flag);
  const all = (option: string): readonly string[] => scanned.values.get(option) ?? [];
  const word = (option: string): string | null => {
    const value = all(option).at(-1);
    if (value === "") throw new OptionError(`option --${option}: expected a value, not ''`);
    return value ?? null;
  };
  const values = await readForms(scanned.values);
  return {
    prependConfdirs: all("prepend-confdir"),
    confdirs: all("confdir"),
    appendConfdirs: all("append-confdir"),
    defaultConsole: values["default-console"] ?? defaultOptions.defaultConsole,
    logdir: word("logdir"),
    capture: !has("no-log"),
    startupEvent: has("no-startup-event") ? null : (word("startup-event") ?? defaultOptions.startupEvent),
    disabled: namesOf(all("disable")),
    only: has("only") ? namesOf(all("only")) : null,
    session: has("user"),
    inheritEnv: !has("no-inherit-env"),
    pty: has("pty"),
    lenient: has("lenient"),
    socket: word("socket"),
    stopTimeout: values["stop-timeout"] ?? null,
    startTimeout: values["start-timeout"] || null,
    startingLimit: startingLimitOf(values["starting-limit"]),
    bootTimeout: values["boot-timeout"] ?? null,
    startAnyway: has("start-anyway"),
    exitCodeFrom: word("exit-code-from"),
    logFormat: values["log-format"] ?? defaultOptions.logFormat,
    jobOutput: values["job-output"] ?? null,
    logOverflow: values["log-overflow"] ?? defaultOptions.logOverflow,
    allowForeignPeers: has("allow-foreign-peers"),
    priority: readLevel(scanned.values),
    command: scanned.command,
  };
}

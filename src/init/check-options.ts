import * as z from "zod/mini";
import { defaultOptions, type InitOptions, OptionError, type ScannedOptions } from "./options.ts";

const seconds = z.pipe(
  z.string().check(z.regex(/^\d{1,9}(\.\d{1,3})?$/, "expected a number of seconds")),
  z.transform((text: string) => Number(text) * 1_000),
);

const word = z.string().check(z.minLength(1, "expected a value"));

/** The options that carry a value; flags need no check, and what concerns CMD is checked with its settings. */
const schema = z.object({
  "default-console": z.optional(
    z.enum(["none", "log", "output", "owner"], "expected none, log, output or owner"),
  ),
  logdir: z.optional(word),
  "startup-event": z.optional(word),
  socket: z.optional(word),
  "stop-timeout": z.optional(seconds),
  "boot-timeout": z.optional(seconds),
  "exit-code-from": z.optional(word),
  "log-format": z.optional(z.enum(["text", "json"], "expected text or json")),
  "log-overflow": z.optional(z.enum(["block", "drop"], "expected block or drop")),
});

/** Checks the values of options; an OptionError names the one that is wrong. */
export function checkOptions(scanned: ScannedOptions): InitOptions {
  const given = Object.fromEntries([...scanned.values].map(([name, values]) => [name, values.at(-1)]));
  const checked = schema.safeParse(given);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const name = String(issue?.path[0]);
    throw new OptionError(`option --${name}: ${issue?.message}, not '${given[name]}'`);
  }
  const values = checked.data;
  const has = (flag: string): boolean => scanned.values.has(flag);
  const all = (option: string): readonly string[] => scanned.values.get(option) ?? [];
  return {
    prependConfdirs: all("prepend-confdir"),
    confdirs: all("confdir"),
    appendConfdirs: all("append-confdir"),
    defaultConsole: values["default-console"] ?? defaultOptions.defaultConsole,
    logdir: values.logdir ?? null,
    capture: !has("no-log"),
    startupEvent: has("no-startup-event") ? null : (values["startup-event"] ?? defaultOptions.startupEvent),
    session: has("user"),
    inheritEnv: !has("no-inherit-env"),
    pty: has("pty"),
    lenient: has("lenient"),
    socket: values.socket ?? null,
    stopTimeout: values["stop-timeout"] ?? null,
    bootTimeout: values["boot-timeout"] ?? null,
    startAnyway: has("start-anyway"),
    exitCodeFrom: values["exit-code-from"] ?? null,
    logFormat: values["log-format"] ?? defaultOptions.logFormat,
    logOverflow: values["log-overflow"] ?? defaultOptions.logOverflow,
    allowForeignPeers: has("allow-foreign-peers"),
    priority: has("debug") ? "debug" : has("verbose") ? "info" : has("quiet") ? "error" : "message",
    command: scanned.command,
  };
}

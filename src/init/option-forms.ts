import * as z from "zod/mini";
import { OptionError } from "./options.ts";

const seconds = z.pipe(
  z.string().check(z.regex(/^\d{1,9}(\.\d{1,3})?$/, "expected a number of seconds")),
  z.transform((text: string) => Number(text) * 1_000),
);

const schema = z.object({
  "default-console": z.optional(
    z.enum(["none", "log", "output", "owner"], "expected none, log, output or owner"),
  ),
  "stop-timeout": z.optional(seconds),
  "starting-limit": z.optional(seconds),
  "start-timeout": z.optional(seconds),
  "boot-timeout": z.optional(seconds),
  "log-format": z.optional(z.enum(["text", "json"], "expected text or json")),
  "job-output": z.optional(z.enum(["stdout", "stderr"], "expected stdout or stderr")),
  "log-overflow": z.optional(z.enum(["block", "drop"], "expected block or drop")),
});

export type FormedValues = z.infer<typeof schema>;

/** Reads the values that have a form, milliseconds for seconds; an OptionError names the one that is wrong. */
export function checkForms(given: Readonly<Record<string, string | undefined>>): FormedValues {
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const name = String(issue?.path[0]);
  throw new OptionError(`option --${name}: ${issue?.message}, not '${given[name]}'`);
}

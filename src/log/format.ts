import { harmless } from "./harmless.ts";
import type { LogPriority } from "./priority.ts";

/** What JSON lines carry beside the text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** One line, with its newline. `time` is milliseconds of the real clock. */
export type LogFormatter = (
  priority: LogPriority,
  text: string,
  fields: LogFields | undefined,
  time: number,
) => string;

/** What Upstart calls itself in its messages, whatever name it was started by. */
const programName = "init";

/**
 * Upstart's line: `init: TEXT`. A text that begins with `WORD:` names its own place, a file and a line, and is not
 * set apart: `init:/etc/init/a.conf:3: Unknown stanza`.
 */
export const textFormatter: LogFormatter = (_priority, text) => {
  const separator = /^[^\s:]*:/.test(text) ? ":" : ": ";
  return `${programName}${separator}${harmless(text)}\n`;
};

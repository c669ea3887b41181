import { pino } from "pino/browser.js";
import type { LogFields, LogFormatter } from "./format.ts";
import type { LogPriority } from "./priority.ts";

/** pino's own numbers; Upstart's `message` lies between `info` and `warn`. */
const customLevels = { message: 35 };

/** JSON lines as pino writes them: level, time, msg, and the fields that upinit adds. */
export function jsonFormatter(): LogFormatter {
  let line = "";
  const logger = pino({
    level: "debug",
    customLevels,
    base: null,
    timestamp: false,
    browser: {
      asObject: true,
      write: (entry: object) => {
        line = `${JSON.stringify(entry)}\n`;
      },
    },
  });
  return (priority: LogPriority, text: string, fields: LogFields | undefined, time: number): string => {
    logger[priority]({ ...fields, time }, text);
    return line;
  };
}

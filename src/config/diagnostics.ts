/**
 * What can be wrong with a configuration file. The messages are Upstart's to the letter (docs/upstart.md#24-errors);
 * those that upinit adds are marked. Remedies and suggestions live in `explain.ts`, which PID 1 never loads.
 */
export const errorMessages = {
  "expected-token": "Expected token",
  "unexpected-token": "Unexpected token",
  "trailing-slash": "Trailing slash in file",
  "unterminated-quote": "Unterminated quoted string",
  "unterminated-block": "Unterminated block",
  "unknown-stanza": "Unknown stanza",
  "illegal-interval": "Illegal interval, expected number of seconds",
  "illegal-exit-status": "Illegal exit status, expected integer",
  "illegal-signal": "Illegal signal status, expected integer",
  "illegal-umask": "Illegal file creation mask, expected octal integer",
  "illegal-nice": "Illegal nice value, expected -20 to 19",
  "illegal-oom": "Illegal oom adjustment, expected -16 to 15 or 'never'",
  "illegal-oom-score": "Illegal oom score adjustment, expected -999 to 1000 or 'never'",
  "illegal-limit": "Illegal limit, expected 'unlimited' or integer",
  "expected-event": "Expected event",
  "expected-operator": "Expected operator",
  "expected-variable": "Expected variable name before value",
  "mismatched-parentheses": "Mismatched parentheses",
  // Ours, for our own stanzas and for what Upstart never had to refuse.
  "illegal-backoff": "Illegal backoff, expected MAX not below MIN",
  "illegal-directory": "Illegal directory, expected an absolute path without ..",
  "illegal-mode": "Illegal mode value",
  "illegal-capability": "Unknown capability",
  "illegal-count": "Illegal count, expected a number above 0",
  "illegal-argv": "Illegal list of arguments",
  "illegal-replicas": "Illegal number of replicas, expected 1 to 1000",
  "replicas-with-instance": "A job has either replicas or instances",
  "illegal-schedule": "Illegal schedule",
  "ready-with-expect": "A job with this expect says itself when it is ready",
  "ready-in-task": "A task is never ready",
  "ready-log-without-log": "Only captured output can be looked at",
  "illegal-timeout": "Illegal timeout, expected number of seconds above 0",
  "illegal-watchdog": "Illegal watchdog interval, expected number of seconds above 0",
  "too-many-events": "Too many events or parentheses, expected at most 256",
  "nul-byte": "Illegal character, a NUL byte",
} as const;

export type ErrorCode = keyof typeof errorMessages;

/** What keeps a whole file from being read; there is no line to name. */
export type FileErrorCode = "unreadable" | "not-a-file" | "too-large" | "ignored-override" | "watch";

/** Where the caret goes. */
export interface Place {
  /** 1-based. Not always the diagnostic's own line: an unterminated quote is reported where the file ends. */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** Characters to underline. */
  readonly length: number;
  /** The text of that line, without its newline, at most `excerptLimit` characters around the place. */
  readonly source: string;
  /** How many characters of the line are left out in front of `source`. */
  readonly skipped: number;
}

export interface Diagnostic {
  /** Stable name of the problem: an ErrorCode, a FileErrorCode or a WarningCode. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** The file that was being read: the override's own path when the problem is there. */
  readonly path: string;
  /** The line as Upstart reports it; null when the problem is the file as a whole. */
  readonly line: number | null;
  readonly message: string;
  readonly place: Place | null;
  /** The stanza being read, its first one or two words; "" outside of any. */
  readonly stanza: string;
  /** The word at fault, "" if something is missing. */
  readonly word: string;
  /** The words that would have been right here, when they are a closed set. */
  readonly choices: readonly string[];
}

/** Longest excerpt of a source line that a diagnostic keeps, in characters. */
export const excerptLimit = 240;

/** Thrown by the lexer and the stanza readers, and by nothing else; `parseJob` turns it into a Diagnostic. */
export class ConfigurationError extends Error {
  readonly code: ErrorCode;
  /** Line to report, 1-based. */
  readonly line: number;
  /** Where in the text, an index into it, and how much of it. */
  readonly offset: number;
  readonly length: number;
  readonly choices: readonly string[];

  constructor(code: ErrorCode, line: number, offset: number, length: number, choices: readonly string[]) {
    super(errorMessages[code]);
    this.code = code;
    this.line = line;
    this.offset = offset;
    this.length = length;
    this.choices = choices;
  }
}

/** The line and column of an index into a text, with the line itself around it. */
export function locate(text: string, offset: number, length: number): Place {
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const newline = text.indexOf("\n", offset);
  const end = newline < 0 ? text.length : newline;
  const from = offset - start < excerptLimit / 2 ? start : offset - excerptLimit / 4;
  return {
    line: countNewlines(text, start) + 1,
    column: countCharacters(text, start, offset) + 1,
    length: Math.max(1, countCharacters(text, offset, Math.min(offset + length, end))),
    source: text.slice(from, Math.min(end, from + excerptLimit)),
    skipped: countCharacters(text, start, from),
  };
}

/**
 * Upstart's own line for a diagnostic: `PATH:LINE: MESSAGE`, or `PATH: MESSAGE` without a line
 * (docs/upstart.md#24-errors).
 */
export function plainLine(diagnostic: Diagnostic): string {
  const { path, line, message } = diagnostic;
  return line === null ? `${path}: ${message}` : `${path}:${line}: ${message}`;
}

/** A problem with a file as a whole. */
export function fileProblem(
  code: FileErrorCode,
  path: string,
  message: string,
  severity: "error" | "warning" = "error",
): Diagnostic {
  return { code, severity, path, line: null, message, place: null, stanza: "", word: "", choices: [] };
}

function countNewlines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Code points, so that a caret stands right under any script; a byte that is no text counts as one. */
function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const pair =
      code >= 0xd800 &&
      code < 0xdc00 &&
      text.charCodeAt(at + 1) >= 0xdc00 &&
      text.charCodeAt(at + 1) < 0xe000;
    if (pair) at++;
    count++;
  }
  return count;
}

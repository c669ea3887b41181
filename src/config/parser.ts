import type { JobClass } from "../jobs/job-class.ts";
import { ConfigurationError, type Diagnostic, excerptLimit, locate } from "./diagnostics.ts";
import { copyClass, type Draft, emptyClass } from "./draft.ts";
import { type Codes, Lexer } from "./lexer.ts";
import { openEnded, stanzas } from "./stanzas.ts";

export interface ParseOptions {
  /** Name of the job: the file's path in its directory, without extension. */
  readonly name: string;
  /** The file being read, for messages. */
  readonly path: string;
  /** The class that an override is laid upon. It is never changed, whatever the override holds. */
  readonly base?: JobClass;
  /** The binding's function of that name, to read faster. */
  readonly codeUnits?: (text: string) => Codes;
  /** Told of each stanza before its arguments are read; for checkers. */
  readonly observe?: (stanza: string, offset: number, line: number) => void;
}

export type ParseResult =
  | { readonly ok: true; readonly jobClass: JobClass }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/**
 * Reads one configuration file, or an override on top of `base` (docs/upstart.md#2-job-files,
 * docs/upstart.md#29-stanzas). The first error ends it, and nothing of the file then counts. Pure; never throws.
 */
export function parseJob(text: string, options: ParseOptions): ParseResult {
  const { base, name, path } = options;
  const draft = base === undefined ? emptyClass(name, path) : copyClass(base);
  const lexer = new Lexer(text, options.codeUnits);
  try {
    readStanzas(lexer, draft, options.observe);
    refuseCombinations(lexer, draft);
    return { ok: true, jobClass: draft };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { ok: false, diagnostic: describe(error, lexer, path) };
  }
}

function readStanzas(lexer: Lexer, draft: Draft, observe: ParseOptions["observe"]): void {
  for (let name = lexer.nextName(); name !== null; name = lexer.nextName()) {
    const read = stanzas.get(name);
    if (read === undefined) lexer.failReached("unknown-stanza", [...stanzas.keys()]);
    observe?.(name, lexer.stanzaStart, lexer.tokenLine);
    read(lexer, draft);
    if (!lexer.atLineEnd() && !openEnded.has(name)) lexer.endStanza();
  }
}

/** What `replicas` makes of `instance`. */
const replicaName = "$REPLICA";

/** What no stanza can say alone; the error is that of the last `ready`. */
function refuseCombinations(lexer: Lexer, draft: Draft): void {
  if (draft.replicas !== null) {
    if (draft.instance !== "" && draft.instance !== replicaName)
      lexer.failStanza("replicas", "replicas-with-instance");
    draft.instance = replicaName;
  }
  const { ready, expect, task, console } = draft;
  if (ready === null) return;
  if (expect === "stop" || expect === "notify") lexer.failStanza("ready", "ready-with-expect");
  if (task) lexer.failStanza("ready", "ready-in-task");
  if (ready.kind === "log" && console !== null && console !== "log")
    lexer.failStanza("ready", "ready-log-without-log");
}

function describe(error: ConfigurationError, lexer: Lexer, path: string): Diagnostic {
  const { text } = lexer;
  const { code, line, offset, length } = error;
  const word = text.slice(offset, offset + Math.min(length, excerptLimit));
  return {
    code,
    severity: "error",
    path,
    line,
    message: error.message,
    place: locate(text, offset, length),
    stanza: stanzaWords(text, lexer.stanzaStart, offset),
    word,
    choices: error.choices,
  };
}

/** The stanza in front of the error, its first two words; "" if the error is its name. */
function stanzaWords(text: string, start: number, offset: number): string {
  if (offset <= start) return /^\S{0,40}/.exec(text.slice(start, start + 40))?.[0] ?? "";
  const words = text.slice(start, Math.min(offset, start + 80)).split(/[\s\\]+/, 2);
  return words.join(" ").trimEnd();
}

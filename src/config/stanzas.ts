import type {
  CheckAction,
  ConsoleMode,
  Expectation,
  KillMode,
  Probe,
  ProcessName,
} from "../jobs/job-class.ts";
import { capabilityName } from "../runtime/capability-numbers.ts";
import { signalNumber } from "../runtime/signals.ts";
import { readCondition } from "./condition-parser.ts";
import type { ErrorCode } from "./diagnostics.ts";
import { appended, type Draft, setLimit, setProcess } from "./draft.ts";
import type { Lexer } from "./lexer.ts";
import { largestInt, readCount, readInteger, readLimit, readOctal } from "./numbers.ts";

/**
 * All stanzas in one table (docs/upstart.md#29-stanzas), each with the function that reads the rest of it into the
 * draft. Nothing conflicts and nothing is given twice in error: the last one wins, lists grow
 * (docs/upstart.md#25-repetition).
 */

type Reader = (lexer: Lexer, draft: Draft) => void;
/** The stanzas that hold one text. */
type TextField = "description" | "author" | "version" | "usage" | "chroot" | "chdir" | "setuid" | "setgid";
type Backoff = { readonly min: number; readonly max: number };

const expectations = choices<Expectation>(["none", "stop", "fork", "daemon", "notify"]);
const consoleModes = choices<ConsoleMode>(["none", "log", "output", "owner"]);
const killModes = choices<KillMode>(["group", "process", "mixed"]);
const shutdownCauses = choices<"failure" | "success" | "exit">(["failure", "success", "exit"]);
/** Those of setrlimit(2) that Upstart knows; the names are ours to keep, the numbers belong to the launcher. */
const resources = choices(
  "as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack".split(" "),
);

export const stanzas: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["description", text("description")],
  ["author", text("author")],
  ["version", text("version")],
  ["usage", text("usage")],
  ["emits", (lexer, draft) => lexer.forEachArgument((event) => (draft.emits = appended(draft.emits, event)))],
  [
    "start",
    group({
      on: (lexer, draft) => {
        draft.startOn = readCondition(lexer);
        draft.manual = false;
      },
      timeout: (lexer, draft) => (draft.startTimeout = readTimeout(lexer)),
    }),
  ],
  [
    "stop",
    group({
      on: (lexer, draft) => (draft.stopOn = readCondition(lexer)),
      timeout: (lexer, draft) => (draft.stopTimeout = readTimeout(lexer)),
    }),
  ],
  // These two leave the rest of their line to be read as another stanza (docs/upstart.md#25-repetition).
  [
    "manual",
    (_lexer, draft) => {
      draft.startOn = null;
      draft.manual = true;
    },
  ],
  ["debug", (_lexer, draft) => (draft.debug = true)],
  ["exec", (lexer, draft) => readExec(lexer, draft, "main")],
  ["script", (lexer, draft) => readScript(lexer, draft, "main")],
  ["argv", (lexer, draft) => readArgv(lexer, draft, "main")],
  ["pre-start", hook("pre-start")],
  ["post-start", hook("post-start")],
  ["pre-stop", hook("pre-stop")],
  ["post-stop", hook("post-stop")],
  ["expect", keyword(expectations, (draft, value) => (draft.expect = value))],
  ["task", (_lexer, draft) => (draft.task = true)],
  ["respawn", readRespawn],
  ["normal", group({ exit: readNormalExit })],
  ["instance", argument((draft, value) => (draft.instance = value))],
  ["env", argument((draft, value) => (draft.env = appended(draft.env, value)))],
  [
    "export",
    (lexer, draft) => lexer.forEachArgument((name) => (draft.export = appended(draft.export, name))),
  ],
  [
    "kill",
    group({
      timeout: (lexer, draft) => (draft.killTimeout = readSeconds(lexer)),
      signal: (lexer, draft) => (draft.killSignal = readSignal(lexer)),
      mode: keyword(killModes, (draft, value) => (draft.killMode = value)),
      leftovers: (_lexer, draft) => (draft.killLeftovers = true),
    }),
  ],
  ["reload", group({ signal: (lexer, draft) => (draft.reloadSignal = readSignal(lexer)) })],
  ["console", readConsole],
  [
    "umask",
    (lexer, draft) => (draft.umask = accept(lexer, readOctal(lexer.argument(), 0o777), "illegal-umask")),
  ],
  [
    "nice",
    (lexer, draft) => (draft.nice = accept(lexer, readInteger(lexer.argument(), -20, 19), "illegal-nice")),
  ],
  ["oom", readOom],
  ["limit", readResourceLimit],
  ["chroot", text("chroot")],
  ["chdir", text("chdir")],
  ["setuid", text("setuid")],
  ["setgid", text("setgid")],
  ["mkdir", readDirectory],
  ["hooks", group({ as: words("root", (draft) => (draft.hooksAsRoot = true)) })],
  ["no", group({ new: words("privileges", (draft) => (draft.noNewPrivileges = true)) })],
  ["capabilities", readCapabilities],
  [
    "apparmor",
    group({
      load: argument((draft, value) => (draft.apparmorLoad = value)),
      switch: argument((draft, value) => (draft.apparmorSwitch = value)),
    }),
  ],
  ["cgroup", readCgroup],
  // upinit's own.
  ["ready", readReady],
  ["check", readCheck],
  ["schedule", readScheduleStanza],
  [
    "replicas",
    (lexer, draft) =>
      (draft.replicas = accept(lexer, readInteger(lexer.argument(), 1, mostReplicas), "illegal-replicas")),
  ],
  ["requires", readRequires],
  ["after", (lexer, draft) => lexer.forEachArgument((name) => (draft.after = appended(draft.after, name)))],
  ["run", group({ timeout: (lexer, draft) => (draft.runTimeout = readTimeout(lexer)) })],
  ["watchdog", (lexer, draft) => (draft.watchdog = readTimeout(lexer, "illegal-watchdog"))],
  ["shutdown", group({ on: keyword(shutdownCauses, (draft, value) => (draft.shutdownOn = value)) })],
]);

/** Thirty years in seconds: what is above is a mistake, and would overflow the timers. */
const longestTimeout = 1_000_000_000;

/** Stanzas that don't end their own line. */
export const openEnded: ReadonlySet<string> = new Set(["manual", "debug"]);

function choices<Word extends string>(words: readonly Word[]): ReadonlyMap<string, Word> {
  return new Map(words.map((word) => [word, word]));
}

function text(field: TextField): Reader {
  return (lexer, draft) => {
    draft[field] = lexer.argument();
  };
}

function argument(take: (draft: Draft, value: string) => void): Reader {
  return (lexer, draft) => take(draft, lexer.argument());
}

/** A stanza whose second word says which one it is. */
function group(members: Readonly<Record<string, Reader>>): Reader {
  const readers = new Map(Object.entries(members));
  return (lexer, draft) => pick(lexer, lexer.keyword(), readers)(lexer, draft);
}

/** A stanza whose last word is fixed. */
function words(last: string, take: (draft: Draft) => void): Reader {
  return (lexer, draft) => {
    pick(lexer, lexer.keyword(), new Map([[last, true]]));
    take(draft);
  };
}

function keyword<Value>(
  values: ReadonlyMap<string, Value>,
  take: (draft: Draft, value: Value) => void,
): Reader {
  return (lexer, draft) => take(draft, pick(lexer, lexer.argument(), values));
}

function hook(process: ProcessName): Reader {
  return group({
    exec: (lexer, draft) => readExec(lexer, draft, process),
    script: (lexer, draft) => readScript(lexer, draft, process),
    argv: (lexer, draft) => readArgv(lexer, draft, process),
  });
}

/** What the word that was just read stands for, of a closed set. Upstart calls any other word an unknown stanza. */
function pick<Value>(lexer: Lexer, word: string, values: ReadonlyMap<string, Value>): Value {
  const value = values.get(word);
  if (value === undefined) lexer.failToken("unknown-stanza", [...values.keys()]);
  return value;
}

/** Refuses the last token if what was made of it is no number. */
function accept(lexer: Lexer, value: number, code: ErrorCode): number {
  if (Number.isNaN(value)) lexer.failToken(code);
  return value;
}

function readExec(lexer: Lexer, draft: Draft, process: ProcessName): void {
  setProcess(draft, process, { script: false, command: lexer.command() });
}

function readScript(lexer: Lexer, draft: Draft, process: ProcessName): void {
  setProcess(draft, process, { script: true, command: lexer.block() });
}

/** A JSON list of texts on one line: exact arguments, as in a Dockerfile. */
function readArgv(lexer: Lexer, draft: Draft, process: ProcessName): void {
  const command = lexer.command();
  const argv = argumentsOf(command);
  if (argv === null) lexer.failToken("illegal-argv");
  setProcess(draft, process, { script: false, command, argv });
}

/** The texts of a JSON list, at least one; null if it is none. */
function argumentsOf(text: string): string[] | null {
  try {
    const list: unknown = JSON.parse(text);
    const isList = Array.isArray(list) && list.length > 0 && list[0] !== "";
    return isList && list.every((word) => typeof word === "string" && !word.includes("\0")) ? list : null;
  } catch {
    return null;
  }
}

const respawnWords = new Map<string, Reader>([
  ["limit", readRespawnLimit],
  ["backoff", readRespawnBackoff],
]);

function readRespawn(lexer: Lexer, draft: Draft): void {
  if (lexer.atLineEnd()) draft.respawn = true;
  else pick(lexer, lexer.keyword(), respawnWords)(lexer, draft);
}

/** `respawn limit` does not enable respawning by itself (docs/upstart.md#29-stanzas). */
function readRespawnLimit(lexer: Lexer, draft: Draft): void {
  const count = lexer.argument();
  if (count === "unlimited") {
    draft.respawnLimit = { count: 0, interval: 0 };
    return;
  }
  draft.respawnLimit = {
    count: accept(lexer, readCount(count), "illegal-limit"),
    interval: readSeconds(lexer),
  };
}

function readRespawnBackoff(lexer: Lexer, draft: Draft): void {
  const backoff: Backoff = { min: readSeconds(lexer), max: readSeconds(lexer) };
  if (backoff.max < backoff.min) lexer.failToken("illegal-backoff");
  draft.respawnBackoff = backoff;
}

/** Exit statuses as they are, signals shifted left by 8 (docs/upstart.md#210-values). */
function readNormalExit(lexer: Lexer, draft: Draft): void {
  lexer.forEachArgument((word) => {
    const signal = signalNumber(word);
    const status =
      signal === null ? accept(lexer, readInteger(word, 0, largestInt), "illegal-exit-status") : signal << 8;
    draft.normalExit = appended(draft.normalExit, status);
  });
}

function readSeconds(lexer: Lexer): number {
  return accept(lexer, readInteger(lexer.argument(), 0, Number.MAX_SAFE_INTEGER), "illegal-interval");
}

/** A name, with or without `SIG`, or a number that is not checked against the signals there are. */
function readSignal(lexer: Lexer): number {
  const word = lexer.argument();
  return signalNumber(word) ?? accept(lexer, readInteger(word, 0, largestInt), "illegal-signal");
}

/**
 * `oom N` in the scale of old kernels is converted as those did, truncating toward zero (docs/upstart.md#210-values).
 */
function readOom(lexer: Lexer, draft: Draft): void {
  const word = lexer.argument();
  if (word === "score") {
    const score = lexer.argument();
    draft.oomScore =
      score === "never" ? -1000 : accept(lexer, readInteger(score, -1000, 1000), "illegal-oom-score");
  } else if (word === "never") draft.oomScore = -1000;
  else {
    const adjustment = accept(lexer, readInteger(word, -17, 15), "illegal-oom");
    draft.oomScore = Math.trunc((adjustment * 1000) / (adjustment < 0 ? 17 : 15)) + 0;
  }
}

const probeKinds = choices<Probe["kind"]>(["tcp", "unix", "http", "file", "log", "exec", "script", "argv"]);
const checkKinds = choices<Probe["kind"]>(["tcp", "unix", "http", "exec", "script", "argv"]);
const checkActions = choices<CheckAction>(["restart", "stop", "shutdown", "none"]);

function readReady(lexer: Lexer, draft: Draft): void {
  const word = lexer.keyword();
  if (word === "every") draft.readyEvery = readTimeout(lexer);
  else draft.ready = readProbe(lexer, pick(lexer, word, withWords(probeKinds, ["every"])));
}

const checkWords = new Map<string, Reader>([
  ["every", (lexer, draft) => (draft.checkEvery = readTimeout(lexer))],
  ["timeout", (lexer, draft) => (draft.checkTimeout = readTimeout(lexer))],
  [
    "failures",
    (lexer, draft) =>
      (draft.checkFailures = accept(lexer, readInteger(lexer.argument(), 1, 1_000_000), "illegal-count")),
  ],
  ["on", group({ failure: keyword(checkActions, (draft, value) => (draft.checkAction = value)) })],
]);

function readCheck(lexer: Lexer, draft: Draft): void {
  const word = lexer.keyword();
  const read = checkWords.get(word);
  if (read !== undefined) read(lexer, draft);
  else {
    const kind = pick(lexer, word, withWords(checkKinds, [...checkWords.keys()]));
    draft.checks = appended(draft.checks, readProbe(lexer, kind));
  }
}

/** The kinds, with further words for the message about one that is none. */
function withWords(
  kinds: ReadonlyMap<string, Probe["kind"]>,
  words: readonly string[],
): ReadonlyMap<string, Probe["kind"]> {
  return new Map([...kinds, ...words.map((word) => [word, "exec"] as const)]);
}

function readProbe(lexer: Lexer, kind: Probe["kind"]): Probe {
  if (kind === "script") return { kind, text: lexer.block() };
  if (kind === "exec") return { kind, text: lexer.command() };
  if (kind === "argv") {
    const text = lexer.command();
    if (argumentsOf(text) === null) lexer.failToken("illegal-argv");
    return { kind, text };
  }
  return { kind, text: lexer.argument() };
}

const mostReplicas = 1_000;

const scheduleShape = /^(every \d+|(CRON_TZ=\S+ )?(@[a-z]+|\S+( \S+){4}))$/;

function readScheduleStanza(lexer: Lexer, draft: Draft): void {
  const words: string[] = [];
  lexer.forEachArgument((word) => words.push(word));
  if (words[0] === "jitter" && words.length === 2) {
    draft.scheduleJitter = accept(
      lexer,
      readInteger(words[1] as string, 1, longestTimeout),
      "illegal-timeout",
    );
    return;
  }
  const text = words.join(" ");
  // What the fields hold is for the checker, and the scheduler: PID 1 loads neither for those who have no schedule.
  if (!scheduleShape.test(text)) lexer.failToken("illegal-schedule");
  draft.schedules = appended(draft.schedules, text);
}

/** `soft` is a word only where it comes first and unquoted. */
function readRequires(lexer: Lexer, draft: Draft): void {
  const first = lexer.argument();
  const soft = lexer.isBare("soft");
  if (!soft) draft.requires = appended(draft.requires, { job: first, soft });
  if (!soft && lexer.atLineEnd()) return;
  lexer.forEachArgument((job) => (draft.requires = appended(draft.requires, { job, soft })));
}

/** What Upstart refuses behind `console log` says how the output is taken. */
function readConsole(lexer: Lexer, draft: Draft): void {
  draft.console = pick(lexer, lexer.argument(), consoleModes);
  draft.logPty = false;
  if (draft.console !== "log" || lexer.atLineEnd()) return;
  lexer.forEachArgument((word) => {
    if (word !== "pty") lexer.failToken("unknown-stanza", ["pty"]);
    draft.logPty = true;
  });
}

function readResourceLimit(lexer: Lexer, draft: Draft): void {
  const resource = pick(lexer, lexer.argument(), resources);
  const soft = accept(lexer, readLimit(lexer.argument()), "illegal-limit");
  const hard = accept(lexer, readLimit(lexer.argument()), "illegal-limit");
  setLimit(draft, resource, { soft, hard });
}

/** A path that stays where it says: absolute, and without `..`. */
function readDirectory(lexer: Lexer, draft: Draft): void {
  const path = lexer.argument();
  if (!path.startsWith("/") || path.split("/").includes("..")) lexer.failToken("illegal-directory");
  const mode = lexer.atLineEnd() ? null : accept(lexer, readOctal(lexer.argument(), 0o7777), "illegal-mode");
  draft.directories = appended(draft.directories, { path, mode });
}

/** Names with or without CAP_, in any case; `none` alone keeps nothing. The last stanza counts. */
function readCapabilities(lexer: Lexer, draft: Draft): void {
  const kept: string[] = [];
  lexer.forEachArgument((word) => {
    if (word === "none" && kept.length === 0 && lexer.atLineEnd()) return;
    const name = capabilityName(word);
    if (name === null) lexer.failToken("illegal-capability");
    kept.push(name);
  });
  draft.capabilities = kept;
}

/** Controller, then a name, or key and value, or all three (docs/upstart.md#29-stanzas). */
function readCgroup(lexer: Lexer, draft: Draft): void {
  const words = [lexer.argument()];
  while (words.length < 4 && !lexer.atLineEnd()) words.push(lexer.argument());
  draft.cgroups = appended(draft.cgroups, words);
}

/** A bound that 0 would make nonsense of. */
function readTimeout(lexer: Lexer, code: ErrorCode = "illegal-timeout"): number {
  return accept(lexer, readInteger(lexer.argument(), 1, longestTimeout), code);
}

import type { Condition } from "../events/condition.ts";
import type { JobClass, Probe } from "../jobs/job-class.ts";
import { requirementFaults } from "../jobs/requirement-faults.ts";
import { readTarget } from "../probes/target.ts";
import { readSchedule } from "../schedule/schedule.ts";
import { checkConditions } from "./check.ts";
import { type Diagnostic, locate } from "./diagnostics.ts";
import { shellForks } from "./shell-forks.ts";
import { conditionsOf, eachMatch, jobOfMatch } from "./show.ts";

/**
 * What is allowed but will hardly do what was meant (issue of the checker: "warnings for what will never work").
 * Upstart has none of this; it is shown with `--explain`, `--json` and `--strict` only. Pure.
 */

const warnings = {
  "illegal-target": "Illegal address of a probe",
  "https-probe": "Probes speak no TLS",
  "impossible-schedule": "Illegal schedule",
  "exec-needs-shell": "This command needs a shell, and there is none here",
  "both-days": "This schedule is due on these days of the month and on these days of the week",
  "requires-cycle": "Jobs require each other in a circle",
  "requires-unknown": "There is no such job to require",
  "requires-itself": "This start waits for itself",
  "started-as-condition": "An event does not bring this job back",
  "empty-job": "This file defines a job that does nothing",
  "unknown-event": "Nothing emits this event",
  "unknown-job": "There is no such job",
  "variable-in-condition": "A variable in a start condition never matches",
  "limit-without-respawn": "Without respawn this has no effect",
  "backoff-without-respawn": "Without respawn this has no effect",
  "expect-with-script": "The shell of this script forks by itself",
  "variable-in-env": "Nothing is expanded in this value",
  "job-as-event": "This is a job's name and no event's",
  "job-as-instance": "This is compared with the name of an instance",
  "expect-without-main": "There is no main process to expect something of",
  "kept-backslash": "This backslash is kept",
  "manual-then-start-on": "This start on undoes the manual above it",
  "start-on-then-manual": "This manual undoes the start on above it",
  "replaced-stanza": "A later stanza replaces this one",
  "watchdog-without-notify": "Nothing will ever tell this watchdog that the job is alive",
  "no-effect": "This stanza has no effect in a container",
  "soft-above-hard": "The soft limit is above the hard limit",
  "carriage-return": "This script has DOS line ends",
  "comment-in-word": "A comment starts in the middle of this word",
  "process-of-script": "The shell of this script gets the stop signal, and the command that it runs does not",
  "long-kill-timeout": "A stop of the container may take this long",
  "no-such-signal": "There is no signal of this number",
} as const;

/** More about one file than this are not worth reading. */
const mostWarnings = 100;

export type WarningCode = keyof typeof warnings;

/** A stanza where it stands in the file. */
export interface SeenStanza {
  /** Its first word. */
  readonly name: string;
  readonly offset: number;
  readonly line: number;
}

/** Stanzas of which only the last one counts, by their first words. */
const scalars =
  /^(description|author|version|usage|instance|exec|script|(pre|post)-(start|stop)|expect|console|umask|nice|oom|chroot|chdir|setuid|setgid|(start|stop) on|(kill|reload) signal|kill (timeout|mode)|(start|stop|run) timeout|respawn (limit|backoff)|watchdog|shutdown on|limit [a-z]+)( |$)/;

/** The warnings about one file, in the order of its lines. `seen` is what `parseJob` told its observer. */
export function lintJob(
  text: string,
  jobClass: JobClass,
  seen: readonly SeenStanza[],
  path: string,
): Diagnostic[] {
  const file = new LintedFile(text, seen, path);
  if (seen.length === 0) file.warnAt("empty-job", 0, 1);
  lintRespawn(file, jobClass);
  lintExpect(file, jobClass);
  lintStop(file, jobClass);
  lintManual(file);
  lintEdges(file, jobClass);
  lintSchedules(file, jobClass);
  lintReplaced(file);
  lintWords(file);
  lintValues(file, jobClass);
  return file.found.sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
}

/** Warnings about what other files don't have: `files` is everything that will be loaded together. */
export function lintConditions(files: readonly ReadFile[], knownEvents: readonly string[]): Diagnostic[] {
  const byName = new Map(files.map((file) => [file.jobClass.name, file]));
  const results = checkConditions(
    files.map((file) => file.jobClass),
    { knownEvents, instances: true },
  );
  return results.flatMap(({ job, problems }) => {
    const source = byName.get(job);
    if (source === undefined) return [];
    const file = new LintedFile(source.text, source.seen, source.path);
    for (const { stanza, kind, name, hint } of problems) {
      // init emits EVENT/failed for whatever event it is that failed.
      if (kind === "event" && name.endsWith("/failed")) continue;
      if (kind === "instance") file.warn("job-as-instance", stanza, name);
      else if (hint !== null) file.warn("job-as-event", stanza, name);
      else file.warn(kind === "job" ? "unknown-job" : "unknown-event", stanza, name);
    }
    return file.found;
  });
}

/** A file of those that will be loaded together. */
interface ReadFile {
  readonly jobClass: JobClass;
  readonly text: string;
  readonly seen: readonly SeenStanza[];
  readonly path: string;
}

/** Commands that only a shell understands, where there is none; not part of `lintJob`, for that depends on the machine. */
export function lintWithoutShell({ text, seen, path }: ReadFile): Diagnostic[] {
  const file = new LintedFile(text, seen, path);
  for (const { source, offset, words } of file.stanzas) {
    const found = /^((pre|post)-(start|stop) )?exec /.exec(`${words} `);
    if (found !== null && needsShell.test(source.slice(found[0].length)))
      file.warnAt("exec-needs-shell", offset, words.length, words);
  }
  return file.found;
}

/** As `commandLine` of the processes has it. */
const needsShell = /[~`!$^&*()=|\\{}[\];"'<>?]/;

/** What the addresses of probes and the fields of schedules can't mean: errors, for nothing would come of them. */
export function lintValuesOf({ jobClass, text, seen, path }: ReadFile): Diagnostic[] {
  const file = new LintedFile(text, seen, path);
  for (const [stanza, { kind, text: target }] of probesOf(jobClass)) {
    if (kind === "exec" || kind === "script" || kind === "log" || kind === "argv" || target.includes("$"))
      continue;
    const read = readTarget(kind, target);
    if (typeof read !== "string") continue;
    file.warn(/^https:/i.test(target) ? "https-probe" : "illegal-target", `${stanza} ${kind}`, target, read);
  }
  for (const schedule of jobClass.schedules) {
    const read = readSchedule(schedule);
    if (read.ok) continue;
    const advice = read.advice === null ? "" : ` (${read.advice})`;
    file.warn("impossible-schedule", "schedule", schedule, `${read.error}${advice}`);
  }
  return file.found.map((found) => ({ ...found, severity: "error" as const }));
}

function probesOf({ ready, checks }: JobClass): [stanza: string, probe: Probe][] {
  const all = checks.map((probe): [string, Probe] => ["check", probe]);
  return ready === null ? all : [["ready", ready], ...all];
}

/** What `requires` and `after` can't mean: errors, for the jobs fail to start. */
export function lintRequirements(files: readonly ReadFile[]): Diagnostic[] {
  const faults = requirementFaults(files.map(({ jobClass }) => jobClass));
  return files.flatMap((source) => {
    const { jobClass, text, seen, path } = source;
    const file = new LintedFile(text, seen, path);
    const fault = faults.get(jobClass.name);
    if (fault !== undefined) {
      const stanza = jobClass.requires.some(({ job }) => job === fault.name) ? "requires" : "after";
      file.warn(fault.kind === "cycle" ? "requires-cycle" : "requires-unknown", stanza, fault.name);
    }
    const held = conditionsOf(jobClass)
      .filter(([stanza]) => stanza === "start on")
      .flatMap(([, condition]) => [...eachMatch(condition)])
      .filter(({ event }) => event === "starting" || event === "stopping")
      .map((match) => jobOfMatch(match).job)
      .find((job) => jobClass.requires.some((required) => required.job === job));
    if (held !== undefined) file.warn("requires-itself", "start on", held);
    return file.found.map((found) => ({
      ...found,
      severity: "error" as const,
      message:
        found.code === "requires-cycle" ? `${found.message}: ${fault?.text.split(": ")[1]}` : found.message,
    }));
  });
}

/** A file with its stanzas, and the warnings found so far. */
class LintedFile {
  readonly found: Diagnostic[] = [];
  readonly text: string;
  readonly path: string;
  readonly stanzas: readonly (SeenStanza & { readonly source: string; readonly words: string })[];

  constructor(text: string, seen: readonly SeenStanza[], path: string) {
    this.text = text;
    this.path = path;
    this.stanzas = seen.map((stanza, index) => {
      const source = text.slice(stanza.offset, seen[index + 1]?.offset ?? text.length);
      return { ...stanza, source, words: source.slice(0, 60).trimStart().split(/\s+/, 2).join(" ") };
    });
  }

  /** Warns about the last stanza that starts with these words; `word` is what to underline if it is found there. */
  warn(code: WarningCode, words: string, word = "", more = ""): void {
    const stanza = this.stanzas.findLast((one) => `${one.words} `.startsWith(`${words} `));
    if (stanza === undefined) return;
    const inside = word === "" ? 0 : findWord(stanza.source, word, words.length);
    this.warnAt(code, stanza.offset + inside, inside === 0 ? words.length : word.length, words, word, more);
  }

  warnAt(code: WarningCode, offset: number, length: number, stanza = "", word = "", more = ""): void {
    if (this.found.length >= mostWarnings) return;
    const place = locate(this.text, offset, length);
    const { path } = this;
    const message = more === "" ? warnings[code] : `${warnings[code]}: ${more}`;
    this.found.push({
      code,
      severity: "warning",
      path,
      line: place.line,
      message,
      place,
      stanza,
      word,
      choices: [],
    });
  }
}

/** Where a text has this word, and not only as a part of another; 0 if nowhere. */
function findWord(text: string, word: string, from: number): number {
  const isPart = (character: string | undefined): boolean => /[A-Za-z0-9_-]/.test(character ?? "");
  for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return at;
  }
  return 0;
}

function lintRespawn(file: LintedFile, jobClass: JobClass): void {
  if (jobClass.respawn) return;
  file.warn("limit-without-respawn", "respawn limit");
  file.warn("backoff-without-respawn", "respawn backoff");
}

function lintExpect(file: LintedFile, jobClass: JobClass): void {
  const { expect, processes, watchdog } = jobClass;
  if (watchdog !== null && expect !== "notify") file.warn("watchdog-without-notify", "watchdog");
  if (expect === "none") return;
  if (processes.main === undefined) file.warn("expect-without-main", "expect");
  else if (
    processes.main.script &&
    (expect === "fork" || expect === "daemon") &&
    shellForks(processes.main.command)
  ) {
    file.warn("expect-with-script", "expect");
  }
}

/** Above this many seconds `kill timeout` is more likely a mistake than meant. */
const longKillTimeout = 3_600;

function lintStop(file: LintedFile, { killMode, killTimeout, processes: { main } }: JobClass): void {
  if (killMode === "process" && main?.script && !endsInExec(main.command))
    file.warn("process-of-script", "kill mode", "process");
  if (killTimeout > longKillTimeout) file.warn("long-kill-timeout", "kill timeout", String(killTimeout));
}

/** Whether the last command of a script replaces its shell. */
function endsInExec(script: string): boolean {
  const last = script.trimEnd().split("\n").at(-1) ?? "";
  return /^\s*exec\s/.test(last);
}

function lintSchedules(file: LintedFile, { schedules }: JobClass): void {
  for (const text of schedules) {
    const read = readSchedule(text);
    if (!read.ok || read.schedule.type === "every") continue;
    const { eitherDay, days, weekdays } = read.schedule.fields;
    if (eitherDay && days.size < 31 && weekdays.size < 7) file.warn("both-days", "schedule");
  }
}

/** `started X and …` is over once it was: after a restart of X the rest of the condition does not come again. */
function lintEdges(file: LintedFile, { startOn, requires, task }: JobClass): void {
  if (startOn?.type !== "and" || task || requires.length > 0) return;
  const edges = [...eachMatch(startOn)].filter(({ event }) => event === "started" || event === "stopped");
  if (edges.length >= 2) file.warn("started-as-condition", "start on");
}

function lintManual(file: LintedFile): void {
  const manual = file.stanzas.findIndex((stanza) => stanza.name === "manual");
  const start = file.stanzas.findLastIndex((stanza) => stanza.name === "start");
  if (manual < 0 || start < 0) return;
  if (start > manual) file.warn("manual-then-start-on", "start on");
  else file.warn("start-on-then-manual", "manual");
}

function lintReplaced(file: LintedFile): void {
  const later = new Set<string>();
  for (const stanza of file.stanzas.toReversed()) {
    const found = scalars.exec(`${stanza.source.slice(0, 60).split(/\s+/, 3).join(" ")} `)?.[1];
    if (found === undefined) continue;
    // A process has one command, given by exec or by script.
    const key = found === "script" ? "exec" : found;
    if (later.has(key)) file.warnAt("replaced-stanza", stanza.offset, found.length, found);
    later.add(key);
  }
}

/** Backslashes that stay and comments that start unasked, which only the source shows. */
function lintWords(file: LintedFile): void {
  for (const { source, offset, words } of file.stanzas) {
    const isScript = /^(\S+ )?script\b/.test(words);
    const end = isScript ? source.indexOf("\n") : source.length;
    const keepsBackslash = isScript || /^(\S+ )?exec\b/.test(words);
    let quote = "";
    for (let at = 0; at < (end < 0 ? source.length : end); at++) {
      const character = source[at] as string;
      const next = source[at + 1] ?? "";
      if (character === "\\") {
        if (!keepsBackslash && !/[\s\\]/.test(next)) file.warnAt("kept-backslash", offset + at, 2, words);
        at++;
      } else if (quote !== "") {
        if (character === quote) quote = "";
      } else if (character === '"' || character === "'") quote = character;
      else if (character === "#") {
        if (at > 0 && !/\s/.test(source[at - 1] as string)) {
          file.warnAt("comment-in-word", offset + at, 1, words);
        }
        const line = source.indexOf("\n", at);
        at = line < 0 ? source.length : line;
      }
    }
  }
}

function lintValues(file: LintedFile, jobClass: JobClass): void {
  for (const [stanza, condition] of conditionsOf(jobClass)) {
    const word = variableIn(condition, stanza === "start on");
    if (word !== null) file.warn("variable-in-condition", stanza, word);
  }
  for (const [resource, { soft, hard }] of jobClass.limits) {
    if (soft > hard) file.warn("soft-above-hard", `limit ${resource}`);
  }
  if (!isSignal(jobClass.killSignal)) file.warn("no-such-signal", "kill signal", String(jobClass.killSignal));
  if (!isSignal(jobClass.reloadSignal))
    file.warn("no-such-signal", "reload signal", String(jobClass.reloadSignal));
  for (const stanza of ["apparmor load", "apparmor switch", "cgroup"]) file.warn("no-effect", stanza);
  for (const { name, source, offset } of file.stanzas) {
    const value = name === "env" ? /^env\s+['"]?\w+=.*?(\$[A-Za-z_{(])/.exec(source) : null;
    if (value !== null) file.warnAt("variable-in-env", offset + value[0].length - 2, 1, "env");
  }
  for (const { source, offset, words } of file.stanzas) {
    if (!/^(\S+ )?script\b/.test(words)) continue;
    const at = source.indexOf("\r\n", source.indexOf("\n") + 1);
    if (at >= 0) file.warnAt("carriage-return", offset, words.length, words);
  }
}

/** An event name with a variable is never expanded; arguments are, but before a start there is no environment. */
function variableIn(condition: Condition, withArguments: boolean): string | null {
  for (const match of eachMatch(condition)) {
    if (match.event.includes("$")) return match.event;
    const argument = withArguments ? match.args.find((one) => /\$[A-Za-z_{]/.test(one)) : undefined;
    if (argument !== undefined) return argument.slice(argument.indexOf("$"));
  }
  return null;
}

function isSignal(signal: number): boolean {
  return signal > 0 && signal <= 64;
}

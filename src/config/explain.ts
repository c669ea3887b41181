import type { Diagnostic, ErrorCode, FileErrorCode, Place } from "./diagnostics.ts";
import type { WarningCode } from "./lint.ts";

/**
 * What a person needs to put a configuration file right: the source line with a caret, a remedy, "did you mean".
 * Only commands load this; PID 1 logs Upstart's line and nothing more.
 */

/** How each stanza is written; the first word, or the first two, as key. */
export const grammar: ReadonlyMap<string, string> = new Map(
  [
    "description TEXT",
    "author TEXT",
    "version TEXT",
    "usage TEXT",
    "emits EVENT...",
    "start on EVENT [ARGUMENT...] [and|or ...]",
    "stop on EVENT [ARGUMENT...] [and|or ...]",
    "manual",
    "debug",
    "exec COMMAND...",
    "script",
    "pre-start exec COMMAND...",
    "pre-start script",
    "post-start exec COMMAND...",
    "post-start script",
    "pre-stop exec COMMAND...",
    "pre-stop script",
    "post-stop exec COMMAND...",
    "post-stop script",
    "expect none|stop|fork|daemon|notify",
    "task",
    "respawn",
    "respawn limit COUNT SECONDS",
    "respawn backoff MIN MAX",
    "normal exit STATUS|SIGNAL...",
    "instance NAME",
    "env KEY[=VALUE]",
    "export KEY...",
    "argv [LIST]",
    "pre-start argv [LIST]",
    "post-start argv [LIST]",
    "pre-stop argv [LIST]",
    "post-stop argv [LIST]",
    "ready argv [LIST]",
    "check argv [LIST]",
    "replicas COUNT",
    "requires [soft] JOB...",
    "after JOB...",
    "ready tcp [HOST:]PORT",
    "ready unix PATH",
    "ready http URL",
    "ready file PATH",
    "ready log PATTERN",
    "ready exec COMMAND",
    "ready script",
    "ready every SECONDS",
    "check tcp [HOST:]PORT",
    "check unix PATH",
    "check http URL",
    "check exec COMMAND",
    "check script",
    "check every SECONDS",
    "check timeout SECONDS",
    "check failures COUNT",
    "check on failure restart|stop|shutdown|none",
    "schedule MINUTE HOUR DAY MONTH WEEKDAY",
    "schedule @NAME",
    "schedule every SECONDS",
    "schedule jitter SECONDS",
    "kill timeout SECONDS",
    "kill mode group|process|mixed",
    "start timeout SECONDS",
    "stop timeout SECONDS",
    "run timeout SECONDS",
    "kill signal SIGNAL",
    "kill leftovers",
    "reload signal SIGNAL",
    "console none|log [pty]|output|owner",
    "umask OCTAL",
    "nice NUMBER",
    "oom NUMBER|never",
    "oom score NUMBER|never",
    "limit RESOURCE SOFT|unlimited HARD|unlimited",
    "chroot DIRECTORY",
    "chdir DIRECTORY",
    "setuid USER",
    "setgid GROUP",
    "mkdir PATH [MODE]",
    "hooks as root",
    "no new privileges",
    "capabilities CAPABILITY...|none",
    "apparmor load FILE",
    "apparmor switch PROFILE",
    "cgroup CONTROLLER [NAME] [KEY VALUE]",
    "watchdog SECONDS",
    "shutdown on failure|success|exit",
  ].map((line) => [/^[a-z-]+( (?!never\b)[a-z]+(?= |$))?/.exec(line)?.[0] ?? line, line]),
);

/**
 * One sentence for each code: what to do. `{stanza}` and `{word}` are filled in, `{grammar}` says how it is written.
 */
const remedies: Readonly<Record<ErrorCode | FileErrorCode | WarningCode | "shell-syntax", string>> = {
  "expected-token": "Something is missing here, or empty. {grammar}",
  "unexpected-token": "Remove this, or put what belongs together in quotes. {grammar}",
  "trailing-slash": "A backslash joins two lines, but there is no line after this one. Remove it.",
  "unterminated-quote": "This quote is never closed. Close it on the same line.",
  "unterminated-block": "End this block with a line that holds `end script` and nothing else.",
  "unknown-stanza": "There is no such word in the configuration language. {grammar}",
  "illegal-interval": "Write whole seconds, without a unit. {grammar}",
  "illegal-exit-status": "Write exit statuses (0 to 255) or signal names in capitals. {grammar}",
  "illegal-signal": "Write a signal's name in capitals, such as TERM or SIGTERM, or its number. {grammar}",
  "illegal-umask": "Write an octal number from 0 to 0777. {grammar}",
  "illegal-nice": "Write a whole number from -20 (first served) to 19 (last served). {grammar}",
  "illegal-oom": "Write a whole number from -17 to 15, or never; `oom score` takes -1000 to 1000. {grammar}",
  "illegal-oom-score": "Write a whole number from -1000 to 1000, or never. {grammar}",
  "illegal-limit": "Write `unlimited` or a whole number, without a unit. {grammar}",
  "expected-event":
    "An event's name belongs on each side of `and` and `or`, and into each pair of parentheses.",
  "expected-operator":
    "Write `and` or `or` between an event and a group in parentheses, or close the parenthesis before.",
  "expected-variable":
    "Arguments without a name come first: write KEY=VALUE here, or move this to the front.",
  "mismatched-parentheses": "Each parenthesis needs its counterpart.",
  "illegal-backoff": "The longest pause can't be shorter than the first one. {grammar}",
  "illegal-directory": "Write an absolute path, as in `mkdir /run/web`, without `..`. {grammar}",
  "illegal-mode": "Write an octal number from 0 to 07777. {grammar}",
  "illegal-capability":
    "Write names of capabilities(7), with or without CAP_, such as NET_BIND_SERVICE. {grammar}",
  "illegal-timeout": "Write whole seconds, from 1 to 1000000000, without a unit. {grammar}",
  "illegal-watchdog": "Write whole seconds, at least 1. {grammar}",
  "too-many-events": "Split the condition: let a job without a process emit one event for several.",
  "nul-byte": "This is no text. Is it a binary file, or UTF-16? Save it as UTF-8.",
  unreadable: "See to it that the file is there and may be read.",
  "not-a-file": "A job is a regular file (or a link to one) with a name that ends in `.conf`.",
  "too-large": "Put long scripts into files of their own and run those.",
  "ignored-override": "Put the override there as a regular file.",
  watch:
    "Changes are not seen by themselves: send SIGHUP or use `initctl reload-configuration` after a change.",
  "shell-syntax": "The shell can't read this script; `sh -n` on the lines between tells the same.",
  "empty-job": "Give the job something to run with `exec` or `script`, unless it is only to mark a state.",
  "unknown-event":
    "Nothing emits this event: correct its name, or declare it with `emits` in the job that emits it.",
  "unknown-job": "No such job is here: correct its name, or add its file.",
  "variable-in-condition":
    "Variables here are not those of the shell: only the job's own environment is looked at, so as `start on` this never comes true.",
  "limit-without-respawn": "`{stanza}` alone does not turn respawning on: add a line `respawn`.",
  "expect-with-script":
    "Forks are counted that the service did not make, for each command and subshell before the `exec` (with some shells). Move them to pre-start, and let the script end in `exec`.",
  "variable-in-env":
    "The job gets this text as it is; with such a PATH its programs are not found. Write the value out, or set it in a script.",
  "job-as-event": "Name the event of the job's life that is meant: `started {word}`.",
  "job-as-instance": "Only the first word names a job. For two jobs: `started A and started {word}`.",
  "expect-without-main": "`expect` is about the main process: give the job one, or remove this line.",
  "kept-backslash":
    "Only a blank, a backslash and a newline can be escaped; before anything else the backslash stays in the value.",
  "illegal-count": "Write a number of at least 1. {grammar}",
  "illegal-argv": 'Write a list as in a Dockerfile, on one line: `argv ["prog", "an argument"]`.',
  "illegal-replicas": "Write how many of it are to run. {grammar}",
  "replicas-with-instance": "Leave out `instance`: replicas are named 1 to N.",
  "illegal-schedule":
    "Five fields: minute, hour, day of month, month, day of week, each `*`, numbers, ranges and steps (`*/10`); or `@hourly`, or `every SECONDS`. {grammar}",
  "impossible-schedule": "`init-checkconf -v` shows the next times of a schedule that is right.",
  "exec-needs-shell": 'Give its words as they are: `argv ["prog", "an argument"]`.',
  "both-days": "Either is enough, as in cron. If both are meant, test one of them in the job.",
  "illegal-target":
    "`tcp 8080`, `tcp db:5432`, `unix /run/app.sock`, `http http://localhost:8080/healthz` are such addresses.",
  "https-probe": "Use `exec` with a program that speaks TLS: `ready exec curl -fsk https://localhost/`.",
  "ready-with-expect":
    "The job says itself when it is ready with `expect stop` and `expect notify`. Leave out one of the two.",
  "ready-in-task": "What waits for a task waits for its end. Leave out `ready`.",
  "ready-log-without-log": "Leave out `console`, or use another kind of `ready`.",
  "requires-cycle": "None of these jobs can start. Leave out one `requires` or `after` of the circle.",
  "requires-unknown":
    "The job can't start before there is one. Is the name right, and its file in this directory?",
  "requires-itself":
    "It holds the start or stop of that job, and waits for it. Leave out the `start on`: `requires` starts it.",
  "started-as-condition":
    "After a restart of one of these jobs only its own event comes again, and not the others: use `requires JOB...` for what must be there.",
  "manual-then-start-on": "`start on` after `manual` turns automatic starting on again. Put `manual` last.",
  "start-on-then-manual":
    "`manual` makes the `start on` above without effect. Remove whichever is not meant.",
  "replaced-stanza": "Only the last one counts. Remove the others.",
  "watchdog-without-notify":
    "The watchdog listens to what the service tells by sd_notify: add `expect notify`.",
  "backoff-without-respawn": "`{stanza}` alone does not turn respawning on: add a line `respawn`.",
  "no-effect": "This is read so that old files load, and has no effect in a container. Remove it if you can.",
  "soft-above-hard": "The first number is the soft limit and can't be above the second one, the hard limit.",
  "carriage-return":
    "The carriage return stays in the script and breaks it. Save the file with Unix line ends.",
  "comment-in-word":
    "A `#` outside of quotes starts a comment, also in the middle of a word. Put the word in quotes.",
  "process-of-script":
    "Let the script end in `exec COMMAND`, so that the command is the main process; or use `kill mode mixed`.",
  "long-kill-timeout":
    "Write seconds, not milliseconds; `upinit --stop-timeout` bounds the stop of the container.",
  "no-such-signal": "Signals are numbered from 1 to 64. {grammar}",
};

/** The sentence that says what to do. */
export function remedy(diagnostic: Diagnostic): string {
  const sentence = remedies[diagnostic.code as keyof typeof remedies] ?? "";
  const written = grammarOf(diagnostic);
  return sentence
    .replace("{stanza}", diagnostic.stanza)
    .replace("{word}", diagnostic.word)
    .replace("{grammar}", written.length === 0 ? "" : `Written: ${written.join(", ")}`)
    .trimEnd();
}

/** The word that was probably meant, null if none is near. */
export function suggestion(diagnostic: Diagnostic): string | null {
  const { word, choices, code } = diagnostic;
  if (code === "illegal-signal" || code === "illegal-exit-status") {
    const upper = word.toUpperCase();
    return /^[A-Z]{2,}[0-9]*$/.test(upper) && upper !== word ? upper : null;
  }
  if (word === "" || word.length > 40 || choices.length === 0) return null;
  if (specialRemedy(diagnostic) !== null) return null;
  const lower = word.toLowerCase();
  if (choices.includes(lower)) return lower;
  let best: string | null = null;
  let bestDistance = word.length <= 3 ? 2 : 3;
  for (const choice of choices) {
    const distance = editDistance(lower, choice, bestDistance);
    if (distance < bestDistance && distance < choice.length) {
      best = choice;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The diagnostic for a person: Upstart's line, the source with a caret, what to do. `shown` is the path as the user
 * gave it. Each line with its newline.
 */
export function explain(diagnostic: Diagnostic, shown: string): string {
  const { place, severity, message } = diagnostic;
  const position = place === null ? shown : `${shown}:${place.line}:${place.column}`;
  const lines = [`${position}: ${severity}: ${message}`];
  if (place !== null) lines.push(...excerpt(place));
  if (place !== null && diagnostic.line !== null && place.line !== diagnostic.line) {
    lines.push(`  = note: noticed at line ${diagnostic.line}`);
  }
  const meant = suggestion(diagnostic);
  if (meant !== null) lines.push(`  = did you mean \`${meant}\`?`);
  lines.push(`  = help: ${adviceOn(diagnostic, meant)}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** A diagnostic as data, for `--json`. */
export function toJson(diagnostic: Diagnostic, shown: string): Record<string, unknown> {
  const { code, severity, line, message, place } = diagnostic;
  const meant = suggestion(diagnostic);
  return {
    code,
    severity,
    file: shown,
    line: line ?? place?.line ?? null,
    column: place?.column ?? null,
    message,
    place,
    suggestion: meant,
    help: adviceOn(diagnostic, meant),
  };
}

/** What to do; `meant` is the suggestion for its word. Prose, and shell at the place of a stanza, is like no stanza. */
function adviceOn(diagnostic: Diagnostic, meant: string | null): string {
  const special = specialRemedy(diagnostic);
  if (special !== null) return special;
  const sentence = remedy(diagnostic);
  const foreign = diagnostic.code === "unknown-stanza" && meant === null;
  return foreign ? `${sentence} Commands go into \`exec\` or \`script\`, prose behind a \`#\`.` : sentence;
}

/** Mistakes that are common enough for a sentence of their own. */
function specialRemedy(diagnostic: Diagnostic): string | null {
  const { code, word, stanza, place } = diagnostic;
  if (code !== "unknown-stanza" && code !== "expected-token") return null;
  if (code === "expected-token") {
    if (stanza.endsWith(" on") && place?.source.trim() === "") {
      return "Inside parentheses, no line may be empty or hold only a comment.";
    }
    return null;
  }
  // An operator at the start of a line is the commonest mistake of all (docs/upstart.md#23-conditions).
  if (word === "and" || word === "or") {
    return "A condition ends with its line: put it in parentheses, or end the line before with a backslash.";
  }
  if (word.startsWith("\ufeff"))
    return "The file starts with a byte order mark. Save it as UTF-8 without one.";
  if (/^["']/.test(word)) return "A stanza's name is not written in quotes.";
  const assigned = /^([a-z]+)=(.*)/.exec(word);
  if (assigned !== null && grammar.has(assigned[1] as string))
    return `Write a blank for the \`=\`: \`${assigned[1]} ${assigned[2]}\`.`;
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) return "Variables are set by `env KEY=VALUE`.";
  if (word === "import")
    return "Remove it: variables of the event that starts the job are there by themselves.";
  if (place !== null && place.column > 1 && /^\s*respawn\s/.test(place.source)) {
    return "Write two lines: `respawn`, and `exec COMMAND`.";
  }
  if (word.startsWith("/")) return `Put \`exec\` before the command: \`exec ${word}\`.`;
  if (word === "end") return "This `end script` ends no block: the block before it has ended already.";
  return null;
}

/** The source line and a line with the caret under the place, tabs kept so that both line up. */
function excerpt(place: Place): string[] {
  const number = String(place.line);
  const margin = " ".repeat(number.length);
  const characters = [...place.source.replace(/\r$/, "")];
  const before = characters
    .slice(0, place.column - 1 - place.skipped)
    .map((character) => (character === "\t" ? "\t" : " "));
  const room = Math.max(1, characters.length - before.length);
  const carets = "^".repeat(Math.min(place.length, room));
  return [`${margin} |`, `${number} | ${printable(characters)}`, `${margin} | ${before.join("")}${carets}`];
}

/** Control characters, a byte order mark and bytes that are no text would spoil a terminal. */
function printable(characters: readonly string[]): string {
  return characters
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      const plain =
        character === "\t" ||
        (code >= 32 && code !== 0xfeff && code !== 127 && !(code >= 0xd800 && code < 0xe000));
      return plain && !(code >= 0x80 && code < 0xa0) ? character : "?";
    })
    .join("");
}

/** How the stanza of a diagnostic is written: the member that was meant, or all of a group. */
function grammarOf(diagnostic: Diagnostic): string[] {
  const [first = "", second = ""] = diagnostic.stanza.split(" ");
  const exact = grammar.get(`${first} ${second}`);
  if (exact !== undefined) return [exact];
  return [...grammar].filter(([key]) => key === first || key.startsWith(`${first} `)).map(([, line]) => line);
}

/** Levenshtein distance with transpositions, `limit` if it is not below that. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_unused, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] as number) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return Math.min(last[to.length] as number, limit);
}

import type { Condition } from "../events/condition.ts";
import type { JobClass, Probe, ProcessDefinition, ProcessName } from "../jobs/job-class.ts";
import { signalName } from "../runtime/signals.ts";

/**
 * Prints a job class as a configuration file: one order, one way to quote. What is printed parses to the same
 * class again (property test), so comments, duplicates and layout are all that is lost.
 */

/** The canonical text of a class, each line with its newline; "" for a class without a stanza. */
export function formatJob(jobClass: JobClass): string {
  const lines: string[] = [];
  const add = (stanza: string, value: string | number | null): void => {
    if (value !== null) lines.push(`${stanza} ${value}`);
  };
  const addText = (stanza: string, value: string | null): void =>
    add(stanza, value === null ? null : quoteWord(value));

  addText("description", jobClass.description);
  addText("author", jobClass.author);
  addText("version", jobClass.version);
  addText("usage", jobClass.usage);
  for (const { job, soft } of jobClass.requires)
    add("requires", `${soft ? "soft " : ""}${job === "soft" ? `"soft"` : quoteWord(job)}`);
  for (const job of jobClass.after) addText("after", job);
  for (const text of jobClass.schedules) lines.push(`schedule ${text.split(" ").map(quoteWord).join(" ")}`);
  add("schedule jitter", jobClass.scheduleJitter);
  addProbes(lines, jobClass);
  for (const event of jobClass.emits) addText("emits", event);
  add("start on", conditionSource(jobClass.startOn));
  if (jobClass.manual) lines.push("manual");
  add("stop on", conditionSource(jobClass.stopOn));
  add("replicas", jobClass.replicas);
  const hasName = jobClass.instance !== "" && jobClass.replicas === null;
  addText("instance", hasName ? jobClass.instance : null);
  for (const entry of jobClass.env) add("env", quoteAssignment(entry));
  for (const name of jobClass.export) addText("export", name);
  add("expect", unless(jobClass.expect, "none"));
  if (jobClass.task) lines.push("task");
  addRespawn(lines, jobClass);
  for (const status of jobClass.normalExit) add("normal exit", exitStatusWord(status));
  add("kill signal", unless(signalName(jobClass.killSignal), "TERM"));
  add("kill timeout", unless(jobClass.killTimeout, 5));
  add("kill mode", unless(jobClass.killMode, "group"));
  add("start timeout", jobClass.startTimeout);
  add("stop timeout", jobClass.stopTimeout);
  add("run timeout", jobClass.runTimeout);
  if (jobClass.killLeftovers) lines.push("kill leftovers");
  add("reload signal", unless(signalName(jobClass.reloadSignal), "HUP"));
  add("watchdog", jobClass.watchdog);
  add("shutdown on", jobClass.shutdownOn);
  add("console", jobClass.logPty ? "log pty" : jobClass.console);
  add("umask", jobClass.umask === null ? null : octalWord(jobClass.umask));
  add("nice", jobClass.nice);
  add("oom score", jobClass.oomScore);
  for (const [resource, { soft, hard }] of jobClass.limits) {
    lines.push(`limit ${resource} ${limitWord(soft)} ${limitWord(hard)}`);
  }
  addText("chroot", jobClass.chroot);
  addText("chdir", jobClass.chdir);
  addText("setuid", jobClass.setuid);
  addText("setgid", jobClass.setgid);
  for (const { path, mode } of jobClass.directories)
    lines.push(`mkdir ${quoteWord(path)}${mode === null ? "" : ` ${octalWord(mode)}`}`);
  if (jobClass.hooksAsRoot) lines.push("hooks as root");
  if (jobClass.noNewPrivileges) lines.push("no new privileges");
  if (jobClass.capabilities !== null) lines.push(`capabilities ${jobClass.capabilities.join(" ") || "none"}`);
  addText("apparmor load", jobClass.apparmorLoad);
  addText("apparmor switch", jobClass.apparmorSwitch);
  for (const words of jobClass.cgroups) lines.push(`cgroup ${words.map(quoteWord).join(" ")}`);
  if (jobClass.debug) lines.push("debug");
  for (const process of ["pre-start", "main", "post-start", "pre-stop", "post-stop"] as const) {
    addProcess(lines, process, jobClass.processes[process]);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** A condition as it can be written in a file; parentheses only where the left fold needs them. */
export function conditionSource(condition: Condition | null): string | null {
  if (condition === null) return null;
  if (condition.type === "match") {
    return [quoteOperand(condition.event), ...condition.args.map(quoteAssignment)].join(" ");
  }
  const right = conditionSource(condition.right);
  const grouped = condition.right.type === "match" ? right : `(${right})`;
  return `${conditionSource(condition.left)} ${condition.type} ${grouped}`;
}

/** A word in quotes if it needs them. A backslash is doubled; a double quote, which can't be escaped, is put in single ones. */
export function quoteWord(word: string): string {
  if (!/[ \t\r\n#"'\\()]/.test(word)) return word;
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', `"'"'"`)}"`;
}

/** An operand must not be taken for an operator. */
function quoteOperand(word: string): string {
  return word === "and" || word === "or" ? `"${word}"` : quoteWord(word);
}

/** `KEY="the value"`, which reads better than quotes around all of it. */
function quoteAssignment(entry: string): string {
  const equals = entry.indexOf("=");
  const key = entry.slice(0, equals + 1);
  if (equals < 0 || equals + 1 === entry.length || quoteWord(key) !== key) return quoteOperand(entry);
  return key + quoteWord(entry.slice(equals + 1));
}

function addProbes(lines: string[], jobClass: JobClass): void {
  const { ready, readyEvery, checks, checkEvery, checkTimeout, checkFailures, checkAction } = jobClass;
  if (ready !== null) addProbe(lines, "ready", ready);
  if (readyEvery !== null) lines.push(`ready every ${readyEvery}`);
  for (const check of checks) addProbe(lines, "check", check);
  if (checkEvery !== 10) lines.push(`check every ${checkEvery}`);
  if (checkTimeout !== 5) lines.push(`check timeout ${checkTimeout}`);
  if (checkFailures !== 3) lines.push(`check failures ${checkFailures}`);
  if (checkAction !== "restart") lines.push(`check on failure ${checkAction}`);
}

function addProbe(lines: string[], stanza: string, { kind, text }: Probe): void {
  if (kind === "script") addScript(lines, stanza, text);
  else lines.push(`${stanza} ${kind} ${kind === "exec" || kind === "argv" ? text : quoteWord(text)}`);
}

function addRespawn(lines: string[], jobClass: JobClass): void {
  const { respawn, respawnLimit, respawnBackoff } = jobClass;
  if (respawn) lines.push("respawn");
  const { count, interval } = respawnLimit;
  if (count === 0 && interval === 0) lines.push("respawn limit unlimited");
  else if (count !== 10 || interval !== 5) lines.push(`respawn limit ${count} ${interval}`);
  if (respawnBackoff !== null) lines.push(`respawn backoff ${respawnBackoff.min} ${respawnBackoff.max}`);
}

function addProcess(lines: string[], process: ProcessName, definition: ProcessDefinition | undefined): void {
  if (definition === undefined) return;
  const prefix = process === "main" ? "" : `${process} `;
  if (definition.argv !== undefined) {
    lines.push(`${prefix}argv ${JSON.stringify(definition.argv)}`);
    return;
  }
  if (!definition.script) {
    lines.push(`${prefix}exec ${definition.command}`);
    return;
  }
  addScript(lines, prefix.trimEnd(), definition.command);
}

function addScript(lines: string[], stanza: string, body: string): void {
  // The reader strips what all lines are indented by, but nothing if one is blank.
  const indent = /^\n/m.test(body) ? "" : "  ";
  const indented = body
    .split("\n")
    .slice(0, -1)
    .map((line) => indent + line);
  lines.push(`${stanza} script`.trimStart(), ...indented, "end script");
}

function unless<Value>(value: Value, usual: Value): Value | null {
  return value === usual ? null : value;
}

/** Signals are kept shifted left by 8; a number that looks like one means the same. */
function exitStatusWord(status: number): string {
  const name = (status & 0xff) === 0 ? signalName(status >> 8) : "";
  return /^[A-Z]/.test(name) ? name : String(status);
}

function octalWord(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function limitWord(limit: number): string {
  return limit === Number.POSITIVE_INFINITY ? "unlimited" : String(limit);
}

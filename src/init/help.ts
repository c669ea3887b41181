import { Command, Option } from "commander";
import { allOptions, type Option as ScannedOption } from "../shim/options.ts";

/** What each option does. One without a text is taken for the sake of old command lines, and not shown. */
const texts: ReadonlyMap<string, string> = new Map([
  ["group", "pass signals to COMMAND's process group, not to COMMAND alone"],
  ["subreaper", "take in orphans although not PID 1 (on by itself where upinit is not PID 1)"],
  ["parent-death-signal", "the signal that upinit wants when its parent dies"],
  ["remap-exit", "count this exit status of COMMAND as 0; may be repeated"],
  ["rewrite", "pass signal FROM on as TO; TO 0 drops it; may be repeated"],
  ["single-child", "run COMMAND in upinit's own process group"],
  ["warn-on-reap", "say so when an orphan was reaped"],
  ["respawn", "run COMMAND again when it ends"],
  ["respawn-limit", "give up after COUNT runs within SECONDS (10/5), or unlimited"],
  ["respawn-backoff", "pause MIN seconds before a new run, doubled up to MAX"],
  ["verbose", "log state changes"],
  ["quiet", "log errors only"],
  ["debug", "log everything"],
  ["log-format", "text or json"],
  ["help", "show this"],
  ["version", "show the version"],
  ["confdir", "read jobs from DIR instead of /etc/init; may be repeated"],
  ["append-confdir", "read jobs from DIR after the others"],
  ["prepend-confdir", "read jobs from DIR before the others"],
  ["startup-event", "begin with EVENT instead of startup"],
  ["no-startup-event", "emit no event at boot"],
  ["start-anyway", "run COMMAND even if a boot task failed"],
  ["disable", "jobs that do not start by themselves; patterns are allowed, and it may be repeated"],
  ["only", "the only jobs that start by themselves; patterns are allowed, and it may be repeated"],
  ["boot-timeout", "how long COMMAND waits for the boot"],
  ["default-console", "none, log, output or owner, where a job says nothing"],
  ["logdir", "write job logs to DIR instead of /var/log/upstart"],
  ["no-log", "do not capture the output of jobs"],
  [
    "job-output",
    "where lines of jobs go, stdout or stderr; stdout, or stderr beside COMMAND and without a terminal",
  ],
  ["log-overflow", "block, or drop at once, when nobody reads standard output; else drop after a second"],
  ["no-inherit-env", "give jobs PATH and TERM only, not the container's environment"],
  ["pty", "capture job output through a pseudo terminal, as Upstart did"],
  ["lenient", "start a job also where its limit, nice or oom value is not permitted"],
  ["stop-signal", "a further signal that stops the container"],
  ["stop-timeout", "bound of an orderly stop"],
  ["start-timeout", "how long a job without its own start timeout may take to start; 0: no bound"],
  ["starting-limit", "initctl health is 1 when a job takes longer to start (60); 0: no limit"],
  ["exit-code-from", "end when JOB ends, with its status"],
  ["socket", "the control socket; @NAME is abstract"],
  ["allow-foreign-peers", "answer clients of other pid namespaces"],
  ["user", "be the init of a user's session, without privileges"],
  ["install", "make the links initctl, service, … beside upinit or in DIR, and end"],
]);

/** The text of `--help`. */
export function helpText(): string {
  const command = new Command("upinit")
    .usage("[OPTION]... [--] [COMMAND [ARGUMENT]...]")
    .description(
      "PID 1 for containers: reaps, forwards signals, and runs the Upstart jobs in /etc/init.\n" +
        "With COMMAND, that is the container's main process, and its exit status the container's.\n" +
        "An option that takes a value can also be given as a variable, UPINIT_NAME.",
    )
    .helpOption(false);
  for (const option of allOptions()) {
    const text = texts.get(option.name);
    if (text !== undefined) command.addOption(describe(option, text));
  }
  return command.helpInformation();
}

function describe(option: ScannedOption, text: string): Option {
  const letter = option.letter === "" ? "" : `-${option.letter}, `;
  const value =
    option.value === "required"
      ? ` <${option.placeholder}>`
      : option.value === "optional"
        ? ` ${option.placeholder}`
        : "";
  return new Option(`${letter}--${option.name}${value}`, text);
}

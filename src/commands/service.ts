import type { JobStatus } from "../control/answers.ts";
import { ControlError } from "../control/client.ts";
import { asArray, asJobStatus } from "./answer.ts";
import { CommandError, type Invocation, jsonOption } from "./command.ts";
import { fetchConfiguration } from "./configuration.ts";
import { ask, forever } from "./connection.ts";
import { findScripts, hasFallback, runFallback, scriptStatus } from "./init-scripts.ts";
import { showStatus } from "./job-command.ts";
import { printError, printLines, write } from "./output.ts";
import { type Program, runProgram } from "./program.ts";

/** Exit statuses of `status` as the Linux Standard Base has them. */
const lsb = { running: 0, stopped: 3, unknown: 4 } as const;

const usage = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]";

const program: Program = {
  name: "service",
  description:
    "Runs a job, or the script /etc/init.d/NAME where there is no such job. COMMAND is start, stop, restart, status, reload or force-reload; status exits with 0 only for a job that runs, 3 for one that doesn't, and 4 if that is not known.",
  arguments: "NAME COMMAND [KEY=VALUE]...",
  options: [
    { long: "status-all", help: "show the status of all jobs and init scripts" },
    { long: "full-restart", help: "stop, then start" },
    jsonOption,
  ],
  run(call) {
    if (call.options.has("status-all")) return statusOfAll(call);
    const [name, typed, ...args] = call.args;
    const verb = call.options.has("full-restart") ? "restart" : typed;
    if (name === undefined || verb === undefined) throw new CommandError(usage);
    return toldAs(verb, () => runVerb(call, name, verb, args));
  },
};

function runVerb(call: Invocation, name: string, verb: string, args: readonly string[]): number {
  const job = lookUp(call, name, verb, args);
  if (job === "none") {
    if (hasFallback(name)) return runFallback(name, [verb, ...args]);
    printError(call.program, `Unknown job: ${name} (unrecognized service)`);
    return verb === "status" ? lsb.unknown : 1;
  }
  switch (verb) {
    case "start":
    case "stop":
      return changeJob(call, verb, name, args);
    case "restart":
      // Unlike the command `restart`, this takes up a changed configuration and starts what was stopped.
      if (job.state !== "waiting") changeJob(call, "stop", name, args);
      return changeJob(call, "start", name, args);
    case "reload":
    case "force-reload":
      ask(call, "reload", { job: name, env: args });
      return 0;
    case "status":
      showStatus(call, job);
      return job.goal === "start" && job.state === "running" ? lsb.running : lsb.stopped;
    default:
      throw new CommandError(`The command ${verb} is not supported for Upstart jobs`);
  }
}

/** The job's status; "none" if there is no such job, or no init but a script. */
function lookUp(call: Invocation, name: string, verb: string, args: readonly string[]): JobStatus | "none" {
  try {
    return asJobStatus(ask(call, "status", { job: name, env: args }), "status");
  } catch (error) {
    if (error instanceof ControlError && error.error === "UnknownJob") return "none";
    if (error instanceof ControlError && error.error === "UnknownInstance") {
      return { name, instance: "", goal: "stop", state: "waiting", processes: [] };
    }
    // Without an init the scripts still work.
    if (error instanceof CommandError && hasFallback(name)) return "none";
    if (verb === "status" && error instanceof CommandError)
      throw new CommandError(error.message, lsb.unknown);
    throw error;
  }
}

/** A job that can't be started or stopped is told, and the rest of a restart is still tried. */
function changeJob(call: Invocation, verb: "start" | "stop", name: string, args: readonly string[]): number {
  return toldAs(verb, () => {
    showStatus(call, asJobStatus(ask(call, verb, { job: name, env: args }, forever), verb));
    return 0;
  });
}

/**
 * What init refuses is told under the verb's name, as it was when `service` executed the commands `start` and so on.
 */
function toldAs(verb: string, run: () => number): number {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    printError(verb === "force-reload" ? "reload" : verb, error.message);
    const text = error.data.get("usage");
    if (typeof text === "string") write(2, `Usage: ${text}\n`);
    return verb === "status" ? lsb.unknown : 1;
  }
}

/** ` [ + ]  name` for what runs, `-` for what doesn't, `?` for a script that can't tell. */
function statusOfAll(call: Invocation): number {
  const marks = new Map<string, string>();
  for (const script of findScripts()) marks.set(script, scriptStatus(script));
  for (const answer of asArray(ask(call, "list"), "list")) {
    const job = asJobStatus(answer, "list");
    const running = job.goal === "start" && job.state === "running";
    if (running || marks.get(job.name) !== "+") marks.set(job.name, running ? "+" : "-");
  }
  const names = [...marks.keys()].sort();
  printLines(names.map((name) => ` [ ${marks.get(name)} ]  ${name}`));
  return 0;
}

/**
 * A script of /etc/init.d that became a job (docs/upstart.md#101-init-scripts): NAME COMMAND by the name of the link,
 * and words for upstart-job itself. Unlike `service`, it takes no offence at a start of what runs and a stop of what
 * does not.
 */
export function initScript([called = "", ...words]: readonly string[]): Promise<number> {
  const name = called.slice(called.lastIndexOf("/") + 1);
  const linked = /\/rc.\.d\//.test(called) ? name.replace(/^[SK]\d\d/, "") : name;
  const job = name === "upstart-job" ? words.shift() : linked.replace(/\.sh$/, "");
  const asService = (call: Invocation): number => {
    const [verb, ...args] = call.args;
    if (job === undefined || verb === undefined) {
      throw new CommandError(`Usage: ${called}${name === "upstart-job" ? " JOB" : ""} COMMAND`);
    }
    const status = lookUp(call, job, verb, args);
    const runs = status !== "none" && status.goal === "start";
    if (verb === "stop" && status !== "none" && !runs) return 0;
    if (
      (verb === "start" && (runs || isDisabled(call, job))) ||
      (verb === "restart" && !runs && isDisabled(call, job))
    )
      return 0;
    return toldAs(verb, () => runVerb(call, job, verb, args));
  };
  return runProgram({ ...program, name: "upstart-job", run: asService }, ["upstart-job", ...words]);
}

/** Nothing but a command starts it: scripts of packages leave it alone. */
function isDisabled(call: Invocation, job: string): boolean {
  return fetchConfiguration(call, job).every(({ startOn }) => startOn === null);
}

export const main = (argv: readonly string[]): Promise<number> => runProgram(program, argv);

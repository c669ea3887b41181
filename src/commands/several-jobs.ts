/** Commands that take several jobs at once: `initctl restart web 'worker*'`. Loaded only for those. */
import type { JobStatus } from "../control/answers.ts";
import { ControlError } from "../control/client.ts";
import { isLiteral, matchesGlob } from "../events/glob.ts";
import { asArray, asJobStatus } from "./answer.ts";
import { CommandError, type Invocation, UsageError } from "./command.ts";
import { ask } from "./connection.ts";
import type { Target } from "./job-command.ts";
import { forReplicas, replicasOf } from "./replicas.ts";
import { report } from "./run.ts";

/**
 * Whether a command line means more than one job: several operands without `=`, a name with wildcards, or `--all`.
 * One name with variables after it is one instance, as in Upstart.
 */
export function meansSeveral({ args, options }: Invocation): boolean {
  if (options.has("all")) return true;
  if (args.length === 0 || args.some((arg) => arg.includes("="))) return false;
  return args.length > 1 || !isLiteral(args[0] as string);
}

/**
 * Runs a command for each of the jobs, in the order of their names. All names are resolved before anything is done: one
 * that is unknown is an error, and nothing happens. Each failure is reported; the exit status is the worst.
 */
export function runForEach(call: Invocation, run: (target: Target) => void): number {
  const targets = targetsOf(call);
  let worst = 0;
  for (const target of targets) {
    try {
      run(target);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      const names = replicasOf(error);
      if (names !== null) {
        worst = Math.max(worst, forReplicas(call, target, names, run));
        continue;
      }
      worst = Math.max(worst, report(call.program, error));
    }
  }
  return worst;
}

function targetsOf(call: Invocation): Target[] {
  if (call.args.length === 0) throw new UsageError("missing job name");
  const known = asArray(ask(call, "list"), "list").map((job) => asJobStatus(job, "list"));
  const chosen = known.filter((job) => call.args.some((word) => isMeant(job, word)));
  for (const word of call.args) if (!known.some((job) => isMeant(job, word))) refuse(call, word);
  return call.options.has("all")
    ? chosen.map(instanceOf)
    : [...new Set(chosen.map(({ name }) => name))].map(jobOf);
}

function isMeant({ name }: JobStatus, word: string): boolean {
  return name === word || (!isLiteral(word) && matchesGlob(word, name));
}

/** Lets init itself refuse: a word that is no job, where variables are expected, in Upstart's words. */
function refuse(call: Invocation, word: string): never {
  const [job, ...env] = call.args;
  if (isLiteral(word)) ask(call, "status", { job, env });
  throw new CommandError(`no job matches ${word}`);
}

const jobOf = (job: string): Target => ({ job, env: [] });

/** An instance by its exact name; a job without instances as itself. */
function instanceOf({ name, instance }: JobStatus): Target {
  return instance === "" ? jobOf(name) : { job: name, instance, outside: true };
}

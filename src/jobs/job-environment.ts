import {
  addDeclared,
  addVariables,
  type Environment,
  getVariable,
  isEnvironment,
  keyOf,
  removeVariable,
  setVariable,
} from "../events/environment.ts";
import type { Job } from "./job.ts";
import type { JobClass, ProcessName } from "./job-class.ts";
import { resultOf, resultVariables } from "./job-events.ts";

/** From here on `env` stanzas are added together. */
const manyDeclared = 64;

/** Belong to the user that init runs as, and so not to a job that runs as somebody else (docs/differences.md). */
export const personalVariables: ReadonlySet<string> = new Set(["HOME", "USER", "LOGNAME", "SHELL"]);

/** The variables that jobs start with, and how each job's own come about (docs/upstart.md#32-variables-of-a-job). */
export class JobEnvironments {
  readonly #initial: readonly string[];
  readonly #initEnvironment: () => readonly string[];
  readonly #extra: readonly string[];
  #defaults: Environment;

  /** `extra` is given to every process last, as `UPSTART_SESSION` is in a session. */
  constructor(
    initial: readonly string[],
    initEnvironment: () => readonly string[],
    extra: readonly string[],
  ) {
    this.#initial = initial;
    this.#defaults = [...initial];
    this.#initEnvironment = initEnvironment;
    this.#extra = extra;
  }

  /** The table that every job starts with. */
  get defaults(): readonly string[] {
    return this.#defaults;
  }

  /** For re-exec. */
  restoreDefaults(defaults: readonly string[]): void {
    this.#defaults = [...defaults];
  }

  /** What a class gives each of its instances: the defaults and its `env` stanzas. */
  ofClass(jobClass: JobClass): Environment {
    const env = this.#defaults.filter(
      (entry) => jobClass.setuid === null || !personalVariables.has(keyOf(entry)),
    );
    if (jobClass.env.length > manyDeclared && jobClass.env.every((entry) => entry.includes("=")))
      addVariables(env, jobClass.env);
    else for (const entry of jobClass.env) addDeclared(env, entry, this.#initEnvironment);
    return env;
  }

  /** What a process of the job is executed with. */
  ofProcess(job: Job, process: ProcessName): Environment {
    const env = [...job.env];
    if (process === "post-stop") setResult(env, job);
    if ((process === "pre-stop" || process === "post-stop") && job.stopEnv !== null)
      addVariables(env, job.stopEnv);
    setVariable(env, `UPSTART_JOB=${job.jobClass.name}`, true);
    setVariable(env, `UPSTART_INSTANCE=${job.instance}`, true);
    addVariables(env, this.#extra);
    return env;
  }

  /** `get-env`: of the table of a job, or of the one that all start with. */
  get(job: Job | null, key: string): string | undefined {
    return getVariable(this.#tableOf(job), key);
  }

  list(job: Job | null): string[] {
    return [...this.#tableOf(job)];
  }

  /** `set-env`: without a job, for all jobs to come and (as `--global` does) all that are there. */
  set(job: Job | null, entry: string, replace: boolean, all: Iterable<Job>): void {
    if (!isEnvironment([entry])) return;
    for (const table of this.#tables(job, all)) setVariable(table, entry, replace);
  }

  unset(job: Job | null, key: string, all: Iterable<Job>): void {
    for (const table of this.#tables(job, all)) removeVariable(table, key);
  }

  /** `reset-env`: back to what it was before any `set-env`. */
  reset(job: Job | null): void {
    if (job === null) this.#defaults = [...this.#initial];
    else job.env = this.ofClass(job.jobClass);
  }

  #tableOf(job: Job | null): Environment {
    return job === null ? this.#defaults : job.env;
  }

  #tables(job: Job | null, all: Iterable<Job>): Environment[] {
    if (job !== null) return [job.env];
    return [this.#defaults, ...[...all].map((each) => each.env)];
  }
}

/** How this run ended, in the place of what the event that started it may have told of another. */
function setResult(env: Environment, job: Job): void {
  for (const key of resultVariables) removeVariable(env, key);
  addVariables(env, resultOf(job));
}

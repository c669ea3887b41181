/** HOME, USER, LOGNAME and SHELL: they belong to the user that a process runs as. */
import { keyOf } from "../events/environment.ts";
import { personalVariables } from "../jobs/job-environment.ts";
import type { User } from "./users.ts";

/** Shells that say that nobody logs in, and so are nobody's SHELL. */
const noShell = /\/(nologin|false)$/;

/**
 * The environment of a process with the personal variables that its job does not set itself. `account` is that of another
 * user than ours; null: the process stays the user that upinit is, and keeps what upinit was given.
 */
export function withPersonalVariables(
  env: readonly string[],
  account: User | null,
  own: readonly string[],
): readonly string[] {
  const added = account === null ? own : variablesOf(account);
  const given = new Set(env.map(keyOf));
  const missing = added.filter((entry) => !given.has(keyOf(entry)));
  return missing.length === 0 ? env : [...env, ...missing];
}

function variablesOf({ name, home, shell }: User): string[] {
  const values = { HOME: home, USER: name, LOGNAME: name, SHELL: noShell.test(shell) ? "" : shell };
  return Object.entries(values).flatMap(([key, value]) => (value === "" ? [] : [`${key}=${value}`]));
}

/** The personal variables of an environment. */
export function personalEntries(env: readonly string[]): string[] {
  return env.filter((entry) => entry.includes("=") && personalVariables.has(keyOf(entry)));
}

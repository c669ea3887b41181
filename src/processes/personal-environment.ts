/** HOME, USER, LOGNAME and SHELL: they belong to the user that a process runs as. */
import type { User } from "./users.ts";

const keys = ["HOME", "USER", "LOGNAME", "SHELL"] as const;

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
  const given = new Set(env.map((entry) => entry.slice(0, entry.indexOf("="))));
  const missing = added.filter((entry) => !given.has(entry.slice(0, entry.indexOf("="))));
  return missing.length === 0 ? env : [...env, ...missing];
}

function variablesOf({ name, home, shell }: User): string[] {
  const values = { HOME: home, USER: name, LOGNAME: name, SHELL: noShell.test(shell) ? "" : shell };
  return keys.filter((key) => values[key] !== "").map((key) => `${key}=${values[key]}`);
}

/** The personal variables of an environment. */
export function personalVariables(env: readonly string[]): string[] {
  return env.filter((entry) => keys.some((key) => entry.startsWith(`${key}=`)));
}

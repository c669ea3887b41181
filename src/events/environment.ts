/**
 * An environment: an ordered list of `KEY=VALUE` (docs/upstart.md#31-lists). Order is kept because events show theirs
 * to conditions by position.
 */
export type Environment = string[];

/** Where the entry of this key stands, or -1. */
function indexOfKey(env: readonly string[], key: string): number {
  const length = key.length;
  for (let index = 0; index < env.length; index++) {
    const entry = env[index] as string;
    if (entry.length > length && entry[length] === "=" && entry.startsWith(key)) return index;
  }
  return -1;
}

/** The value of a variable; undefined if it is not set. */
export function getVariable(env: readonly string[], key: string): string | undefined {
  const index = indexOfKey(env, key);
  return index < 0 ? undefined : (env[index] as string).slice(key.length + 1);
}

/** The part of `KEY=VALUE` before the first `=`; the whole of an entry that has none. */
export function keyOf(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

/** Adds `KEY=VALUE` in place of an entry of that key, or at the end. Without `replace` an existing entry stays. */
export function setVariable(env: Environment, entry: string, replace: boolean): void {
  const index = indexOfKey(env, keyOf(entry));
  if (index < 0) env.push(entry);
  else if (replace) env[index] = entry;
}

/** Removes a variable; false if there was none. */
export function removeVariable(env: Environment, key: string): boolean {
  const index = indexOfKey(env, key);
  if (index >= 0) env.splice(index, 1);
  return index >= 0;
}

/** From here on an index of the keys is made, which is linear where a search for each entry is quadratic. */
const worthAnIndex = 4_096;

/** Adds all entries, the later winning. */
export function addVariables(env: Environment, entries: readonly string[]): void {
  if (env.length * entries.length < worthAnIndex && entries.length < 64) {
    for (const entry of entries) setVariable(env, entry, true);
    return;
  }
  const places = new Map<string, number>();
  // Of two entries with one key the first is the variable.
  for (let index = env.length - 1; index >= 0; index--) places.set(keyOf(env[index] as string), index);
  for (const entry of entries) {
    const key = keyOf(entry);
    const place = places.get(key);
    if (place === undefined) places.set(key, env.push(entry) - 1);
    else env[place] = entry;
  }
}

/**
 * Adds an entry as the `env` stanza gives it: a bare `KEY` takes its value from init's own environment, and where
 * that has none removes what was there (docs/upstart.md#31-lists).
 */
export function addDeclared(env: Environment, entry: string, initEnvironment: () => readonly string[]): void {
  if (entry.includes("=")) {
    setVariable(env, entry, true);
    return;
  }
  const value = getVariable(initEnvironment(), entry);
  if (value === undefined) removeVariable(env, entry);
  else setVariable(env, `${entry}=${value}`, true);
}

/** Whether a request may carry this list. The form of the keys is not checked, as in Upstart. */
export function isEnvironment(env: readonly string[]): boolean {
  return env.every((entry) => entry.includes("="));
}

/** More than this no program could be given at once (E2BIG of execve(2)), and nobody means. */
export const mostVariables = 16_384;

export type Expansion =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: string };

/** Deeper nesting than this is a mistake or an attack; the expansion would recurse as deep. */
const deepest = 64;

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME-text}`, `${NAME:-text}`, `${NAME+text}`, `${NAME:+text}` and the indirect
 * `${$NAME}` (docs/upstart.md#28-expansion). Substituted values are not looked at again; there is no escape.
 * Errors: `Unknown parameter: NAME`, `Mismatched braces`, `Expected operator`.
 */
export function expand(text: string, env: readonly string[]): Expansion {
  if (!text.includes("$")) return { ok: true, text };
  try {
    return { ok: true, text: new Expander(text, env).all() };
  } catch (error) {
    if (error instanceof ExpansionError) return { ok: false, error: error.message };
    throw error;
  }
}

class ExpansionError extends Error {}

class Expander {
  readonly #text: string;
  readonly #env: readonly string[];
  #at = 0;

  constructor(text: string, env: readonly string[]) {
    this.#text = text;
    this.#env = env;
  }

  all(): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const dollar = this.#text.indexOf("$", this.#at);
      if (dollar < 0) return result + this.#text.slice(this.#at);
      result += this.#text.slice(this.#at, dollar);
      this.#at = dollar + 1;
      result += this.#reference(0);
    }
    return result;
  }

  /** What follows a `$`; the position is behind it. */
  #reference(depth: number): string {
    if (this.#text[this.#at] === "{") {
      this.#at += 1;
      return this.#braces(depth + 1);
    }
    const start = this.#at;
    if (!isNameStart(this.#text.charCodeAt(start))) return "$";
    do this.#at += 1;
    while (isNameStart(this.#text.charCodeAt(this.#at)) || isDigit(this.#text.charCodeAt(this.#at)));
    return this.#value(this.#text.slice(start, this.#at));
  }

  /** What follows `${`; goes behind the closing brace. */
  #braces(depth: number): string {
    if (depth > deepest) throw new ExpansionError("Mismatched braces");
    const name = this.#until("}:-+", depth);
    const operator = this.#text[this.#at];
    if (operator === undefined) throw new ExpansionError("Mismatched braces");
    this.#at += 1;
    if (operator === "}") return name === "" ? "$" : this.#value(name);
    const careOfEmpty = operator === ":";
    const kind = careOfEmpty ? this.#text[this.#at++] : operator;
    if (kind !== "-" && kind !== "+") throw new ExpansionError("Expected operator");
    const alternative = this.#until("}", depth);
    if (this.#text[this.#at] === undefined) throw new ExpansionError("Mismatched braces");
    this.#at += 1;
    const value = getVariable(this.#env, name);
    const isSet = value !== undefined && !(careOfEmpty && value === "");
    if (kind === "-") return isSet ? value : alternative;
    return isSet ? alternative : "";
  }

  /** Expanded text up to (not including) one of these characters, or the end. */
  #until(ends: string, depth: number): string {
    let result = "";
    while (this.#at < this.#text.length && !ends.includes(this.#text[this.#at] as string)) {
      const character = this.#text[this.#at++] as string;
      result += character === "$" ? this.#reference(depth) : character;
    }
    return result;
  }

  #value(name: string): string {
    const value = getVariable(this.#env, name);
    if (value === undefined) throw new ExpansionError(`Unknown parameter: ${name}`);
    return value;
  }
}

function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

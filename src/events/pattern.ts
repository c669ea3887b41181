import type { MatchCondition } from "./condition.ts";
import { expand, getVariable } from "./environment.ts";
import { isLiteral, matchesGlob } from "./glob.ts";

/** An argument of a condition, taken apart. */
interface Argument {
  /** null: compared with the event's variable at the same position. */
  readonly key: string | null;
  readonly negated: boolean;
  readonly value: string;
}

/** One `EVENT ARG…` of a condition, prepared for matching. */
export interface Pattern {
  readonly event: string;
  readonly args: readonly Argument[];
  /** As written, for people. */
  readonly written: readonly string[];
}

const noArguments: readonly Argument[] = [];

export function preparePattern({ event, args }: MatchCondition): Pattern {
  return { event, args: args.length === 0 ? noArguments : args.map(takeApart), written: args };
}

/**
 * `KEY!=VALUE` or `KEY=VALUE` is named, everything else positional; `!=` is looked for first
 * (docs/upstart.md#52-matching).
 */
function takeApart(argument: string): Argument {
  const unequal = argument.indexOf("!=");
  if (unequal >= 0)
    return { key: argument.slice(0, unequal), negated: true, value: argument.slice(unequal + 2) };
  const equals = argument.indexOf("=");
  if (equals >= 0)
    return { key: argument.slice(0, equals), negated: false, value: argument.slice(equals + 1) };
  return { key: null, negated: false, value: argument };
}

/**
 * Whether the event's variables are what the pattern asks for (docs/upstart.md#52-matching); the names are taken as
 * compared. `env` is what `$` in the pattern refers to: the instance's variables for `stop on`, nothing for `start on`.
 */
export function matchesPattern(
  pattern: Pattern,
  eventEnv: readonly string[],
  env: readonly string[],
): boolean {
  let cursor = 0;
  for (const { key, negated, value } of pattern.args) {
    if (key !== null)
      cursor = eventEnv.findIndex((entry) => entry[key.length] === "=" && entry.startsWith(key));
    const entry = cursor < 0 ? undefined : eventEnv[cursor];
    if (entry === undefined) return false;
    const wanted = expand(value, env);
    if (!wanted.ok) return false;
    const found = entry.slice((key ?? entry.slice(0, entry.indexOf("="))).length + 1);
    if (matchesGlob(wanted.text, found) === negated) return false;
    cursor += 1;
  }
  return true;
}

/**
 * The key under which a pattern is filed, so that an event finds those that it may match without walking all:
 * the event's name and, if there is one, the value that one of its variables must have to the letter.
 */
export function indexKey(pattern: Pattern): string {
  const [first] = pattern.args;
  if (first !== undefined && first.key === null && isConstant(first.value))
    return positionKey(pattern.event, first.value);
  const named = pattern.args.find(
    (argument) => argument.key !== null && !argument.negated && isConstant(argument.value),
  );
  if (named === undefined) return pattern.event;
  return entryKey(pattern.event, `${named.key}=${named.value}`);
}

/** All keys under which a pattern that this event may match can be filed. */
export function indexKeysOf(name: string, env: readonly string[]): string[] {
  const [first] = env;
  const keys = [name];
  if (first !== undefined) keys.push(positionKey(name, first.slice(first.indexOf("=") + 1)));
  for (const entry of env) keys.push(entryKey(name, entry));
  return keys;
}

// No event name, key or value holds a NUL byte, so none of these is mistaken for another.
function positionKey(name: string, value: string): string {
  return `${name}\0\0${value}`;
}

function entryKey(name: string, entry: string): string {
  return `${name}\0${entry}`;
}

function isConstant(value: string): boolean {
  return isLiteral(value) && !value.includes("$");
}

/** The value of an event's variable JOB that a pattern asks for, by name or by position; null if it asks for none. */
export function wantedValue(pattern: Pattern, key: string, position: number): string | null {
  for (let index = 0; index < pattern.args.length; index++) {
    const argument = pattern.args[index] as Argument;
    if (argument.negated) continue;
    if (argument.key === key || (argument.key === null && index === position)) return argument.value;
  }
  return null;
}

/** An argument that asks for the value of one variable of the instance: `DEV=$DEV`, or `$DEV` in the first place. */
export interface Selector {
  /** null: the event's first variable. */
  readonly key: string | null;
  readonly variable: string;
}

/** The first such argument; null if there is none. */
export function selectorOf({ args }: Pattern): Selector | null {
  for (let index = 0; index < args.length; index++) {
    const { key, negated, value } = args[index] as Argument;
    if (negated || (key === null && index > 0) || !/^\$[A-Za-z_][A-Za-z0-9_]*$/.test(value)) continue;
    return { key, variable: value.slice(1) };
  }
  return null;
}

/** What the event has for it. */
export function selectedValue({ key }: Selector, eventEnv: readonly string[]): string | undefined {
  if (key !== null) return getVariable(eventEnv, key);
  const [first] = eventEnv;
  return first?.slice(first.indexOf("=") + 1);
}

import { addValue, type OptionSpec } from "./command.ts";

export interface Scanned {
  readonly options: Map<string, string>;
  readonly args: string[];
}

/**
 * Takes a well-formed command line apart, GNU style: options and arguments mixed, `--` ends the options, short
 * options may be joined. null if anything is not plain (an unknown option, a missing or unexpected value): then
 * commander has its turn, which knows how to tell.
 */
export function scan(words: readonly string[], specs: readonly OptionSpec[]): Scanned | null {
  const options = new Map<string, string>();
  const args: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") {
      args.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      args.push(word);
      continue;
    }
    const used = word.startsWith("--")
      ? scanLong(word.slice(2), words[at + 1], specs, options)
      : scanShort(word.slice(1), words[at + 1], specs, options);
    if (used < 0) return null;
    at += used;
  }
  return { options, args };
}

/** How many further words were used, or -1. */
function scanLong(
  word: string,
  next: string | undefined,
  specs: readonly OptionSpec[],
  options: Map<string, string>,
): number {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const spec = specs.find((candidate) => candidate.long === name);
  if (spec === undefined) return -1;
  if (spec.value === undefined) {
    if (equals >= 0) return -1;
    options.set(name, "");
    return 0;
  }
  const value = equals < 0 ? next : word.slice(equals + 1);
  if (value === undefined) return -1;
  addValue(options, spec, value);
  return equals < 0 ? 1 : 0;
}

function scanShort(
  letters: string,
  next: string | undefined,
  specs: readonly OptionSpec[],
  options: Map<string, string>,
): number {
  for (let at = 0; at < letters.length; at++) {
    const spec = specs.find((candidate) => candidate.short === letters[at]);
    if (spec === undefined) return -1;
    if (spec.value === undefined) {
      options.set(spec.long, "");
      continue;
    }
    const rest = letters.slice(at + 1);
    const value = rest === "" ? next : rest;
    if (value === undefined) return -1;
    addValue(options, spec, value);
    return rest === "" ? 1 : 0;
  }
  return 0;
}

/**
 * getopt_long(3) as glibc has it, which is how tini, dumb-init and catatonit read their command lines: letters in one
 * word, names that may be shortened, options looked for behind the first argument unless told otherwise, and the
 * same wording of the four errors.
 */

export interface Grammar {
  /** For messages: the program as it was called. */
  readonly program: string;
  /** As getopt takes it, `hr:`, without a leading + or -. */
  readonly letters: string;
  /** Long names and the letter that each stands for; with an argument if the letter takes one. */
  readonly names?: readonly (readonly [name: string, letter: string])[];
  /** Options behind the first argument are options too. */
  readonly permute: boolean;
}

export interface Arguments {
  /** In the order of the command line, up to the error if there is one. */
  readonly options: readonly (readonly [letter: string, value: string])[];
  /** The arguments that are no options. */
  readonly rest: readonly string[];
  /** What getopt would have printed, without a newline. */
  readonly error?: string;
}

class Getopt {
  readonly options: [string, string][] = [];
  readonly rest: string[] = [];
  readonly #grammar: Grammar;
  readonly #args: readonly string[];
  #at = 0;

  constructor(grammar: Grammar, args: readonly string[]) {
    this.#grammar = grammar;
    this.#args = args;
  }

  /** Returns the error, or null. */
  run(): string | null {
    for (let word = this.#args[this.#at]; word !== undefined; word = this.#args[this.#at]) {
      this.#at++;
      if (word === "--") break;
      if (word === "-" || !word.startsWith("-")) {
        this.rest.push(word);
        if (!this.#grammar.permute) break;
        continue;
      }
      const isName = word.startsWith("--") && this.#grammar.names !== undefined;
      const error = isName ? this.#name(word) : this.#letters(word);
      if (error !== null) return error;
    }
    this.rest.push(...this.#args.slice(this.#at));
    return null;
  }

  #letters(word: string): string | null {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      const { letters } = this.#grammar;
      const index = letter === ":" ? -1 : letters.indexOf(letter);
      if (index < 0) return `invalid option -- '${letter}'`;
      if (letters[index + 1] !== ":") {
        this.options.push([letter, ""]);
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : this.#args[this.#at++];
      if (value === undefined) return `option requires an argument -- '${letter}'`;
      this.options.push([letter, value]);
      return null;
    }
    return null;
  }

  #name(word: string): string | null {
    const equals = word.indexOf("=");
    const given = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const names = this.#grammar.names ?? [];
    const exact = names.find(([name]) => name === given);
    const near = exact === undefined ? names.filter(([name]) => name.startsWith(given)) : [exact];
    const found = near[0];
    if (found === undefined) return `unrecognized option '--${given}${equals < 0 ? "" : word.slice(equals)}'`;
    if (near.some(([, letter]) => letter !== found[1])) {
      return `option '${word}' is ambiguous; possibilities: ${near.map(([name]) => `'--${name}'`).join(" ")}`;
    }
    const [name, letter] = found;
    const takesValue = this.#grammar.letters[this.#grammar.letters.indexOf(letter) + 1] === ":";
    if (!takesValue) {
      if (equals >= 0) return `option '--${name}' doesn't allow an argument`;
      this.options.push([letter, ""]);
      return null;
    }
    const value = equals < 0 ? this.#args[this.#at++] : word.slice(equals + 1);
    if (value === undefined) return `option '--${name}' requires an argument`;
    this.options.push([letter, value]);
    return null;
  }
}

/** Reads the arguments (without the program's name) by the grammar. */
export function getopt(grammar: Grammar, args: readonly string[]): Arguments {
  const state = new Getopt(grammar, args);
  const error = state.run();
  const { options, rest } = state;
  return error === null ? { options, rest } : { options, rest, error: `${grammar.program}: ${error}` };
}

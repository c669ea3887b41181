import { ConfigurationError, type ErrorCode } from "./diagnostics.ts";

/**
 * The tokeniser of the configuration language (docs/upstart.md#21-tokens, docs/upstart.md#22-commands-and-scripts). It
 * walks the text once; tokens are slices of it. The engine needs about 200 instructions to look at one character from
 * here and 8,000 to call its matcher, so short things are looked at one by one, with as few steps as can be, and long
 * ones are left to the matcher and to `indexOf` (measured by callgrind: 1.6 million instructions for a typical file
 * became well under a million).
 *
 * One difference on purpose (docs/differences.md): a backslash after white space keeps both, where libnih lost the
 * white space.
 */

const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const doubleQuote = 34;
const exclamation = 33;
const hash = 35;
const dollar = 36;
const singleQuote = 39;
const closeParenthesis = 41;
const backslash = 92;
/** Upstart takes a NUL between words for a blank; elsewhere it is refused here (docs/upstart.md#11-quirks). */
const nul = 0;

/**
 * Stretches of characters that neither end a token nor mean anything in it, by what the token is. Their length is
 * bounded, since the engine's matcher keeps a stack.
 */
const inArgument = /[^ \t\r\n#"'\\\0]{1,1000}/y;
const inOperand = /[^ \t\r\n#"'\\\0()]{1,1000}/y;
const inCommand = /[^\n#"'\\\0]{1,1000}/y;
const inDoubleQuotes = /[^"\\\n\0]{1,1000}/y;
const inSingleQuotes = /[^'\\\n\0]{1,1000}/y;

/** The characters of a text as numbers. */
export type Codes = Uint8Array | Uint16Array;

export class Lexer {
  readonly text: string;
  /** The text as numbers; past its end there is `undefined`, which compares like the NaN of charCodeAt. */
  private readonly codes: Codes;
  position = 0;
  /** The character at the position; not a number at the end. */
  next: number;
  /** The line of `position`, 1-based. */
  line = 1;
  /** The token that was read last: where it starts, where it ends (quotes included), and its first line. */
  tokenStart = 0;
  tokenEnd = 0;
  tokenLine = 1;
  /** Where the stanza being read starts; for messages. */
  stanzaStart = 0;

  /** `codeUnits` is the binding's, where there is one; it only saves time. */
  constructor(text: string, codeUnits: (text: string) => Codes = codeUnitsOf) {
    this.text = text;
    this.codes = codeUnits(text);
    this.next = this.codes[0] as number;
  }

  atEnd(): boolean {
    return !(this.next >= 0);
  }

  /** At the end of the file, at a newline or at a comment. */
  atLineEnd(): boolean {
    const { next } = this;
    return next === newline || next === hash || !(next >= 0);
  }

  /** Steps over one character that is a token by itself: a parenthesis. */
  skipCharacter(): void {
    this.moveTo(this.position + 1);
    this.skipSpace();
  }

  /** Skips blanks and continued lines. */
  skipSpace(): void {
    const { codes } = this;
    let at = this.position;
    let code = this.next;
    while (isBlank(code) || code === backslash) {
      if (code === backslash) {
        if ((codes[at + 1] as number) !== newline) break;
        this.line++;
        at++;
      }
      code = codes[++at] as number;
    }
    this.position = at;
    this.next = code;
  }

  /**
   * Skips the rest of the line, its newline, and the blanks at the start of the next one. True if the file ends with
   * such blanks, where Upstart misses a token.
   */
  nextLine(): boolean {
    const end = this.text.indexOf("\n", this.position);
    if (end < 0) {
      this.moveTo(this.text.length);
      return false;
    }
    this.line++;
    this.moveTo(end + 1);
    this.skipSpace();
    return this.atEnd() && isBlank(this.codes[this.position - 1] as number);
  }

  /**
   * Steps over empty lines and comments to the name of the next stanza; null at the end of the file. Quotes are not
   * removed, so a quoted name is an unknown one.
   */
  nextName(): string | null {
    const { text, codes } = this;
    let at = this.position;
    let code = this.next;
    for (; ; code = codes[at] as number) {
      if (code === newline) {
        this.line++;
        at++;
      } else if (code === space || code === tab || code === carriageReturn || code === nul) at++;
      else if (code === hash) {
        at = text.indexOf("\n", at);
        if (at < 0) at = text.length;
      } else break;
    }
    this.position = at;
    this.next = code;
    if (!(code >= 0)) return null;
    this.stanzaStart = at;
    return code === backslash ? this.continuedName() : this.word(inArgument, false);
  }

  /** A name that begins with a backslash: of a line that holds nothing else Upstart makes an unknown stanza. */
  private continuedName(): string {
    const start = this.position;
    this.tokenStart = start;
    this.tokenLine = this.line;
    const name = this.composedToken(inArgument, false, true);
    if (name === "") this.failAt("unknown-stanza", start, this.line, 1);
    return name;
  }

  /** One argument, without its quotes. Throws `expected-token` if there is none or it is empty. */
  argument(): string {
    return this.word(inArgument, true);
  }

  /** Whether the last argument stood in the file as this word, without quotes. */
  isBare(word: string): boolean {
    return this.text.slice(this.tokenStart, this.tokenEnd) === word;
  }

  /** Refuses the last line that begins with this stanza; the position is at the end of the file. */
  failStanza(name: string, code: ErrorCode): never {
    const found = [...this.text.matchAll(new RegExp(`^[ \\t]*(${name})\\b`, "gm"))].at(-1);
    const at = found === undefined ? 0 : found.index + found[0].length - name.length;
    const line = this.text.slice(0, at).split("\n").length;
    this.stanzaStart = at;
    this.failAt(code, at, line, name.length);
  }

  /** One word as it stands in the file, quotes and all: Upstart knows no keyword that is quoted. */
  keyword(): string {
    return this.word(inArgument, false);
  }

  /** One operand of a condition. */
  operand(): string {
    return this.word(inOperand, true);
  }

  /** All arguments up to the end of the line; at least one. */
  forEachArgument(take: (argument: string) => void): void {
    do take(this.argument());
    while (!this.atLineEnd());
  }

  /** The rest of the line as a command for the shell: quotes and escapes kept, comment removed. */
  command(): string {
    const { text, codes } = this;
    const start = this.position;
    this.tokenStart = start;
    this.tokenLine = this.line;
    inCommand.lastIndex = start;
    if (!inCommand.test(text)) return this.composedToken(inCommand, false);
    let end = inCommand.lastIndex;
    const code = codes[end];
    if (code !== newline && code !== undefined) return this.composedToken(inCommand, false);
    while (isBlank(codes[end - 1] as number)) end--;
    return this.endToken(text.slice(start, end), end);
  }

  /** Checks that a stanza is complete. */
  endStanza(): void {
    if (!this.atLineEnd()) this.failHere("unexpected-token");
  }

  /** The body of a `script` block, up to its `end script`; the position is at the end of the line of `script`. */
  block(): string {
    this.endStanza();
    const { text, codes } = this;
    const header = text.indexOf("\n", this.position);
    const start = header < 0 ? text.length : header + 1;
    const firstLine = header < 0 ? this.line : this.line + 1;
    const end = findBlockEnd(text, codes, start);
    if (end < 0) {
      const last = firstLine + text.slice(start).split("\n").length - 1;
      this.failAt("unterminated-block", this.stanzaStart, last, this.tokenEnd - this.stanzaStart);
    }
    const body = text.slice(start, end);
    const lines = body.split("\n");
    if (body.includes("\0")) {
      const bad = lines.findIndex((line) => line.includes("\0"));
      this.failAt("nul-byte", text.indexOf("\0", start), firstLine + bad, 1);
    }
    this.line = firstLine + lines.length - 1;
    const newlineAt = text.indexOf("\n", end);
    this.moveTo(newlineAt < 0 ? text.length : newlineAt);
    return unindent(body, lines);
  }

  /** Refuses the token that was read last, at the line that was reached with what continues it. */
  failReached(code: ErrorCode, choices: readonly string[] = []): never {
    this.failAt(code, this.tokenStart, this.line, this.tokenEnd - this.tokenStart, choices);
  }

  /** Refuses the token that was read last. */
  failToken(code: ErrorCode, choices: readonly string[] = []): never {
    this.failAt(code, this.tokenStart, this.tokenLine, this.tokenEnd - this.tokenStart, choices);
  }

  /** Refuses an argument that is not there. */
  failMissing(): never {
    this.failAt("expected-token", this.position, this.line, 0);
  }

  /** Refuses a stretch of text. */
  failAt(
    code: ErrorCode,
    offset: number,
    line: number,
    length: number,
    choices: readonly string[] = [],
  ): never {
    throw new ConfigurationError(code, line, offset, length, choices);
  }

  /** Refuses the word at the position. */
  private failHere(code: ErrorCode): never {
    const { position } = this;
    const word = /[^ \t\r\n#\0]{1,200}/y;
    word.lastIndex = position;
    const length = word.exec(this.text)?.[0].length ?? 1;
    this.failAt(code, position, this.line, length);
  }

  private moveTo(position: number): void {
    this.position = position;
    this.next = this.codes[position] as number;
  }

  /** One word and the blanks behind it. `inWord` says what it is a part of. Throws if it is empty. */
  private word(inWord: RegExp, unquote: boolean): string {
    const { text, codes } = this;
    const start = this.position;
    this.tokenStart = start;
    this.tokenLine = this.line;
    let at = start;
    let code = this.next;
    // Letters and digits first: nearly all are above the parentheses, and none of those but the backslash is special.
    while (code > closeParenthesis ? code !== backslash : code === dollar || code === exclamation) {
      code = codes[++at] as number;
    }
    if (code !== space && code !== newline) {
      if (code === doubleQuote && unquote) return this.quotedWord(inWord, at);
      // What is neither space nor newline may be anything: the general way knows.
      if (code >= 0 && code !== hash && (inWord !== inOperand || code !== closeParenthesis)) {
        return this.composedToken(inWord, unquote);
      }
    }
    if (at === start) this.failMissing();
    return this.endToken(text.slice(start, at), at);
  }

  /** A word with one part in double quotes at its end, as in `KEY="some text"`, if that is all there is to it. */
  private quotedWord(inWord: RegExp, opening: number): string {
    const { text, codes, tokenStart } = this;
    inDoubleQuotes.lastIndex = opening + 1;
    const close = inDoubleQuotes.test(text) ? inDoubleQuotes.lastIndex : opening;
    const code = codes[close + 1] as number;
    const isAll =
      close > opening && (codes[close] as number) === doubleQuote && (code === newline || code === space);
    if (!isAll) return this.composedToken(inWord, true);
    const quoted = text.slice(opening + 1, close);
    return this.endToken(
      opening === tokenStart ? quoted : text.slice(tokenStart, opening) + quoted,
      close + 1,
    );
  }

  /** Leaves the position behind a token, which ends at `end`, and the blanks behind that. */
  private endToken(token: string, end: number): string {
    const { codes } = this;
    this.tokenEnd = end;
    let at = end;
    let code = codes[at] as number;
    while (code === space) code = codes[++at] as number;
    this.position = at;
    this.next = code;
    if (code === backslash || (code < space && code !== newline)) this.skipSpace();
    return token;
  }

  /**
   * A token in which quotes or backslashes take part. White space that is followed by nothing is dropped; a newline,
   * with the white space around it, becomes one blank.
   */
  private composedToken(inToken: RegExp, unquote: boolean, mayBeEmpty = false): string {
    const { text, codes } = this;
    const { length } = text;
    const token = new TokenBuilder(text, this.position, unquote);
    let openedBy = nul;
    let openedAt = 0;
    let at = this.position;
    while (at < length) {
      let code = codes[at] as number;
      if (!isQuoting(code)) {
        const ordinary =
          openedBy === nul ? inToken : openedBy === doubleQuote ? inDoubleQuotes : inSingleQuotes;
        ordinary.lastIndex = at;
        if (ordinary.test(text)) {
          token.addRun(at, ordinary.lastIndex);
          at = ordinary.lastIndex;
          continue;
        }
      }
      const first = at;
      let kept = at;
      if (code === backslash) {
        at++;
        if (at >= length) this.failAt("trailing-slash", first, this.line, 1);
        code = codes[at] as number;
        // Only a blank or a backslash takes away the backslash in front of it.
        if (unquote && (code === backslash || isBlank(code))) kept = at;
      } else if (code === openedBy && code !== nul) {
        openedBy = nul;
        if (unquote) kept = at + 1;
      } else if (openedBy === nul) {
        // What is not ordinary, not a backslash and opens nothing ends the token.
        if (code !== doubleQuote && code !== singleQuote) break;
        openedBy = code;
        openedAt = at;
        if (unquote) kept = at + 1;
      }
      if (code === nul) this.failAt("nul-byte", at, this.line, 1);
      if (code === newline) {
        token.breakLine();
        this.line++;
      } else token.add(first, kept, at + 1);
      at++;
    }
    if (openedBy !== nul) this.failAt("unterminated-quote", openedAt, this.line, 1);
    const result = token.finish();
    if (result === "" && !mayBeEmpty)
      this.failAt("expected-token", this.tokenStart, this.line, at - this.tokenStart);
    return this.endToken(result, at);
  }
}

/** Puts a token together from stretches of the text. */
class TokenBuilder {
  readonly #text: string;
  readonly #parts: string[] = [];
  /** text[run, solid) belongs to the token and is not in the parts yet; what follows up to now is white space. */
  #run: number;
  #solid: number;
  #broken = false;
  readonly #unquotes: boolean;

  constructor(text: string, start: number, unquotes: boolean) {
    this.#text = text;
    this.#unquotes = unquotes;
    this.#run = start;
    this.#solid = start;
  }

  /** Adds what is in the text from `kept` to `end`, leaving out what is there between `first` and `kept`. */
  add(first: number, kept: number, end: number): void {
    if (this.#broken) {
      this.#broken = false;
      this.#run = kept;
      // Upstart writes a backslash that stays before it looks at what follows, and so before the blank of the new line.
      const isKeptBackslash = this.#unquotes && kept === first && this.#text.charCodeAt(kept) === backslash;
      if (isKeptBackslash) {
        this.#parts.push("\\ ");
        this.#run = kept + 1;
      } else this.#parts.push(" ");
    } else if (kept > first) {
      if (first > this.#run) this.#parts.push(this.#text.slice(this.#run, first));
      this.#run = kept;
    }
    this.#solid = end;
  }

  /** Adds a stretch with white space at its ends, which counts only if something follows on the same line. */
  addRun(start: number, end: number): void {
    let [first, last] = [start, end];
    while (first < last && isBlank(this.#text.charCodeAt(first))) first++;
    while (last > first && isBlank(this.#text.charCodeAt(last - 1))) last--;
    if (last > first) this.add(first, first, last);
  }

  breakLine(): void {
    if (!this.#broken && this.#solid > this.#run) this.#parts.push(this.#text.slice(this.#run, this.#solid));
    this.#broken = true;
  }

  finish(): string {
    this.breakLine();
    return this.#parts.length === 1 ? (this.#parts[0] as string) : this.#parts.join("");
  }
}

/** What the binding does, where there is none. */
function codeUnitsOf(text: string): Codes {
  return Uint16Array.from({ length: text.length }, (_unused, index) => text.charCodeAt(index));
}

function isQuoting(code: number): boolean {
  return code === doubleQuote || code === singleQuote || code === backslash;
}

function isBlank(code: number): boolean {
  return code === space || code === tab || code === carriageReturn || code === nul;
}

/** Start of the line that ends a block; -1 if there is none. */
function findBlockEnd(text: string, codes: Codes, start: number): number {
  for (let at = text.indexOf("end", start); at >= 0; at = text.indexOf("end", at + 3)) {
    let line = at;
    while (isIndent(codes[line - 1])) line--;
    if (line !== start && codes[line - 1] !== newline) continue;
    let after = at + 3;
    while (isIndent(codes[after])) after++;
    if (after === at + 3 || !text.startsWith("script", after)) continue;
    after += 6;
    while (isIndent(codes[after])) after++;
    const code = codes[after];
    if (code === newline || code === hash || code === undefined) return line;
  }
  return -1;
}

function isIndent(code: number | undefined): boolean {
  return code === space || code === tab || code === carriageReturn;
}

/** A body without the indentation that all of its lines share with the first; `lines` is the body, split. */
function unindent(body: string, lines: readonly string[]): string {
  let length = 0;
  while (isIndent(body.charCodeAt(length))) length++;
  let indent = body.slice(0, length);
  while (indent !== "") {
    const parts = body.slice(indent.length).split(`\n${indent}`);
    // The last of the lines is what follows the last newline: nothing.
    if (parts.length === lines.length - 1) return parts.join("\n");
    indent = commonStart(indent, lines);
  }
  return body;
}

/** What all lines but the last one start with, of this text; less than all of it. */
function commonStart(start: string, lines: readonly string[]): string {
  let common = start;
  for (const line of lines.slice(0, -1)) {
    if (line.startsWith(common)) continue;
    let length = 0;
    while (line.charCodeAt(length) === common.charCodeAt(length)) length++;
    common = common.slice(0, length);
  }
  return common;
}

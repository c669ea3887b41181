import type { Condition, MatchCondition, OperatorCondition } from "../events/condition.ts";
import type { Lexer } from "./lexer.ts";

/**
 * The conditions of `start on` and `stop on` (docs/upstart.md#23-conditions): events with arguments, `and` and `or` of
 * equal precedence folded from the left, parentheses. Inside parentheses each token may be followed by one newline; an
 * empty line there is an error in Upstart, and so it is here.
 */

/** Most events, and most open parentheses. A tree is as deep as it has events, and whoever walks it recurses. */
export const mostEvents = 256;

const openParenthesis = 40;
const closeParenthesis = 41;
const backslash = 92;
const noArguments: readonly string[] = Object.freeze([]);

/** A parenthesis that is open, or the whole condition. */
interface Level {
  /** Where its parenthesis is. */
  readonly start: number;
  left: Condition | null;
  operator: OperatorCondition["type"] | null;
  operatorStart: number;
}

type OpenMatch = { -readonly [Key in keyof MatchCondition]: MatchCondition[Key] };

/** Reads a condition up to the end of its line. Throws the errors of docs/upstart.md#23-conditions. */
export function readCondition(lexer: Lexer): Condition {
  const outer: Level[] = [];
  let level = newLevel(lexer.position);
  /** The event that arguments still go to. */
  let match: OpenMatch | null = null;
  /** An event that no operator leads to. Upstart finds that out at the next token that is no argument. */
  let stray: Stray | null = null;
  let events = 0;
  let line = lexer.line;
  if (lexer.atLineEnd()) lexer.failMissing();
  while (!(outer.length === 0 ? lexer.atLineEnd() : lexer.atEnd())) {
    const expectsOperand = level.left === null || level.operator !== null;
    const next = lexer.next;
    line = lexer.line;
    if (next === openParenthesis) {
      refuseStray(lexer, stray, line);
      if (!expectsOperand) lexer.failAt("expected-operator", lexer.position, line, 1);
      if (outer.length >= mostEvents) lexer.failAt("too-many-events", lexer.position, line, 1);
      outer.push(level);
      level = newLevel(lexer.position);
      match = null;
      lexer.skipCharacter();
    } else if (next === closeParenthesis) {
      refuseStray(lexer, stray, line);
      if (expectsOperand) lexer.failAt("expected-event", lexer.position, line, 1);
      const enclosing = outer.pop();
      if (enclosing === undefined) lexer.failAt("mismatched-parentheses", lexer.position, line, 1);
      addOperand(enclosing, level.left as Condition);
      level = enclosing;
      match = null;
      lexer.skipCharacter();
    } else {
      const word = lexer.operand();
      if (isOperator(lexer, word)) {
        refuseStray(lexer, stray, line);
        if (expectsOperand) lexer.failToken("expected-event");
        level.operator = word;
        level.operatorStart = lexer.tokenStart;
        match = null;
      } else if (match !== null) addArgument(lexer, match, word);
      else {
        if (++events > mostEvents) lexer.failToken("too-many-events");
        match = { type: "match", event: word, args: noArguments };
        if (expectsOperand) addOperand(level, match);
        else stray = { start: lexer.tokenStart, length: lexer.tokenEnd - lexer.tokenStart };
      }
    }
    if (outer.length > 0 && lexer.atLineEnd() && lexer.nextLine()) lexer.failMissing();
  }
  refuseStray(lexer, stray, line);
  if (level.operator !== null) {
    lexer.failAt("expected-event", level.operatorStart, line, level.operator.length);
  }
  if (level.left === null) lexer.failAt("expected-event", level.start, line, 1);
  if (outer.length > 0) lexer.failAt("mismatched-parentheses", level.start, lexer.line, 1);
  return level.left;
}

function newLevel(start: number): Level {
  return { start, left: null, operator: null, operatorStart: 0 };
}

/** Where an event stands that should have had an operator in front of it. */
interface Stray {
  readonly start: number;
  readonly length: number;
}

function refuseStray(lexer: Lexer, stray: Stray | null, line: number): void {
  if (stray !== null) lexer.failAt("expected-operator", stray.start, line, stray.length);
}

/** A quoted `and` is an ordinary word; one that a continued line is glued to is none. */
function isOperator(lexer: Lexer, word: string): word is OperatorCondition["type"] {
  if (word !== "and" && word !== "or") return false;
  const { text, tokenStart, tokenEnd } = lexer;
  const after = tokenStart + word.length;
  return after === tokenEnd || (text.startsWith(word, tokenStart) && text.charCodeAt(after) === backslash);
}

function addOperand(level: Level, operand: Condition): void {
  const { left, operator } = level;
  level.left = left === null || operator === null ? operand : { type: operator, left, right: operand };
  level.operator = null;
}

function addArgument(lexer: Lexer, match: OpenMatch, argument: string): void {
  const { args } = match;
  const last = args[args.length - 1];
  if (last?.includes("=") && !argument.includes("=")) lexer.failReached("expected-variable");
  if (args === noArguments) match.args = [argument];
  else (args as string[]).push(argument);
}

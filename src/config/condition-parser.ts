import type { Condition, MatchCondition, OperatorCondition } from "../events/condition.ts";
import type { Lexer } from "./lexer.ts";

/**
 * The conditions of `start on` and `stop on` (reference 2.6): events with arguments, `and` and `or` of equal
 * precedence folded from the left, parentheses. Inside parentheses each token may be followed by one newline; an
 * empty line there is an error in Upstart, and so it is here.
 */

/** Most events, and most open parentheses. A tree is as deep as it has events, and whoever walks it recurses. */
export const mostEvents = 256;

const openParenthesis = 40;
const closeParenthesis = 41;
const noArguments: readonly string[] = Object.freeze([]);

/** A parenthesis that is open, or the whole condition. */
interface Level {
  /** Where its parenthesis is. */
  readonly start: number;
  left: Condition | null;
  operator: OperatorCondition["type"] | null;
  operatorStart: number;
  operatorLine: number;
}

type OpenMatch = { -readonly [Key in keyof MatchCondition]: MatchCondition[Key] };

/** Reads a condition up to the end of its line. Throws the errors of reference 2.6. */
export function readCondition(lexer: Lexer): Condition {
  const outer: Level[] = [];
  let level = newLevel(lexer.position);
  /** The event that arguments still go to. */
  let match: OpenMatch | null = null;
  let events = 0;
  if (lexer.atLineEnd()) lexer.failMissing();
  while (!(outer.length === 0 ? lexer.atLineEnd() : lexer.atEnd())) {
    const expectsOperand = level.left === null || level.operator !== null;
    const next = lexer.next;
    if (next === openParenthesis) {
      if (!expectsOperand) lexer.failAt("expected-operator", lexer.position, lexer.line, 1);
      if (outer.length >= mostEvents) lexer.failAt("too-many-events", lexer.position, lexer.line, 1);
      outer.push(level);
      level = newLevel(lexer.position);
      match = null;
      lexer.skipCharacter();
    } else if (next === closeParenthesis) {
      if (expectsOperand) lexer.failAt("expected-event", lexer.position, lexer.line, 1);
      const enclosing = outer.pop();
      if (enclosing === undefined) lexer.failAt("mismatched-parentheses", lexer.position, lexer.line, 1);
      addOperand(enclosing, level.left as Condition);
      level = enclosing;
      match = null;
      lexer.skipCharacter();
    } else {
      const word = lexer.operand();
      if (isOperator(word, lexer.tokenEnd - lexer.tokenStart)) {
        if (expectsOperand) lexer.failToken("expected-event");
        level.operator = word;
        level.operatorStart = lexer.tokenStart;
        level.operatorLine = lexer.tokenLine;
        match = null;
      } else if (expectsOperand) {
        if (++events > mostEvents) lexer.failToken("too-many-events");
        match = { type: "match", event: word, args: noArguments };
        addOperand(level, match);
      } else if (match !== null) addArgument(lexer, match, word);
      else lexer.failToken("expected-operator");
    }
    if (outer.length > 0 && lexer.atLineEnd()) {
      lexer.nextLine();
    }
  }
  if (level.operator !== null) {
    lexer.failAt("expected-event", level.operatorStart, level.operatorLine, level.operator.length);
  }
  if (outer.length > 0) lexer.failAt("mismatched-parentheses", level.start, lexer.line, 1);
  return level.left as Condition;
}

function newLevel(start: number): Level {
  return { start, left: null, operator: null, operatorStart: 0, operatorLine: 0 };
}

/** A quoted `and` is an ordinary word, so the length that the word has in the file counts. */
function isOperator(word: string, sourceLength: number): word is OperatorCondition["type"] {
  return (word === "and" || word === "or") && word.length === sourceLength;
}

function addOperand(level: Level, operand: Condition): void {
  const { left, operator } = level;
  level.left = left === null || operator === null ? operand : { type: operator, left, right: operand };
  level.operator = null;
}

function addArgument(lexer: Lexer, match: OpenMatch, argument: string): void {
  const { args } = match;
  const last = args[args.length - 1];
  if (last?.includes("=") && !argument.includes("=")) lexer.failToken("expected-variable");
  if (args === noArguments) match.args = [argument];
  else (args as string[]).push(argument);
}

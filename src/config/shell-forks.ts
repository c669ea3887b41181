/**
 * Whether the shell of a script forks before it gives its process to a command by a final `exec`, for the checker: only
 * then are forks counted that the service did not make. Reads what scripts of jobs consist of; in doubt, it forks.
 */

/** What the shell does itself (dash(1)). */
const builtins = new Set(
  `. : [ alias break cd command continue echo eval exit export false getopts hash kill local printf pwd read readonly
  return set shift test times trap true type ulimit umask unalias unset`.split(/\s+/),
);
/** Words after which another command begins. */
const leading = new Set("! { } do done elif else esac fi if then until while".split(" "));
const opening = new Set("if case for while until {".split(" "));
const closing = new Set("fi esac done }".split(" "));

const token =
  /#[^\n]*|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]|\$\(\((?:[^)]|\)(?!\)))*\)\)|\d*(?:>>|>&|<&|>\||<>|<<-?|>|<)|&&|\|\||;;|[|&;()\n]|[ \t\r]+|\$\(|(?:\$\{[^}]*\}|\$(?!\()|[^\s'"\\|&;()<>$])+/g;

/** A command between two others: where its first word may be, and what of it was read. */
interface Reading {
  /** The next word is a command's name. */
  atStart: boolean;
  /** `case … in` and `for … do`: words that are none. */
  waitsFor: "in" | "do" | ")" | null;
  depth: number;
  /** The command is an `exec`, by itself or with a command. */
  exec: "none" | "bare" | "command";
  /** The command before this one replaced the shell. */
  endsInExec: boolean;
}

export function shellForks(script: string): boolean {
  const text = script.replace(/<<-?[ \t]*(['"]?)(\w+)\1([^\n]*)\n[\s\S]*?\n[ \t]*\2(?=\n|$)/g, "$3");
  const functions = new Set([...text.matchAll(/^[ \t]*(\w+)[ \t]*\(\)/gm)].map(([, name]) => name as string));
  const reading: Reading = { atStart: true, waitsFor: null, depth: 0, exec: "none", endsInExec: false };
  let word = "";
  let target = false;
  for (const [part] of `${text.replace(/^[ \t]*\w+[ \t]*\(\)/gm, "")}\n`.matchAll(token)) {
    if (part.startsWith("#") && word === "") continue;
    if (/^[^']*(`|\$\((?!\())/.test(part)) return true;
    if (!/^([|&;()\n]|\d*[<>]|[ \t\r])/.test(part)) {
      word += part;
      continue;
    }
    if (word !== "" && !target && takeWord(word, reading, functions)) return true;
    if (word !== "") target = false;
    word = "";
    if (/^\d*[<>]/.test(part)) target = true;
    if (!/^[|&;()\n]/.test(part)) continue;
    if (takeOperator(part, reading)) return true;
    if (reading.endsInExec && reading.depth === 0 && reading.exec === "command") return false;
    reading.exec = "none";
  }
  return !reading.endsInExec;
}

/** True if the word is a command that the shell forks for. */
function takeWord(word: string, reading: Reading, functions: ReadonlySet<string>): boolean {
  if (reading.waitsFor !== null) {
    if (word === "esac" && reading.waitsFor === ")") {
      reading.depth -= 1;
      reading.waitsFor = null;
    } else if (word === reading.waitsFor) {
      reading.atStart = word === "do";
      reading.waitsFor = word === "in" ? ")" : null;
    }
    return false;
  }
  if (reading.exec === "bare") reading.exec = "command";
  if (!reading.atStart || /^\w+=/.test(word)) return false;
  if (opening.has(word)) reading.depth += 1;
  if (closing.has(word)) reading.depth -= 1;
  if (leading.has(word)) return false;
  reading.atStart = false;
  if (word === "case" || word === "for") {
    reading.waitsFor = word === "case" ? "in" : "do";
    return false;
  }
  reading.endsInExec = false;
  if (word === "exec") reading.exec = "bare";
  return word !== "exec" && !builtins.has(word) && !functions.has(word);
}

/** True if the operator makes the shell fork. */
function takeOperator(operator: string, reading: Reading): boolean {
  if (reading.waitsFor === ")") {
    if (operator === ")") {
      reading.waitsFor = null;
      reading.atStart = true;
    }
    return false;
  }
  if (reading.waitsFor === "do") return false;
  if (operator === "|" || operator === "&" || operator === "(") return true;
  if (reading.exec === "command") reading.endsInExec = true;
  reading.atStart = true;
  if (operator === ";;") reading.waitsFor = ")";
  return false;
}

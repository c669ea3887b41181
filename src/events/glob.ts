/**
 * Whether `text` matches the shell pattern, as fnmatch(3) without flags decides it: `*`, `?`, `[abc]`, `[!abc]`,
 * `[a-z]`, `[[:digit:]]` and the backslash escape; `*` and `?` also match a slash and a leading dot. Only the last
 * star is ever gone back to, so the time is bounded by the product of both lengths.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let starPosition = 0;
  for (;;) {
    if (at < pattern.length && pattern[at] === "*") {
      star = at++;
      starPosition = position;
      continue;
    }
    const element = at < pattern.length ? matchElement(pattern, at, text, position) : 0;
    if (element > 0) {
      at = element;
      position += characterLength(text, position);
      continue;
    }
    if (at === pattern.length && position === text.length) return true;
    if (star < 0 || starPosition >= text.length) return false;
    starPosition += characterLength(text, starPosition);
    position = starPosition;
    at = star + 1;
  }
}

/** Whether the pattern matches only the text that it is. */
export function isLiteral(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "*" || character === "?" || character === "[" || character === "\\") return false;
  }
  return true;
}

/** Code units of the character at this position: two for one outside the basic plane. */
function characterLength(text: string, position: number): number {
  return (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
}

/** Matches one pattern element against one character: the position after the element, or 0 if it doesn't match. */
function matchElement(pattern: string, at: number, text: string, position: number): number {
  if (position >= text.length) return 0;
  const wanted = pattern.codePointAt(at) ?? 0;
  const found = text.codePointAt(position) ?? 0;
  if (pattern[at] === "?") return at + 1;
  if (pattern[at] === "[") {
    const bracket = matchBracket(pattern, at, found);
    if (bracket !== 0) return Math.max(bracket, 0);
  } else if (pattern[at] === "\\") {
    // A pattern that ends in a backslash matches nothing.
    return pattern.codePointAt(at + 1) === found ? at + 1 + characterLength(pattern, at + 1) : 0;
  }
  return wanted === found ? at + characterLength(pattern, at) : 0;
}

/** The position after the bracket expression, -1 if it doesn't match, 0 if it is not closed and so is no bracket. */
function matchBracket(pattern: string, open: number, found: number): number {
  let at = open + 1;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at += 1;
  let matched = false;
  for (let first = true; ; first = false) {
    if (at >= pattern.length) return 0;
    if (pattern[at] === "]" && !first) break;
    const named = pattern.startsWith("[:", at) ? pattern.indexOf(":]", at + 2) : -1;
    if (named > 0) {
      matched ||= isInClass(pattern.slice(at + 2, named), found);
      at = named + 2;
      continue;
    }
    if (pattern[at] === "\\") at += 1;
    const from = pattern.codePointAt(at);
    if (from === undefined) return 0;
    at += characterLength(pattern, at);
    let to = from;
    if (pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]") {
      at += pattern[at + 1] === "\\" ? 2 : 1;
      to = pattern.codePointAt(at) ?? 0;
      at += characterLength(pattern, at);
    }
    matched ||= from <= found && found <= to;
  }
  return matched !== negated ? at + 1 : -1;
}

/** The classes of the C locale, which is the one that init runs in. */
function isInClass(name: string, code: number): boolean {
  const isBetween = (low: string, high: string): boolean =>
    low.charCodeAt(0) <= code && code <= high.charCodeAt(0);
  const digit = isBetween("0", "9");
  const lower = isBetween("a", "z");
  const upper = isBetween("A", "Z");
  switch (name) {
    case "digit":
      return digit;
    case "lower":
      return lower;
    case "upper":
      return upper;
    case "alpha":
      return lower || upper;
    case "alnum":
      return digit || lower || upper;
    case "xdigit":
      return digit || isBetween("a", "f") || isBetween("A", "F");
    case "blank":
      return code === 0x20 || code === 0x09;
    case "space":
      return code === 0x20 || (code >= 0x09 && code <= 0x0d);
    case "punct":
      return isBetween("!", "~") && !(digit || lower || upper);
    case "print":
      return isBetween(" ", "~");
    case "graph":
      return isBetween("!", "~");
    case "cntrl":
      return code < 0x20 || code === 0x7f;
    default:
      return false;
  }
}

/**
 * What could steer a terminal, break a line or turn it around: control characters (C0 but for tab, C1), line and paragraph
 * separators, and the marks of Unicode's bidirectional algorithm.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const harmful = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** The text with each such character as `?`: names and variables come from outside. */
export function harmless(text: string): string {
  if (!harmful.test(text)) return text;
  return text.replace(new RegExp(harmful, "g"), "?");
}

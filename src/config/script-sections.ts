/**
 * The script sections of a configuration file, found by their lines alone as Upstart's init-checkconf does: so a
 * script is checked even if the rest of the file is wrong. Pure.
 */

/** In the order in which they are checked (docs/upstart.md#102-init-checkconf). */
const sectionOrder = ["pre-start", "post-start", "script", "pre-stop", "post-stop"] as const;
export type SectionName = (typeof sectionOrder)[number];

export interface ScriptSection {
  readonly name: SectionName;
  /** Line of the first line of the body, 1-based. */
  readonly line: number;
  readonly body: string;
}

const opening = /^[ \t\r]*(?:(pre-start|post-start|pre-stop|post-stop)[ \t\r]+)?script[ \t\r]*(?:#.*)?$/;
const closing = /^[ \t\r]*end[ \t\r]+script[ \t\r]*(?:#.*)?$/;

/** All sections that are closed, by kind and then by line. */
export function scriptSections(text: string): ScriptSection[] {
  const found: ScriptSection[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const header = opening.exec(lines[at] as string);
    if (header === null) continue;
    let end = at + 1;
    while (end < lines.length && !closing.test(lines[end] as string)) end++;
    if (end === lines.length) break;
    const body = lines.slice(at + 1, end);
    const name = (header[1] ?? "script") as SectionName;
    found.push({ name, line: at + 2, body: body.map((line) => `${line}\n`).join("") });
    at = end;
  }
  return sectionOrder.flatMap((name) => found.filter((section) => section.name === name));
}

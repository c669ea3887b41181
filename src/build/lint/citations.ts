/** Rule: what a comment or a page cites is there, down to the section. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { type Finding, lineOf, type Source } from "./sources.ts";

/** Forms that cite documents which are not in the repository. */
const nowhere =
  /\breference (?:section )?\d+\.\d|\b[Dd]esign\s(?:\*\s|\/\/\s)?section\b|\bfacts? \(\d|\(facts? \d|\bobserved, section\b/g;
const link = /\]\(([^)\s]+)\)/g;
/** A document with or without a section, or another file of the project, in running text. */
const mention =
  /(?<![\w/]|\]\()(docs\/[\w/-]+\.md)(#[\w-]+)?|(?<![\w./@-])((?:bin|images|man|src|test)\/[\w./-]+\.(?:ts|c|h|md|[58]))\b/g;

/** The anchors of a page, as GitHub makes them of its headings. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title] of markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)) {
    const text = (title as string).replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Every citation in `sources` that leads nowhere. `root` is the project's directory. */
export function brokenCitations(root: string, sources: readonly Source[]): Finding[] {
  const anchors = new Map(
    sources.filter(({ path }) => path.endsWith(".md")).map(({ path, text }) => [path, anchorsOf(text)]),
  );
  const findings: Finding[] = [];
  for (const { path, text } of sources) {
    const report = (offset: number, message: string): void => {
      findings.push({ path, line: lineOf(text, offset), message });
    };
    const check = (offset: number, target: string, anchor: string): void => {
      if (!existsSync(join(root, target))) report(offset, `cites ${target}, which does not exist`);
      else if (anchor !== "" && anchors.get(target)?.has(anchor) !== true)
        report(offset, `cites ${target}#${anchor}, which has no such section`);
    };
    for (const match of text.matchAll(nowhere)) report(match.index, `cites nothing: ${match[0]}`);
    if (path.endsWith(".md"))
      for (const match of text.matchAll(link)) {
        const [file = "", anchor = ""] = (match[1] as string).split("#");
        if (!/^\w+:/.test(file))
          check(match.index, file === "" ? path : normalize(join(dirname(path), file)), anchor);
      }
    for (const match of prose(path, text).matchAll(mention))
      check(match.index, (match[1] ?? match[3]) as string, (match[2] ?? "").slice(1));
  }
  return [...findings, ...missingNeighbours(root, sources)];
}

/** The comments of a source, or the whole of a page; everything else blank, so that offsets stay. */
function prose(path: string, text: string): string {
  if (path.endsWith(".md")) return text;
  if (!/\.(?:ts|mjs|c|h)$/.test(path)) return "";
  const blank = (part: string): string => part.replace(/[^\n]/g, " ");
  let out = "";
  let end = 0;
  for (const { index, 0: comment } of text.matchAll(/^ *\/\/.*$|(?<=\s)\/\/ .*$|\/\*[\s\S]*?\*\//gm)) {
    out += blank(text.slice(end, index)) + comment;
    end = index + comment.length;
  }
  return out + blank(text.slice(end));
}

/** A comment that names a file in backticks, as in `world.ts`, means one of that name somewhere in the project. */
function missingNeighbours(root: string, sources: readonly Source[]): Finding[] {
  const names = new Set([...sources.map(({ path }) => basename(path)), ...readdirSync(root)]);
  const findings: Finding[] = [];
  for (const { path, text } of sources) {
    if (!path.endsWith(".ts")) continue;
    for (const match of prose(path, text).matchAll(/`([\w-]+(?:\.\w+)*\.(?:ts|c|h|md))`/g))
      if (!names.has(match[1] as string))
        findings.push({
          path,
          line: lineOf(text, match.index),
          message: `names ${match[1]}, which does not exist`,
        });
  }
  return findings;
}

/** The text files of the project, as the rules of `npm run lint` read them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Source {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

/** What a rule found; lines count from 1. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Directories that hold text of ours, and files beside them. */
const tops = ["bin", "docs", "images", "man", "src", "test"];
const readable = /\.(?:ts|mjs|c|h|md|conf|[58])$|(?:^|\/)Dockerfile$/;

/** All files of the project that people write, in the order of their paths. `root` is the project's directory. */
export function readSources(root: string): Source[] {
  const nested = tops.flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((name) => `${top}/${name}`),
  );
  const own = readdirSync(root).filter((name) => !tops.includes(name) && !name.startsWith("."));
  return [...own, ...nested]
    .filter(
      (path) => readable.test(path) && !path.includes("node_modules") && statSync(join(root, path)).isFile(),
    )
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The line, from 1, of an offset in a text. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

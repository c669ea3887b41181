import * as native from "upinit:native";
import { ownEvents } from "../events/own-events.ts";
import type { JobClass } from "../jobs/job-class.ts";
import { ENOENT } from "../runtime/errno.ts";
import { type Diagnostic, locate } from "./diagnostics.ts";
import { largestFile, readProblem } from "./directory.ts";
import { isDirectory, isIgnoredDirectory, jobNameOf } from "./has-jobs.ts";
import {
  lintConditions,
  lintJob,
  lintRequirements,
  lintValuesOf,
  lintWithoutShell,
  type SeenStanza,
} from "./lint.ts";
import { parseJob } from "./parser.ts";
import { type SectionName, scriptSections } from "./script-sections.ts";
import { hasShell, shellComplaint } from "./shell-syntax.ts";

/**
 * The engine of init-checkconf (docs/upstart.md#102-init-checkconf): reads files and directories and says what is wrong
 * with them. Needs no running init, no rights but to read, and writes nothing anywhere.
 */

export interface CheckOptions {
  /** Have `sh -n` read the script sections. */
  readonly scripts: boolean;
}

/** What came out for one file. */
export interface CheckedFile {
  /** As the user named it, or DIRECTORY/NAME. */
  readonly file: string;
  /**
   * Upstart's text behind `ERROR: `; null if there is nothing wrong. May have several lines, the last one without
   * newline.
   */
  readonly error: string | null;
  /** Errors and warnings, each with its place. */
  readonly diagnostics: readonly Diagnostic[];
  /** What it defines; null where it has an error. */
  readonly jobClass: JobClass | null;
}

interface LoadedFile {
  readonly jobClass: JobClass;
  readonly text: string;
  readonly seen: readonly SeenStanza[];
  readonly path: string;
}

type MutableResult = { -readonly [Key in Exclude<keyof CheckedFile, "jobClass">]: CheckedFile[Key] } & {
  loaded: LoadedFile | null;
};

const typeMask = 0o170000;
const directory = 0o040000;

/**
 * Checks files and whole directories, in the order given; a directory's files in the order in which they are loaded.
 */
export function checkPaths(paths: readonly string[], options: CheckOptions): CheckedFile[] {
  const scripts = options.scripts && hasShell();
  return paths.flatMap((path) => {
    const found = native.stat(path, true);
    const isTree = typeof found !== "number" && ((found[0] as number) & typeMask) === directory;
    return (isTree ? checkTree(path, scripts) : [checkFile(path, baseName(path), scripts)]).map(
      ({ file, error, diagnostics, loaded }) => ({
        file,
        error,
        diagnostics,
        jobClass: loaded?.jobClass ?? null,
      }),
    );
  });
}

/** Whether script sections can be checked at all. */
export { hasShell };

function checkFile(file: string, name: string, scripts: boolean, base?: JobClass): MutableResult {
  const text = native.readFile(file, largestFile);
  // A file that is not there outranks a wrong name, as in Upstart.
  if (text === -ENOENT) return failed(file, `File ${file} does not exist`);
  if (base === undefined && jobNameOf(baseName(file)) === null) return failed(file, "File must end in .conf");
  if (typeof text === "number") {
    const problem = readProblem(file, -text);
    return failed(
      file,
      `File ${file} cannot be read: ${problem.message.split(": ").slice(1).join(": ")}`,
      problem,
    );
  }
  const job = name.replace(/\.[a-z]+$/, "");
  const seen: SeenStanza[] = [];
  const result = parseJob(text, {
    name: job,
    path: file,
    observe: (stanza, offset, line) => seen.push({ name: stanza, offset, line }),
    ...(base === undefined ? {} : { base }),
  });
  const complaint = scripts ? firstComplaint(text, file) : null;
  const syntax = result.ok ? [] : [result.diagnostic];
  const loaded = result.ok ? { jobClass: result.jobClass, text, seen, path: file } : null;
  const warnings = loaded === null ? [] : lintJob(text, loaded.jobClass, seen, file);
  if (loaded !== null && !hasShell()) warnings.push(...lintWithoutShell(loaded));
  const wrong = loaded === null ? [] : lintValuesOf(loaded);
  let error: string | null = null;
  if (complaint !== null) {
    error = `File ${file}: shell syntax invalid in ${complaint.section} section:\n${complaint.output}`;
  } else if (!result.ok) {
    const { line, message } = result.diagnostic;
    error = `File ${file}: syntax invalid:\nupstart:${baseName(file)}:${line}: ${message}`;
  }
  const [first] = wrong;
  if (first !== undefined) error ??= `File ${file}: line ${first.line}: ${first.message}`;
  const diagnostics = [
    ...(complaint === null ? [] : [complaint.diagnostic]),
    ...syntax,
    ...wrong,
    ...warnings,
  ];
  return { file, error, diagnostics, loaded };
}

/** All job files below a directory, with their overrides, and what only shows when they are seen together. */
function checkTree(root: string, scripts: boolean): MutableResult[] {
  const results: MutableResult[] = [];
  const top = root.length > 1 ? root.replace(/\/+$/, "") : root;
  const waiting = [""];
  for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
    const path = prefix === "" ? top : `${top}/${prefix.slice(0, -1)}`;
    const listing = native.readDirectory(path);
    if (typeof listing === "number") {
      results.push(failed(path, `Directory ${path} cannot be read: ${native.errorText(-listing)}`));
      continue;
    }
    const below: string[] = [];
    for (const [index, name] of listing.names.entries()) {
      const entry = `${path}/${name}`;
      const job = jobNameOf(name);
      if (job !== null) results.push(...checkWithOverride(entry, prefix + job, scripts));
      if (!isDirectory(entry, listing.types[index] as number) || isIgnoredDirectory(name)) continue;
      below.push(`${prefix}${name}/`);
    }
    waiting.push(...below.reverse());
  }
  if (results.length === 0) return [failed(root, `Directory ${root} holds no configuration file`)];
  addConditionWarnings(results);
  addRequirementErrors(results);
  return results;
}

function checkWithOverride(conf: string, job: string, scripts: boolean): MutableResult[] {
  const result = checkFile(conf, `${job}.conf`, scripts);
  const override = `${conf.slice(0, -".conf".length)}.override`;
  if (result.loaded === null || typeof native.stat(override, false) === "number") return [result];
  const laid = checkFile(override, `${job}.override`, scripts, result.loaded.jobClass);
  // What the override doesn't say is not its fault, so it gets no warnings of its own.
  laid.diagnostics = laid.diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  if (laid.loaded !== null) result.loaded = { ...result.loaded, jobClass: laid.loaded.jobClass };
  laid.loaded = null;
  return [result, laid];
}

function addConditionWarnings(results: readonly MutableResult[]): void {
  const loaded = results.flatMap((result) => (result.loaded === null ? [] : [result.loaded]));
  for (const warning of lintConditions(loaded, ownEvents)) {
    const result = results.find((one) => one.file === warning.path);
    if (result !== undefined) result.diagnostics = [...result.diagnostics, warning];
  }
}

function addRequirementErrors(results: readonly MutableResult[]): void {
  const loaded = results.flatMap((result) => (result.loaded === null ? [] : [result.loaded]));
  for (const error of lintRequirements(loaded)) {
    const result = results.find((one) => one.file === error.path);
    if (result === undefined) continue;
    result.diagnostics = [...result.diagnostics, error];
    result.error ??= `File ${error.path}: line ${error.line}: ${error.message}`;
  }
}

interface Complaint {
  readonly section: SectionName;
  /** What the shell wrote, without its last newline. */
  readonly output: string;
  readonly diagnostic: Diagnostic;
}

/** The first script section that the shell can't read. */
function firstComplaint(text: string, file: string): Complaint | null {
  for (const { name, line, body } of scriptSections(text)) {
    const output = shellComplaint(body).trimEnd();
    if (output === "") continue;
    // dash says `sh: 3: Syntax error`, bash `sh: line 3: syntax error`.
    const inside = Number(/: (?:line )?([0-9]{1,6}): /.exec(output)?.[1] ?? "1");
    const last = line + body.split("\n").length - 2;
    const at = Math.max(line, Math.min(line + inside - 1, last));
    const reason = (output.split("\n")[0] ?? "").replace(/^.*?: (?:line )?[0-9]{1,6}: /, "");
    const message = `Shell syntax error: ${reason.replace(/^syntax error:? /i, "")}`;
    const diagnostic: Diagnostic = {
      code: "shell-syntax",
      severity: "error",
      path: file,
      line: at,
      message,
      place: locate(text, offsetOfLine(text, at), 1),
      stanza: name,
      word: "",
      choices: [],
    };
    return { section: name, output, diagnostic };
  }
  return null;
}

/** Where the text of a line starts, its indentation left out. */
function offsetOfLine(text: string, line: number): number {
  let at = 0;
  for (let count = 1; count < line; count++) at = text.indexOf("\n", at) + 1;
  while (/[ \t]/.test(text[at] ?? "")) at++;
  return at;
}

function failed(file: string, error: string, diagnostic?: Diagnostic): MutableResult {
  const path = file;
  const general: Diagnostic = {
    code: "unreadable",
    severity: "error",
    path,
    line: null,
    message: error,
    place: null,
    stanza: "",
    word: "",
    choices: [],
  };
  return { file, error, diagnostics: [diagnostic ?? general], loaded: null };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

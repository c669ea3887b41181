import * as native from "upinit:native";
import { Command, CommanderError } from "commander";
import { type CheckedFile, checkPaths, hasShell } from "../config/checkconf.ts";
import { detailsOf } from "../config/details.ts";
import { explain, toJson } from "../config/explain.ts";
import { lookUp } from "../control/socket-path.ts";
import type { JobClass } from "../jobs/job-class.ts";
import { printJson, write } from "./output.ts";

/**
 * init-checkconf: the face of `src/config/checkconf.ts`. Without an option of upinit's own and away from a terminal,
 * what it prints and how it ends are Upstart's to the letter (docs/upstart.md#102-init-checkconf).
 */

interface Options {
  readonly file?: string;
  readonly noscript?: true;
  readonly debug?: true;
  readonly initctlPath?: string;
  readonly upstartPath?: string;
  readonly explain?: true;
  readonly json?: true;
  readonly strict?: true;
  readonly verbose?: true;
}

const executable = 1;

/** Exit status 0 if all files are right, else 1. */
export function main(argv: readonly string[]): number {
  const command = describe();
  try {
    command.parse(argv.slice(1), { from: "user" });
  } catch (error) {
    // Upstart's own ends with 1 after its help, too.
    if (error instanceof CommanderError) return error.code === "commander.version" ? 0 : 1;
    throw error;
  }
  const options = command.opts<Options>();
  const files = [...(options.file === undefined ? [] : [options.file]), ...command.args];
  if (files.length === 0) return refuse("Must specify configuration file");
  for (const tool of [options.initctlPath, options.upstartPath]) {
    if (tool === undefined) continue;
    if (typeof native.stat(tool, true) === "number") return refuse(`Path ${tool} does not exist`);
    if (native.access(tool, executable) !== 0) return refuse(`File ${tool} not executable`);
  }
  return report(checkPaths(files, { scripts: options.noscript !== true }), options);
}

function describe(): Command {
  const command = new Command("init-checkconf");
  return command
    .description("Check job configuration files: their syntax, and that of their shell scripts.")
    .usage("[OPTION]... FILE|DIRECTORY...")
    .argument("[files...]", "configuration files, or directories of them")
    .option("-f, --file <file>", "check this file")
    .option("-s, --noscript", "do not have the shell check script sections")
    .option(
      "-v, --verbose",
      "show what follows from a file: the next times of schedules, what checks lead to",
    )
    .option("--explain", "show the source line, what to do about it, and warnings; usual on a terminal")
    .option("--json", "print all that was found as JSON")
    .option("--strict", "take warnings for errors")
    .option("-d, --debug", "no effect; accepted as Upstart does")
    .option("-i, --initctl-path <path>", "not needed; must be executable if given")
    .option("-x, --upstart-path <path>", "not needed; must be executable if given")
    .helpOption("-h, --help", "show this help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(1, text),
      writeErr: (text) => write(2, text),
      outputError: (text) => write(2, `ERROR: ${text.replace(/^error: /, "")}`),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function report(results: readonly CheckedFile[], options: Options): number {
  const isBad = (result: CheckedFile): boolean =>
    result.error !== null || (options.strict === true && result.diagnostics.length > 0);
  const status = results.some(isBad) ? 1 : 0;
  if (options.json === true) {
    printJson(
      results.map((result) => ({
        file: result.file,
        ok: !isBad(result),
        diagnostics: result.diagnostics.map((diagnostic) => toJson(diagnostic, diagnostic.path)),
      })),
    );
    return status;
  }
  const explains = options.explain === true || options.strict === true || native.isTerminal(2);
  if (explains && options.noscript !== true && !hasShell()) {
    write(2, "init-checkconf: no /bin/sh here, so script sections are not checked\n");
  }
  for (const result of results) {
    if (result.error !== null) write(2, `ERROR: ${result.error}\n`);
    else if (isBad(result)) write(2, `ERROR: File ${result.file}: not without warnings\n`);
    else write(1, `File ${result.file}: syntax ok\n`);
    if (options.verbose === true && result.jobClass !== null)
      for (const line of details(result.jobClass)) write(1, `  ${line}\n`);
    if (!explains) continue;
    for (const diagnostic of result.diagnostics) write(2, explain(diagnostic, diagnostic.path));
  }
  return status;
}

function details(jobClass: JobClass): string[] {
  const now = Math.floor(native.realTime() / 1000);
  const tz = lookUp(native.environment(), "TZ") ?? null;
  return detailsOf(jobClass, now, tz, readBytes);
}

function readBytes(path: string): Uint8Array | null {
  const text = native.readFile(path, 1024 * 1024);
  return typeof text === "number" ? null : native.encode(text);
}

function refuse(text: string): number {
  write(2, `ERROR: ${text}\n`);
  return 1;
}

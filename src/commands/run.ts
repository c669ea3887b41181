import { ControlError } from "../control/client.ts";
import { CommandError, UsageError } from "./command.ts";
import { printAddition, printError, write } from "./output.ts";

/** Runs a command; whatever it throws becomes one clear line and an exit status, never a stack trace. */
export async function runGuarded(program: string, run: () => number | Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    return report(program, error);
  }
}

/** Prints what went wrong, as one clear line; gives the exit status. */
export function report(program: string, error: unknown): number {
  if (error instanceof UsageError) {
    printError(program, error.message);
    write(2, `Try \`${program} --help' for more information.\n`);
    return 1;
  }
  if (error instanceof CommandError) {
    printError(program, error.message);
    return error.status;
  }
  if (error instanceof ControlError) {
    printError(program, error.message);
    const hint = error.data.get("hint");
    if (typeof hint === "string") printAddition(hint);
    const usage = error.data.get("usage");
    if (typeof usage === "string") write(2, `Usage: ${usage}\n`);
    return 1;
  }
  printError(program, `internal error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}

/** The last part of the path that a program was called by. */
export function programName(argv: readonly string[], fallback: string): string {
  const called = argv[0] ?? fallback;
  return called.slice(called.lastIndexOf("/") + 1) || fallback;
}

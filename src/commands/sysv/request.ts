import * as native from "upinit:native";
import { ControlError } from "../../control/client.ts";
import { CommandError, type Invocation } from "../command.ts";
import { ask } from "../connection.ts";

/** Asks as the System V tools do: who may not is told in their words. `timeout` in milliseconds. */
export function askAsRoot(call: Invocation, method: string, params?: unknown, timeout?: number): unknown {
  try {
    return ask(call, method, params, timeout);
  } catch (error) {
    if (error instanceof ControlError && error.error === "PermissionDenied")
      throw new CommandError("Need to be root");
    throw error;
  }
}

const SIGTERM = 15;

/**
 * Asks for what may end everything: init terminates all that is left, this command among them, and may be quicker
 * than the command is with telling that all went well.
 */
export function askForStop(call: Invocation, method: string, params: unknown): void {
  native.ignoreSignal(SIGTERM, true);
  askAsRoot(call, method, params);
}

/**
 * PREVLEVEL as the caller's environment has it: the first letter of RUNLEVEL, N if that is empty
 * (docs/upstart.md#103-runlevels).
 */
export function previousLevel(call: Invocation): { readonly previous?: string } {
  const entry = call.environment.find((candidate) => candidate.startsWith("RUNLEVEL="));
  return entry === undefined ? {} : { previous: entry["RUNLEVEL=".length] ?? "N" };
}

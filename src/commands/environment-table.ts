import { lookUp } from "../control/socket-path.ts";
import type { Invocation, OptionSpec } from "./command.ts";

export const globalOption: OptionSpec = {
  long: "global",
  short: "g",
  help: "the variables that every job starts with, even inside a job",
};

/** Whose variables are meant: inside a job its own, elsewhere and with --global those every job starts with. */
export function tableOf(call: Invocation): { readonly job?: string; readonly instance?: string } {
  if (call.options.has("global")) return {};
  const job = lookUp(call.environment, "UPSTART_JOB");
  const instance = call.environment.find((entry) => entry.startsWith("UPSTART_INSTANCE="));
  if (job === undefined || instance === undefined) return {};
  return { job, instance: instance.slice("UPSTART_INSTANCE=".length) };
}

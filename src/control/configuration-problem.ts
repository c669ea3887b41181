import type { ConfigurationProblem } from "./daemon.ts";

/** `PATH:LINE`, or `PATH` for a problem of the whole file. */
export function placeOf({ path, line }: ConfigurationProblem): string {
  return line === null ? path : `${path}:${line}`;
}

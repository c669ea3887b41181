import type { JobStatus } from "../control/answers.ts";
import { CommandError } from "./command.ts";

/** An answer of another shape comes from an init that is too old or too new. */
export function unexpected(method: string): CommandError {
  return new CommandError(
    `The running init answered '${method}' in an unknown way: its version differs from this command's`,
  );
}

/** As much of a check as the hot commands can afford: whatever is printed is there. */
export function asJobStatus(answer: unknown, method: string): JobStatus {
  const status = answer as Partial<JobStatus> | null;
  if (
    typeof status?.name !== "string" ||
    typeof status.instance !== "string" ||
    !Array.isArray(status.processes)
  ) {
    throw unexpected(method);
  }
  return status as JobStatus;
}

export function asArray(answer: unknown, method: string): unknown[] {
  if (!Array.isArray(answer)) throw unexpected(method);
  return answer;
}

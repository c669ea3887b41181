import type { LogPriority } from "../jobs/messages.ts";

/** All priorities, from the least to the most important (reference 7.4). */
export const priorities: readonly LogPriority[] = ["debug", "info", "message", "warn", "error", "fatal"];

/** Whether a line of this priority is to be seen where `least` is the least important that is. */
export function passes(priority: LogPriority, least: LogPriority): boolean {
  return priorities.indexOf(priority) >= priorities.indexOf(least);
}

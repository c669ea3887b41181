/** How much a line of the log matters, from the least to the most (docs/upstart.md#82-log-priorities). */
export const priorities = ["debug", "info", "message", "warn", "error", "fatal"] as const;

export type LogPriority = (typeof priorities)[number];

/** Whether a line of this priority is to be seen where `least` is the least important that is. */
export function passes(priority: LogPriority, least: LogPriority): boolean {
  return priorities.indexOf(priority) >= priorities.indexOf(least);
}

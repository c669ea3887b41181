import * as native from "upinit:native";
import { procShowsOurPids } from "../runtime/proc.ts";
import { type ProcessRecord, parseStat } from "./process-record.ts";

export type { ProcessRecord } from "./process-record.ts";

/** The process as it is now; null if there is none, or no /proc. */
export function readProcess(pid: number): ProcessRecord | null {
  return procShowsOurPids() ? readShownProcess(pid) : null;
}

function readShownProcess(pid: number): ProcessRecord | null {
  const text = native.readPseudoFile(`/proc/${pid}/stat`);
  return typeof text === "string" ? parseStat(text) : null;
}

/** Whether the process lives, and is not only waiting to be reaped; without /proc whether its number is anybody's. */
export function isRunning(pid: number): boolean {
  if (!procShowsOurPids()) return native.kill(pid, 0) >= 0;
  const process = readShownProcess(pid);
  return process !== null && isLiving(process);
}

/** Whether it is more than a zombie. */
export function isLiving({ state }: ProcessRecord): boolean {
  return state !== "Z" && state !== "X";
}

/** All processes of the namespace that match, by pid; null without /proc. */
export function findProcesses(matches: (process: ProcessRecord) => boolean): ProcessRecord[] | null {
  const directory = native.readDirectory("/proc");
  if (typeof directory === "number" || !procShowsOurPids()) return null;
  const found: ProcessRecord[] = [];
  let seen = false;
  for (const name of directory.names) {
    if (!/^[0-9]+$/.test(name)) continue;
    seen = true;
    const process = readShownProcess(Number(name));
    if (process !== null && matches(process)) found.push(process);
  }
  return seen ? found.sort((one, other) => one.pid - other.pid) : null;
}

/**
 * Whether the process was executed with these variables; null if nobody can tell: its environment can't be read, or it
 * is just being executed and has none yet.
 */
export function hasEnvironment(pid: number, entries: readonly string[]): boolean | null {
  const text = native.readPseudoFile(`/proc/${pid}/environ`);
  if (typeof text === "number" || text === "") return null;
  const variables = new Set(text.split("\0"));
  return entries.every((entry) => variables.has(entry));
}

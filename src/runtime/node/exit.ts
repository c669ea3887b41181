import { exit } from "upinit:native";

let end: (status: number) => never = exit;

/** The compatible `process`, once something loads it, has listeners that want to know of the end. */
export function setExit(newEnd: (status: number) => never): void {
  end = newEnd;
}

/** Ends the process; whoever asked `process` (signal-exit) to be told, is told first. */
export function exitProcess(status: number): never {
  return end(status);
}

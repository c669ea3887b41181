import * as native from "upinit:native";
import type { Settings } from "./plain-settings.ts";

/**
 * Orphans come to a process that is not PID 1 too, and it learns of its parent's end, if that is wanted. What an option
 * asked for and the kernel refuses is told.
 */
export function adoptOrphans({ subreaper, parentDeathSignal }: Settings, tell: (text: string) => void): void {
  if (subreaper || native.getpid() !== 1) {
    const adopted = native.setSubreaper(true);
    if (subreaper && adopted < 0) tell(`cannot take orphans in (-s): ${native.errorText(-adopted)}`);
  }
  if (parentDeathSignal === 0) return;
  const asked = native.setParentDeathSignal(parentDeathSignal);
  if (asked < 0) tell(`cannot ask for a signal when the parent dies (-p): ${native.errorText(-asked)}`);
}

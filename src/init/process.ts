import * as native from "upinit:native";
import { prepareProcess } from "../shim/launch.ts";
import type { Settings } from "../shim/plain-settings.ts";

/** Computing time that one turn of PID 1 may take, in milliseconds, before it is broken off. */
const turnLimit = 2_000;
/** Of upinit itself, and of jobs whose `umask` says nothing (reference 3.9). */
export const initUmask = 0o022;

/**
 * What a process sets up before it is an init: it survives the loss of its engine, orphans come to it and no signal is
 * lost (`fresh`: the shim has seen to the latter two already). Returns the umask that it was given.
 */
export function becomeInit(settings: Settings, fresh: boolean): number {
  native.guardInit();
  native.setTurnLimit(turnLimit);
  if (fresh) prepareProcess(settings.subreaper || native.getpid() !== 1, settings.parentDeathSignal);
  return native.umask(initUmask);
}

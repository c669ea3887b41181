import * as native from "upinit:native";
import { type LoopDescriptors, prepareProcess } from "../shim/launch.ts";
import { adoptOrphans } from "../shim/orphans.ts";
import type { Settings } from "../shim/plain-settings.ts";

/** Computing time that one turn of PID 1 may take, in milliseconds, before it is broken off. */
const turnLimit = 2_000;
/** Of upinit itself, and of jobs whose `umask` says nothing (docs/upstart.md#73-set-up). */
export const initUmask = 0o022;

/** What a process has that has become an init. */
export interface Became {
  /** That it was given. */
  readonly umask: number;
  /** For its event loop; null if the shim has made that. */
  readonly loop: LoopDescriptors | null;
}

/**
 * What a process sets up before it is an init: it survives the loss of its engine, orphans come to it and no signal is
 * lost (`fresh`: the shim has seen to the latter two already). Throws if a sandbox leaves no way to wait for anything.
 */
export function becomeInit(settings: Settings, fresh: boolean): Became {
  native.guardInit();
  native.setTurnLimit(turnLimit);
  const loop = fresh ? prepareProcess() : null;
  if (loop !== null && "step" in loop) {
    throw new Error(`cannot wait for events (${loop.step}): ${native.errorText(loop.errno)}`);
  }
  if (fresh) adoptOrphans(settings, (text) => native.writeText(2, `upinit: ${text}\n`));
  return { umask: native.umask(initUmask), loop };
}

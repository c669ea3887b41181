import * as native from "upinit:native";
import { World } from "../jobs/world.ts";
import type { Handover } from "../shim/handover.ts";
import { assemble } from "./assemble.ts";
import { openControl, recordSession } from "./control-place.ts";
import type { Init } from "./init.ts";
import type { ReadOptions } from "./options.ts";
import { makeSessionDirectories } from "./places.ts";
import { becomeInit } from "./process.ts";

/** PID 1, from its options to its loop. `handover` is what the shim gives when it runs already, else null. */
export function start(read: ReadOptions, handover: Handover | null): void {
  const { init, run } = prepare(read, handover);
  init.boot();
  run();
}

/** A PID 1 that has not booted, and how its loop begins. */
export function prepare(
  read: ReadOptions,
  handover: Handover | null,
): { readonly init: Init; readonly problem: (text: string) => void; readonly run: () => void } {
  const { options, settings } = read;
  const became = becomeInit(settings, handover === null);
  const environment = native.environment();
  if (options.session) makeSessionDirectories(options, environment);
  const listener = handover === null ? openControl(options, environment) : handover.listener;
  const place = typeof listener === "string" ? null : listener;
  const { init, parts } = assemble({
    ...read,
    handover,
    startedAt: native.monotonicTime(),
    ...became,
    controlPath: place?.path ?? null,
    makeWorld: (worldOptions) => new World(worldOptions),
  });
  if (handover !== null) parts.foreground?.adopt();
  init.begin();
  if (place !== null) {
    init.serve(place.fd);
    if (options.session) recordSession(environment, place.path);
  } else if (typeof listener === "string") {
    parts.log.warn(`no control socket, so initctl can't reach this init (${listener})`);
  }
  return {
    init,
    problem: (text) => parts.log.error(text),
    run: () => {
      if (handover === null) parts.reactor.start();
    },
  };
}

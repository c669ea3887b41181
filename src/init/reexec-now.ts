import type { ServerState } from "../control/server.ts";
import { snapshot } from "../jobs/snapshot.ts";
import type { Parts } from "./init.ts";
import { type InitState, stateVersion } from "./init-state.ts";
import { Reexec, type ReexecSystem } from "./reexec.ts";

/** Wires a re-exec to the parts of PID 1. Loaded when one is asked for, since the state's schema is large. */
export function newReexec(
  parts: Parts,
  serverState: () => ServerState | null,
  answer: ReexecSystem["answer"],
  mayGoOn: () => boolean,
): Reexec {
  return new Reexec({
    reactor: parts.reactor,
    log: parts.log,
    settle: () => {
      parts.supervisor.settle();
      return parts.world.isBusy ? "jobs follow each other without end" : parts.processes.unrest;
    },
    mayGoOn,
    leave: () => parts.processes.prober?.cancelAll(),
    gather: (requester) => gather(parts, serverState(), requester),
    answer,
  });
}

/** The whole state of PID 1, as plain data. The world stands still between two turns. */
function gather(parts: Parts, server: ServerState | null, requester: number): InitState {
  const state = {
    version: stateVersion,
    world: snapshot(parts.world),
    outputs: parts.outputs.snapshot(),
    processes: parts.processes.snapshot(),
    server,
    requester,
    mainCommand: parts.foreground?.state() ?? null,
    runlevel: parts.runlevels.record,
    priority: parts.log.priority,
    startedAt: parts.startedAt,
    controlPath: parts.controlPath,
    umask: parts.umask,
  };
  // Only the schema's arrays are writable; nobody writes to them before they are JSON.
  return state as InitState;
}

import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import { classesOf, restore } from "../jobs/snapshot.ts";
import { assemble } from "./assemble.ts";
import { loadFeatures } from "./features.ts";
import type { InitState } from "./init-state.ts";
import type { ReadOptions } from "./options.ts";
import { becomeInit } from "./process.ts";
import { prepare } from "./start.ts";
import { readState } from "./state-file.ts";

const lastDescriptor = 0x7fffffff;

/**
 * PID 1 after a re-exec: goes on with everything that the state in `fd` holds. It was tried before (`--check-state`),
 * but should it fail all the same, PID 1 goes on without: it knows no job any more, and does its duty.
 */
export async function restart(read: ReadOptions, fd: number): Promise<void> {
  let state: InitState | null = null;
  let problem = "";
  try {
    state = readState(fd);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  native.close(fd);
  if (state === null) startWithout(read, problem);
  else await goOn(read, state);
}

async function goOn(read: ReadOptions, state: InitState): Promise<void> {
  await loadFeatures(classesOf(state.world));
  const { loop } = becomeInit(read.settings, true);
  const { init, parts } = assemble({
    ...read,
    handover: null,
    startedAt: state.startedAt,
    umask: state.umask,
    loop,
    controlPath: state.controlPath,
    makeWorld: (options) => restore(state.world, options),
  });
  const jobs = new Map<number, Job>();
  for (const job of parts.world.jobs()) jobs.set(job.id, job);
  const { server, mainCommand } = state;
  // Each for itself: what can't be restored is lost, and nothing else.
  const restoring = (what: string, run: () => void): boolean => parts.reactor.guard(`restoring ${what}`, run);
  restoring("output", () => parts.outputs.restore(state.outputs));
  restoring("processes", () => parts.processes.restore(state.processes, (id) => jobs.get(id)));
  restoring("run levels", () => parts.runlevels.restore(state.runlevel));
  restoring("the main command", () => mainCommand !== null && parts.foreground?.restore(mainCommand));
  restoring("configuration", () => init.begin());
  init.setLogPriority(state.priority);
  try {
    if (server !== null) await init.serve(server.listenFd).restore(server);
  } catch (error) {
    parts.log.error(`restoring clients: ${String(error)}`);
  }
  init.answer({ id: state.requester }, { ok: true });
  parts.reactor.start();
  // Children may have ended on the way, and their signal may have come before the new loop.
  parts.processes.reap();
}

function startWithout(read: ReadOptions, reason: string): void {
  // The descriptors of before mean nothing any more, and the old control socket would seem to be somebody else's.
  native.closeRange(3, lastDescriptor);
  const { problem, run } = prepare(read, null);
  problem(`the jobs of before can't be taken over, so they run on unsupervised: ${reason}`);
  run();
}

import * as native from "upinit:native";
import type { Surroundings } from "./handover.ts";
import { launch, letGo, prepareProcess } from "./launch.ts";

/**
 * Whether CMD can be started without reading anything: no option, no variable that stands for one, and no place for
 * job files.
 */
function isPlain(argv: readonly string[]): boolean {
  const first = argv[1] === "--" ? argv[2] : argv[1];
  if (first === undefined || (first.startsWith("-") && argv[1] !== "--")) return false;
  if (native.access("/etc/init", 0) >= 0) return false;
  return !native.environment().some((entry) => entry.startsWith("UPINIT_") || entry.startsWith("UPSTART_"));
}

/** upinit as such: CMD at once if that is all there is; else, and for everything after that, the rest is loaded. */
export async function main(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  if (!isPlain(argv)) return (await import("./shim.ts")).run(argv, surroundings, null);
  const loop = prepareProcess();
  if ("step" in loop) return complain(loop.step, loop.errno);
  if (native.getpid() !== 1) native.setSubreaper(true);
  const launched = launch(argv.slice(argv[1] === "--" ? 2 : 1), "group", native.inheritedSignals(), {
    waitForExec: true,
  });
  if ("step" in launched) return complain(launched.step, launched.errno);
  letGo([launched.statusFd, loop.epoll, loop.signals], false);
  return (await import("./shim.ts")).run(argv, surroundings, { launched, loop });
}

function complain(step: string, errno: number): number {
  native.writeText(2, `upinit: cannot start the main process (${step}): ${native.errorText(errno)}\n`);
  return 1;
}

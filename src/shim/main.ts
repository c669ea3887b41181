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
  prepareProcess(native.getpid() !== 1, 0);
  const launched = launch(argv.slice(argv[1] === "--" ? 2 : 1), "group", native.inheritedSignals(), {
    waitForExec: true,
  });
  if (typeof launched === "number") {
    native.writeText(2, `upinit: cannot start the main process (fork): ${native.errorText(-launched)}\n`);
    return 1;
  }
  letGo(launched.statusFd, false);
  return (await import("./shim.ts")).run(argv, surroundings, launched);
}

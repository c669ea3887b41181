import type { MainCommandOptions } from "./main-command.ts";
import type { RespawnOptions } from "./respawn.ts";

/** How much is said. */
export type Level = "error" | "message" | "info" | "debug";

/** Everything that upinit's own options can say about CMD. */
export interface Settings extends Omit<MainCommandOptions, "command"> {
  /** Take orphans in even as PID 1, where the kernel gives them anyway. */
  readonly subreaper: boolean;
  /** Signal that upinit wants when its own parent dies; 0 for none. */
  readonly parentDeathSignal: number;
  /** `--stop-signal`: with `--respawn`, also a signal after which CMD is not started again; 0 for none. */
  readonly stopSignal: number;
  readonly warnOnReap: boolean;
  readonly respawn: RespawnOptions | null;
  readonly level: Level;
}

/** Without options: as tini does it. */
export const defaultSettings: Settings = {
  placement: "group",
  target: "process",
  rewrites: new Map(),
  remapped: new Set(),
  subreaper: false,
  parentDeathSignal: 0,
  stopSignal: 0,
  warnOnReap: false,
  respawn: null,
  level: "message",
};

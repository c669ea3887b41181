import * as native from "upinit:native";
import { restore } from "../jobs/snapshot.ts";
import { readState } from "./state-file.ts";

/** `--check-state FD`: whether this executable could take over from the one that wrote the state. The exit status. */
export function checkState(fd: number): number {
  try {
    const state = readState(fd);
    restore(state.world, {
      now: () => 0,
      random: () => 0,
      initEnvironment: () => [],
      defaultEnvironment: [],
    });
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n").join(" ") : String(error);
    native.writeText(2, `upinit ${UPINIT_VERSION}: the state can't be taken over: ${message}\n`);
    return 1;
  }
}

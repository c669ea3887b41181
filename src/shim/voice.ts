import * as native from "upinit:native";
import { EPERM } from "../runtime/errno.ts";
import { signalName } from "../runtime/signals.ts";
import { executionStatus, type Voice } from "./main-command.ts";
import type { Level } from "./plain-settings.ts";

const levels: readonly Level[] = ["error", "message", "info", "debug"];

/** What upinit itself says as a shim: one line each, on standard error, and only errors unless asked for more. */
export class OwnVoice implements Voice {
  /** Only there if it has something to say: it is called for every signal. */
  readonly forwarding?: (sent: number) => void;
  readonly #level: number;
  readonly #warnOnReap: boolean;

  constructor(level: Level, warnOnReap: boolean) {
    this.#level = levels.indexOf(level);
    this.#warnOnReap = warnOnReap;
    if (level === "debug") {
      this.forwarding = (sent) =>
        this.say("debug", sent === 0 ? "signal dropped" : `passing signal ${sent} on`);
    }
  }

  say(level: Level, text: string): void {
    if (this.#says(level)) native.writeText(2, `upinit: ${text}\n`);
  }

  spawned(pid: number, command: readonly string[]): void {
    this.say("info", `started ${command[0]} as process ${pid}`);
  }

  #says(level: Level): boolean {
    return levels.indexOf(level) <= this.#level;
  }

  reaped(pid: number, code: number, status: number, isMain: boolean): void {
    const level = isMain ? "info" : this.#warnOnReap ? "message" : "debug";
    if (!this.#says(level)) return;
    const how = code === native.CLD_EXITED ? `status ${status}` : `signal ${status}`;
    this.say(
      level,
      isMain ? `main process ${pid} ended with ${how}` : `reaped process ${pid}, which ended with ${how}`,
    );
  }

  cannotExecute(command: readonly string[], errno: number): number {
    this.say("error", `cannot execute ${command[0]}: ${native.errorText(errno)}`);
    return executionStatus(errno);
  }

  cannotSpawn(step: string, errno: number): number {
    this.say("error", `cannot start the main process (${step}): ${native.errorText(errno)}`);
    return 1;
  }

  cannotSignal(signal: number, pid: number, errno: number): null {
    const way = errno === EPERM ? "; it needs CAP_KILL to signal another user's process" : "";
    this.say(
      "error",
      `cannot send ${signalName(signal)} to the main process (${pid}): ${native.errorText(errno)}${way}`,
    );
    return null;
  }
}

import * as native from "upinit:native";
import { onExit } from "signal-exit";
import { waitFor } from "../runtime/node/process.ts";
import { write } from "./output.ts";

const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const home = "\x1b[H";
const clearLine = "\x1b[K";
const clearBelow = "\x1b[J";

/** Whether there is a terminal to draw on and to read keys from. */
export function isScreen(): boolean {
  return native.isTerminal(0) && native.isTerminal(1);
}

/** Draws picture after picture until q is typed; the terminal is left as it was found, by a signal too. */
export function showLive(picture: () => readonly string[], interval: number): void {
  const saved = native.rawTerminal(0);
  const restore = (): void => {
    // Not `write`: on the way out nothing may end the process once more.
    native.writeText(1, leave);
    if (typeof saved !== "number") native.restoreTerminal(0, saved);
  };
  const forget = onExit(restore);
  write(1, enter);
  try {
    const key = new Uint8Array(16);
    for (;;) {
      draw(picture());
      if (waitFor(0, native.EPOLLIN, interval) === 0) continue;
      const count = native.read(0, key, 0, key.length);
      // q, Q, control-C and control-D: raw mode sends no signals.
      if (count <= 0 || [0x71, 0x51, 0x03, 0x04].includes(key[0] as number)) return;
    }
  } finally {
    forget();
    restore();
  }
}

function draw(lines: readonly string[]): void {
  const size = native.windowSize(1);
  const rows = typeof size === "number" || size[1] === 0 ? 24 : size[1];
  const shown = lines.slice(0, rows - 1);
  write(1, `${home}${shown.map((line) => `${line}${clearLine}\r\n`).join("")}${clearBelow}`);
}

import * as native from "upinit:native";
import { lookUp } from "../control/socket-path.ts";

/** How text is set off; on anything but a terminal, or with NO_COLOR, not at all. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly notable: (text: string) => string;
}

/** Style for a descriptor (standard output). */
export function styleFor(environment: readonly string[], fd = 1): Style {
  const plain =
    !native.isTerminal(fd) ||
    lookUp(environment, "NO_COLOR") !== undefined ||
    (lookUp(environment, "TERM") ?? "dumb") === "dumb";
  const set = (code: number) =>
    plain ? (text: string) => text : (text: string) => `\x1b[${code}m${text}\x1b[0m`;
  return { strong: set(1), faint: set(2), good: set(32), bad: set(31), notable: set(33) };
}

/** Columns of the terminal; 80 where there is none. */
export function columns(fd = 1): number {
  const size = native.windowSize(fd);
  return typeof size === "number" || size[0] < 20 ? 80 : size[0];
}

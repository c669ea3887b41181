import * as native from "upinit:native";
import { harmless } from "../log/harmless.ts";
import { EAGAIN, EINTR, EPIPE } from "../runtime/errno.ts";
import { exitProcess } from "../runtime/node/exit.ts";

/** As a shell reports the death by SIGPIPE that a reader who went away means elsewhere. */
const readerGone = 141;

/** Writes the whole text. Ends the command when nobody reads any more: `initctl watch | head -n 1`. */
export function write(fd: number, text: string): void {
  const bytes = native.encode(text);
  for (let at = 0; at < bytes.length; ) {
    const count = native.write(fd, bytes, at, bytes.length - at);
    if (count >= 0) at += count;
    else if (count === -EAGAIN) native.pollOne(fd, native.EPOLLOUT, -1);
    else if (count === -EPIPE) exitProcess(readerGone);
    else if (count !== -EINTR) return;
  }
}

export function printLine(text: string): void {
  write(1, `${text}\n`);
}

/** Several lines in one write; nothing for none. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) write(1, `${lines.join("\n")}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** `PROGRAM: TEXT` on standard error. */
export function printError(program: string, text: string): void {
  // Several lines come from Upstart's own words, and stay.
  const shown = native.isTerminal(2) ? text.split("\n").map(harmless).join("\n") : text;
  write(2, `${program}: ${shown}\n`);
}

/**
 * What upinit adds below Upstart's own line, marked by two blanks, on standard error. Left out where standard output and
 * standard error are one file or pipe: whoever reads them together may know Upstart's lines only.
 */
export function printAddition(text: string): void {
  if (native.isTerminal(2) || !isSameFile(1, 2)) write(2, `  ${harmless(text)}\n`);
}

/** Whether two descriptors lead to the same file: device and inode agree. */
function isSameFile(one: number, other: number): boolean {
  const [first, second] = [native.fstat(one), native.fstat(other)];
  if (typeof first === "number" || typeof second === "number") return false;
  return first[2] === second[2] && first[3] === second[3];
}

let toTerminal: boolean | undefined;

/** Job names and output come from outside: what could steer a terminal is shown as `?` there. */
export function forTerminal(text: string): string {
  toTerminal ??= native.isTerminal(1);
  return toTerminal ? harmless(text) : text;
}

/** One try of a probe. Runs in a process of its own: it waits, and speaks to networks. */
import * as native from "upinit:native";
import { addressesOf } from "./addresses.ts";
import type { Target } from "./target.ts";

/** How it went; `reason` says what was seen, in one line. */
export interface Attempt {
  readonly ok: boolean;
  readonly reason: string;
  /** It could not be tried: this machine has no descriptors, no memory or no local port left. */
  readonly lacking?: true;
}

/** What of an answer is read at most, in bytes. */
const longestAnswer = 64 * 1024;

/** Tries once, within so many milliseconds in all. A file must have been made or changed after `since` (ms of the clock). */
export function attempt(target: Target, milliseconds: number, since = 0): Attempt {
  const end = native.monotonicTime() + milliseconds;
  switch (target.kind) {
    case "file":
      return seeFile(target.path, since);
    case "unix":
      return close(connect(target.path, 0, end), "accepts connections");
    case "tcp":
      return close(connectAny(target.host, target.port, end), "accepts connections");
    case "http":
      return speak(
        target.socket === "" ? connectAny(target.host, target.port, end) : connect(target.socket, 0, end),
        target,
        end,
      );
  }
}

function seeFile(path: string, since: number): Attempt {
  const found = native.stat(path, true);
  if (typeof found === "number") return { ok: false, reason: native.errorText(-found) };
  // The clock of files is a tick behind that of programs.
  const changed = (found[6] as number) + 10 >= since;
  return { ok: changed, reason: changed ? "is there" : "is older than this start" };
}

/** A descriptor, or why there is none. */
type Connected = number | string;

/** Each address of the host in turn. */
function connectAny(host: string, port: number, end: number): Connected {
  const addresses = addressesOf(host);
  if (typeof addresses === "string") return addresses;
  const failures: string[] = [];
  for (const [index, address] of addresses.entries()) {
    // One that does not answer leaves the others their share of the time.
    const share = left(end) / (addresses.length - index);
    const connected = connect(address, port, native.monotonicTime() + share);
    if (typeof connected === "number") return connected;
    failures.push(addresses.length === 1 ? connected : `${address}: ${connected}`);
  }
  return failures.join("; ");
}

function connect(address: string, port: number, end: number): Connected {
  const fd = native.connectTo(address, port);
  if (fd < 0) return native.errorText(-fd);
  const seen = native.pollOne(fd, native.EPOLLOUT, left(end));
  const error = seen > 0 ? native.socketError(fd) : 0;
  if (seen > 0 && error === 0) return fd;
  native.close(fd);
  return error < 0 ? native.errorText(-error) : "timeout: it does not accept";
}

function left(end: number): number {
  return Math.max(1, Math.ceil(end - native.monotonicTime()));
}

function close(connected: Connected, reason: string): Attempt {
  if (typeof connected === "string") return failed(connected);
  native.close(connected);
  return { ok: true, reason };
}

const ownTrouble = /^(Too many open files|Cannot allocate memory|Cannot assign requested address)/;

function failed(reason: string): Attempt {
  return ownTrouble.test(reason) ? { ok: false, reason, lacking: true } : { ok: false, reason };
}

function speak(connected: Connected, target: Extract<Target, { kind: "http" }>, end: number): Attempt {
  if (typeof connected === "string") return failed(connected);
  const { path, authority } = target;
  const request = `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: upinit\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
  native.writeText(connected, request);
  const answer = readAnswer(connected, end);
  native.close(connected);
  return judge(answer);
}

/** The head of the answer and, up to the limit, what follows: a service must not be cut off while it speaks. */
function readAnswer(fd: number, end: number): string {
  const buffer = new Uint8Array(longestAnswer);
  let length = 0;
  while (length < buffer.length && native.pollOne(fd, native.EPOLLIN, left(end)) > 0) {
    const count = native.read(fd, buffer, length, buffer.length - length);
    if (count <= 0) break;
    length += count;
    if (native.monotonicTime() > end) break;
  }
  return native.decode(buffer, 0, length);
}

function judge(answer: string): Attempt {
  const head = /^HTTP\/1\.[01] (\d{3})[^\r\n]*/.exec(answer);
  if (head === null)
    return { ok: false, reason: answer === "" ? "timeout: no answer" : "the answer is no HTTP" };
  const status = Number(head[1]);
  const location = /\r?\nLocation: *([^\r\n]*)/i.exec(answer.split(/\r?\n\r?\n/)[0] as string);
  const moved = status >= 300 && status < 400 && location !== null ? ` to ${location[1]}` : "";
  return { ok: status >= 200 && status < 400, reason: `HTTP status ${status}${moved}` };
}

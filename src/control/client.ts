/**
 * The other end of the control socket, for commands: blocking, and small enough to be loaded for each of them (no
 * package). It trusts a server only if that is process 1, root's, or the own user's.
 */
import * as native from "upinit:native";
import { EAGAIN, EINTR, ENOENT, ENOTDIR, EPIPE } from "../runtime/errno.ts";
import {
  namedSocket,
  printableSocket,
  type SocketChoice,
  socketOfAddress,
  socketPlaces,
} from "./socket-path.ts";

/** Nobody could be reached, or the connection broke. */
export class ConnectionError extends Error {}

/** What init refused; `message` is for people. */
export class ControlError extends Error {
  readonly code: number;
  /** Stable name, as `UnknownJob`; "" if the server gave none. */
  readonly error: string;
  readonly data: ReadonlyMap<string, unknown>;

  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.code = code;
    this.data = new Map(typeof data === "object" && data !== null ? Object.entries(data) : []);
    const name = this.data.get("name");
    this.error = typeof name === "string" ? name : "";
  }
}

export interface ClientChoice extends SocketChoice {
  /** An UPSTART_SESSION address; it outranks the usual places, and `socket` outranks it. */
  readonly session?: string | undefined;
}

const newline = 10;
/** How long an init may think about a question that needs no waiting. */
export const patience = 30_000;

type Message = Record<string, unknown>;

/** A connection to an init. */
export class Client {
  readonly #fd: number;
  readonly #input = new Uint8Array(16 * 1024);
  #pending = new Uint8Array(0);
  #lastId = 0;
  /** Messages without an id, in order, that came before or between answers. */
  readonly #notifications: Message[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Asks and waits for the answer. `timeout` in milliseconds, -1 for ever (operations that take their time).
   * Throws ControlError when init refuses, ConnectionError when it doesn't answer.
   */
  request(method: string, params?: unknown, timeout = patience): unknown {
    return this.requestPatiently(method, params, [timeout], () => {
      throw new ConnectionError("init does not answer");
    });
  }

  /**
   * As `request`, for what may take as long as it likes: calls `silent` when no answer came within the first of the
   * times (milliseconds), then after each of the next ones; the last one counts again and again.
   */
  requestPatiently(method: string, params: unknown, times: readonly number[], silent: () => void): unknown {
    const id = ++this.#lastId;
    this.#send(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    for (let index = 0; ; ) {
      const message = this.#message(times[Math.min(index, times.length - 1)] as number);
      if (message === null) {
        index += 1;
        silent();
      } else if ("id" in message) return result(message);
      else this.#notifications.push(message);
    }
  }

  /** The next notification; null when none came within `timeout` milliseconds. Throws at the end of the connection. */
  notification(timeout: number): Message | null {
    return this.#notifications.shift() ?? this.#message(timeout);
  }

  close(): void {
    native.close(this.#fd);
  }

  #send(line: string): void {
    const bytes = native.encode(line);
    for (let sent = 0; sent < bytes.length; ) {
      const count = native.send(this.#fd, bytes, sent, bytes.length - sent);
      if (count >= 0) sent += count;
      else if (count === -EAGAIN) native.pollOne(this.#fd, native.EPOLLOUT, -1);
      // The server may have said why before it hung up.
      else if (count === -EPIPE) return;
      else if (count !== -EINTR) throw new ConnectionError(native.errorText(-count));
    }
  }

  #message(timeout: number): Message | null {
    let searched = 0;
    for (;;) {
      const bytes = this.#pending;
      const end = native.indexOfByte(bytes, newline, searched, bytes.length - searched);
      if (end >= 0) {
        this.#pending = bytes.subarray(end + 1);
        return parse(native.decode(bytes, 0, end));
      }
      searched = bytes.length;
      if (!this.#read(timeout)) return null;
    }
  }

  #read(timeout: number): boolean {
    if (native.pollOne(this.#fd, native.EPOLLIN, timeout) === 0) return false;
    const count = native.receive(this.#fd, this.#input, 0, this.#input.length);
    if (count === -EAGAIN || count === -EINTR) return true;
    if (count <= 0) throw new ConnectionError("init closed the connection");
    const joined = new Uint8Array(this.#pending.length + count);
    joined.set(this.#pending);
    joined.set(this.#input.subarray(0, count), this.#pending.length);
    this.#pending = joined;
    return true;
  }
}

function parse(line: string): Message {
  try {
    const message: unknown = JSON.parse(line);
    if (typeof message === "object" && message !== null && !Array.isArray(message)) return message as Message;
  } catch {
    // Said below: to a person both are the same.
  }
  throw new ConnectionError("init sent something that is no answer");
}

function result(message: Message): unknown {
  const error = message["error"];
  if (typeof error !== "object" || error === null) return message["result"];
  const { code, message: text, data } = error as Message;
  throw new ControlError(
    typeof code === "number" ? code : 0,
    typeof text === "string" ? text : "Unknown error",
    data,
  );
}

/**
 * Connects to the init that is meant. Throws ConnectionError `Failed to connect to socket PATH: REASON` about the
 * place that comes nearest to having one.
 */
export function connect(choice: ClientChoice): Client {
  let complaint = "";
  for (const path of placesOf(choice)) {
    const fd = native.unixConnect(path);
    if (fd >= 0) {
      const refused = distrust(fd);
      if (refused === null) return new Client(fd);
      native.close(fd);
      complaint = `Failed to connect to socket ${printableSocket(path)}: ${refused}`;
    } else if (complaint === "" || (fd !== -ENOENT && fd !== -ENOTDIR && !path.startsWith("\0"))) {
      complaint = `Failed to connect to socket ${printableSocket(path)}: ${native.errorText(-fd)}`;
    }
  }
  throw new ConnectionError(complaint);
}

function placesOf(choice: ClientChoice): string[] {
  const named = namedSocket({
    environment: choice.session === undefined ? choice.environment : [],
    socket: choice.socket,
  });
  if (named !== undefined) return [named];
  if (choice.session !== undefined) return [socketOfAddress(choice.session) ?? choice.session];
  const own = native.geteuid();
  const init = native.stat("/proc/1", true);
  const uids = new Set(typeof init === "number" ? [own, 0] : [init[4] as number, own, 0]);
  return socketPlaces(choice.environment, [...uids]);
}

/** Why the server is not to be trusted, or null. */
function distrust(fd: number): string | null {
  const credentials = native.peerCredentials(fd);
  if (typeof credentials === "number") return native.errorText(-credentials);
  const [pid, uid] = credentials;
  if (pid === 1 || uid === 0 || uid === native.geteuid()) return null;
  return `it belongs to user ${uid}, who is not trusted`;
}

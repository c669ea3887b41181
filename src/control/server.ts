import * as native from "upinit:native";
import type { Outcome, Waiter } from "../jobs/messages.ts";
import { EAGAIN, EINTR, EMFILE, ENFILE } from "../runtime/errno.ts";
import type { Reactor, Timer, Watch } from "../runtime/reactor.ts";
import type { Desk, Peer } from "./call.ts";
import type { Daemon } from "./daemon.ts";
import { limits } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
import { Reserve } from "./reserve.ts";
import { RollingRestarts } from "./rolling-restarts.ts";
import type { Session, SessionState, Transport } from "./session.ts";

/** What is kept of the server and its clients over a re-exec. Texts are bytes as `upinit:native` has them. */
export interface ServerState {
  readonly listenFd: number;
  /** Numbers up to this one may still be known to the world. */
  readonly lastWaiter: number;
  readonly connections: readonly ConnectionState[];
}

export interface ConnectionState {
  readonly fd: number;
  readonly partial: string;
  readonly output: string;
  readonly session: SessionState;
}

export interface ServerOptions {
  /** Serve peers of other pid namespaces, whom the kernel shows as pid 0. */
  readonly allowForeignPeers?: boolean;
}

type Protocol = typeof import("./serve.ts");

const newline = 10;
/** How long to leave clients in the queue when no descriptor is left for them. */
const pauseWithoutDescriptors = 100;
const acceptsInATurn = 16;

/** The control socket of an init: accepts clients and carries their messages. The protocol is loaded with the first. */
export class ControlServer implements Desk {
  readonly daemon: Daemon;
  readonly pid = native.getpid();
  readonly rolling = new RollingRestarts();
  readonly #reactor: Reactor;
  #listenFd: number;
  #listen: Watch;
  readonly #options: ServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #reserve: Reserve;
  /** By number: a waiter of before a re-exec comes back as another object. */
  readonly #waiters = new Map<number, (outcome: Outcome) => void>();
  #protocol: Promise<Protocol> | null = null;
  #paused: Timer | null = null;
  /** Ids stay apart from those of clients that waited before a re-exec: no 1,024 a millisecond are ever given out. */
  #lastWaiter = 0;
  #closed = false;
  /** Milliseconds that those who are no owner have had of this turn. */
  #spent = 0;

  /** `listenFd` comes from `listenControl`, or over a re-exec. */
  constructor(reactor: Reactor, listenFd: number, daemon: Daemon, options: ServerOptions = {}) {
    this.#reactor = reactor;
    this.#listenFd = listenFd;
    this.daemon = daemon;
    this.#options = options;
    this.#reserve = new Reserve(listenFd);
    this.#listen = reactor.watch(listenFd, native.EPOLLIN, () => this.#accept());
  }

  /** Goes on with another listener; clients of the old one stay. */
  listenAgain(fd: number): void {
    this.#listen.close();
    native.close(this.#listenFd);
    this.#listenFd = fd;
    this.#listen = this.#reactor.watch(fd, native.EPOLLIN, () => this.#accept());
  }

  /** Brings the outcome of an operation to the client that waits for it; a waiter of nobody here is ignored. */
  answer(waiter: Waiter, outcome: Outcome): void {
    const done = this.#waiters.get(waiter.id);
    this.#waiters.delete(waiter.id);
    done?.(outcome);
  }

  /** Tells all who still wait that init ends, and closes everything. What the kernel takes now is delivered. */
  close(): void {
    this.#closed = true;
    this.#listen.close();
    this.#paused?.cancel();
    for (const id of [...this.#waiters.keys()]) {
      this.answer({ id }, { ok: false, error: "JobFailed", message: "init is stopping" });
    }
    for (const connection of [...this.#connections]) connection.finish();
    native.close(this.#listenFd);
  }

  wait(done: (outcome: Outcome) => void, id?: number): Waiter {
    const waiter: Waiter = { id: id ?? ++this.#lastWaiter };
    this.#lastWaiter = Math.max(this.#lastWaiter, waiter.id);
    this.#waiters.set(waiter.id, done);
    return waiter;
  }

  /** Plain data for a re-exec; the descriptors in it have to survive. */
  state(): ServerState {
    const connections = [...this.#connections].flatMap((connection) => connection.state() ?? []);
    return { listenFd: this.#listenFd, lastWaiter: this.#lastWaiter, connections };
  }

  /** Goes on with the clients of the upinit before. To be awaited before the world runs, or answers would be lost. */
  async restore(state: ServerState): Promise<void> {
    this.#lastWaiter = state.lastWaiter;
    native.setCloseOnExec(state.listenFd, true);
    for (const { fd } of state.connections) native.setCloseOnExec(fd, true);
    this.#protocol ??= import("./serve.ts");
    const protocol = await this.#protocol;
    for (const plain of state.connections) {
      const peer = readPeer(plain.fd);
      if (peer === null) {
        native.close(plain.fd);
        continue;
      }
      const connection = new Connection(this, this.#reactor, plain.fd, peer);
      this.#connections.add(connection);
      connection.restore(new protocol.Session(this, connection, protocol.methods), plain);
    }
  }

  abandon(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter.id)) return;
    this.daemon.world.tell({ type: "abandoned", waiter });
  }

  after(milliseconds: number, callback: () => void): Timer {
    return this.#reactor.after(milliseconds, callback);
  }

  failure(what: string, error: unknown): void {
    // The reactor knows where errors of handlers go.
    this.#reactor.guard(what, () => {
      throw error;
    });
  }

  isSpent(): boolean {
    return this.#spent >= limits.othersTurn;
  }

  spend(milliseconds: number): void {
    if (this.#spent === 0) this.#reactor.after(0, () => (this.#spent = 0));
    this.#spent += milliseconds;
  }

  isFull(): boolean {
    let queued = 0;
    for (const connection of this.#connections) if (!connection.owner) queued += connection.held;
    return queued > limits.othersQueued;
  }

  /** Closes the oldest connection that asks nothing, of those who are no owner first; false if there is none. */
  #makeRoom(): boolean {
    const idle = [...this.#connections].filter(({ isIdle }) => isIdle);
    const oldest = idle.find(({ owner }) => !owner) ?? idle[0];
    oldest?.close();
    return oldest !== undefined;
  }

  /** Called by a connection that is closed. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#reserve.fill();
    this.#resume();
  }

  #accept(): void {
    for (let count = 0; count < acceptsInATurn && !this.#closed; count++) {
      const fd = this.#acceptOne();
      if (fd < 0) {
        this.#reserve.fill();
        if (fd !== -EAGAIN && fd !== -EINTR) this.#pause();
        return;
      }
      this.#welcome(fd);
    }
  }

  #acceptOne(): number {
    const fd = native.accept(this.#listenFd);
    const none = fd === -EMFILE || fd === -ENFILE;
    return none && this.#reserve.release() ? native.accept(this.#listenFd) : fd;
  }

  /** Out of descriptors or memory: a listener that stays readable must not keep the loop busy. */
  #pause(): void {
    if (this.#paused !== null) return;
    this.#listen.set(native.EPOLLERR);
    this.#paused = this.#reactor.after(pauseWithoutDescriptors, () => this.#resume());
  }

  #resume(): void {
    if (this.#paused === null || this.#closed) return;
    this.#paused.cancel();
    this.#paused = null;
    this.#listen.set(native.EPOLLIN);
  }

  #welcome(fd: number): void {
    const peer = readPeer(fd);
    if (peer === null) {
      native.close(fd);
      return;
    }
    const connection = new Connection(this, this.#reactor, fd, peer);
    this.#connections.add(connection);
    this.#protocol ??= import("./serve.ts");
    this.#protocol.then(
      (protocol) =>
        connection.open(new protocol.Session(this, connection, protocol.methods), this.#refusal(peer)),
      (error) => {
        this.#protocol = null;
        connection.close();
        this.failure("loading the control protocol", error);
      },
    );
  }

  /** Why this client is not served, or null. */
  #refusal(
    peer: Peer,
  ): { readonly name: "PermissionDenied" | "TooManyConnections"; readonly text: string } | null {
    if (peer.pid === 0 && this.#options.allowForeignPeers !== true) {
      return { name: "PermissionDenied", text: "Requests from another pid namespace are refused" };
    }
    if (this.#connections.size > limits.connections && !this.#makeRoom())
      return { name: "TooManyConnections", text: "Too many connections" };
    if (peer.owner) return null;
    let others = 0;
    let ofUser = 0;
    for (const { owner, uid } of this.#connections) {
      if (!owner) others++;
      if (uid === peer.uid) ofUser++;
    }
    const full = ofUser > limits.ofOneUser || (others > limits.otherConnections && ofUser > 1);
    return full ? { name: "TooManyConnections", text: "Too many connections" } : null;
  }
}

function readPeer(fd: number): Peer | null {
  const credentials = native.peerCredentials(fd);
  if (typeof credentials === "number") return null;
  const [pid, uid, gid] = credentials;
  return { pid, uid, gid, owner: uid === 0 || uid === native.geteuid() };
}

/** What is read in one go; shared, since nothing stays in it. */
const input = new Uint8Array(16 * 1024);

/** One client's socket: lines in, lines out, never blocking. */
export class Connection implements Transport {
  readonly owner: boolean;
  readonly uid: number;
  readonly #server: ControlServer;
  readonly #fd: number;
  readonly #watch: Watch;
  #session: Session | null = null;
  /** The begin of a message whose end has not come yet. */
  #partial: Uint8Array | null = null;
  readonly #output = new Outgoing();
  #reading = false;
  #inputEnded = false;
  #finishing = false;
  #closed = false;
  #idle: Timer | null = null;
  #active = false;

  constructor(server: ControlServer, reactor: Reactor, fd: number, peer: Peer) {
    this.#server = server;
    this.#fd = fd;
    this.owner = peer.owner;
    this.uid = peer.uid;
    this.#watch = reactor.watch(fd, native.EPOLLERR, (events) => this.#happened(events));
    if (!peer.owner) this.#expectActivity();
  }

  /** Begins to serve, or tells why not. */
  open(
    session: Session,
    refusal: { readonly name: "PermissionDenied" | "TooManyConnections"; readonly text: string } | null,
  ): void {
    if (this.#closed) return;
    this.#session = session;
    if (refusal !== null) session.refuse(refusal.name, refusal.text);
    else this.reading(true);
  }

  /** null for one that is about to be closed, not served yet, or only listens: the end of its connection tells it. */
  state(): ConnectionState | null {
    if (this.#session === null || this.#session.listens || this.#closed || this.#finishing) return null;
    const partial = this.#partial === null ? "" : native.decode(this.#partial, 0, this.#partial.length);
    return { fd: this.#fd, partial, output: this.#output.text(), session: this.#session.state() };
  }

  restore(session: Session, { partial, output, session: state }: ConnectionState): void {
    this.#session = session;
    if (partial !== "") this.#partial = native.encode(partial);
    if (output !== "") this.#output.add(native.encode(output));
    this.#inputEnded = state.inputEnded;
    this.reading(true);
    session.restore(state);
  }

  peer(): Peer {
    return readPeer(this.#fd) ?? { pid: 0, uid: -1, gid: -1, owner: false };
  }

  queued(): number {
    return this.#output.length;
  }

  /** It is served, and asks nothing. */
  get isIdle(): boolean {
    return this.#session !== null && !this.#session.busy && this.held === 0;
  }

  /** What is kept for its client, in characters. */
  get held(): number {
    return this.#output.length + (this.#session?.kept ?? 0);
  }

  send(line: string): void {
    if (this.#closed) return;
    const bytes = native.encode(`${line}\n`);
    const sent = this.#output.length > 0 ? 0 : Math.max(0, native.send(this.#fd, bytes, 0, bytes.length));
    if (sent < bytes.length) this.#output.add(bytes.subarray(sent));
    this.#listen();
  }

  finish(): void {
    this.#finishing = true;
    this.#flush();
    if (this.#output.length === 0 || this.#closed) this.close();
    else this.reading(false);
  }

  reading(on: boolean): void {
    this.#reading = on;
    this.#listen();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle?.cancel();
    this.#watch.close();
    native.close(this.#fd);
    this.#output.clear();
    this.#server.forget(this);
    if (this.#session?.gone() === true) this.#server.daemon.settle();
  }

  #listen(): void {
    if (this.#closed) return;
    const read = this.#reading && !this.#inputEnded && !this.#finishing ? native.EPOLLIN : 0;
    const write = this.#output.length > 0 ? native.EPOLLOUT : 0;
    // A closed peer is told in any case; something must be asked for to be told at all.
    this.#watch.set(read | write || native.EPOLLERR);
  }

  #happened(events: number): void {
    if ((events & native.EPOLLOUT) !== 0) {
      this.#flush();
      if (this.#output.length === 0 && this.#finishing) this.close();
      else if (!this.#closed) this.#session?.drained();
    }
    if ((events & native.EPOLLIN) !== 0 && this.#reading && !this.#closed) this.#receive();
    else if ((events & (native.EPOLLHUP | native.EPOLLERR)) !== 0) this.close();
    else if (!this.#closed) this.#listen();
  }

  #flush(): void {
    const result = this.#output.send(this.#fd);
    // Nobody reads any more; the hang-up, or the end of input, closes the connection.
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.#output.clear();
  }

  #receive(): void {
    const count = native.receive(this.#fd, input, 0, input.length);
    if (count === -EAGAIN || count === -EINTR) return;
    if (count < 0) {
      this.close();
      return;
    }
    if (count === 0) {
      this.#inputEnded = true;
      this.#listen();
      this.#session?.endOfInput();
      return;
    }
    this.#active = true;
    this.#take(count);
  }

  /** Cuts what was read into messages. */
  #take(count: number): void {
    let from = 0;
    while (from < count && !this.#finishing && !this.#closed) {
      const end = native.indexOfByte(input, newline, from, count - from);
      const piece = input.subarray(from, end < 0 ? count : end);
      if ((this.#partial?.length ?? 0) + piece.length > this.#longest()) {
        this.#partial = null;
        this.#session?.refuse("MessageTooLong", `Message too long (at most ${this.#longest()} bytes)`);
        return;
      }
      if (end < 0) {
        this.#partial = join(this.#partial, piece);
        return;
      }
      const line = join(this.#partial, piece);
      this.#partial = null;
      from = end + 1;
      this.#session?.receive(native.decode(line, 0, line.length));
    }
  }

  #longest(): number {
    return this.owner ? limits.ownerMessage : limits.otherMessage;
  }

  /** Who is no owner may not keep a place without using it. */
  #expectActivity(): void {
    this.#active = false;
    this.#idle = this.#server.after(limits.otherIdle, () => {
      if (this.#active || this.#session?.busy) this.#expectActivity();
      else this.close();
    });
  }
}

/** A copy of its own: `piece` is part of the shared buffer. */
function join(begin: Uint8Array | null, piece: Uint8Array): Uint8Array {
  const whole = new Uint8Array((begin?.length ?? 0) + piece.length);
  if (begin !== null) whole.set(begin);
  whole.set(piece, begin?.length ?? 0);
  return whole;
}

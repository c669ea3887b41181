import * as native from "upinit:native";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { listenAt } from "./listen.ts";

/** Between the loss of the socket and the next try; whoever takes it away may do so again. Milliseconds. */
const pause = 100;

/**
 * Sees to it that the control socket stays where clients look for it: if its file is deleted, or (on SIGHUP) hidden by a
 * mount, another one is made. Nobody is asked by a timer: inotify(7) tells.
 */
export class KeepListening {
  readonly #path: string;
  readonly #listenAgain: (fd: number) => void;
  readonly #inotify: number;
  #soon: Timer | null = null;

  /** `listenAgain` takes the descriptor of a new listener. */
  constructor(reactor: Reactor, path: string, listenAgain: (fd: number) => void) {
    this.#path = path;
    this.#listenAgain = listenAgain;
    this.#inotify = path.startsWith("/") ? native.inotifyOpen() : -1;
    if (this.#inotify < 0) return;
    this.#watch();
    reactor.watch(this.#inotify, native.EPOLLIN, () => {
      native.inotifyRead(this.#inotify);
      this.#soon ??= reactor.after(pause, () => {
        this.#soon = null;
        this.look();
      });
    });
  }

  /** Makes another socket if there is none. */
  look(): void {
    if (this.#inotify < 0 || typeof native.stat(this.#path, false) !== "number") return;
    const fd = listenAt(this.#path);
    if (fd >= 0) this.#listenAgain(fd);
    this.#watch();
  }

  #watch(): void {
    const directory = this.#path.slice(0, this.#path.lastIndexOf("/")) || "/";
    const mask = native.IN_DELETE | native.IN_MOVED_FROM | native.IN_DELETE_SELF | native.IN_MOVE_SELF;
    native.inotifyAdd(this.#inotify, directory, mask);
  }
}

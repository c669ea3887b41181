/**
 * The shim's ears: the control socket and the configuration directories. A client that connects, or a job file that
 * appears, wakes the init room; until then nothing of it is loaded. Whatever can't be had (a read-only root file
 * system, no inotify) is done without: the shim needs none of it.
 */
import * as native from "upinit:native";
import { hasJobs } from "../config/has-jobs.ts";
import { listenControl } from "../control/listen.ts";
import type { Reactor, Timer, Watch } from "../runtime/reactor.ts";
import type { ControlListener, Handover } from "./handover.ts";

export interface AttendOptions {
  readonly socket: string | undefined;
  readonly environment: readonly string[];
  readonly directories: readonly string[];
  readonly say: (level: "error" | "info", text: string) => void;
  readonly upgrade: (reason: Handover["reason"], listener: ControlListener | null) => Promise<void>;
}

/**
 * When the directories begin to be watched, in ms. Not at once: closing an inotify descriptor takes the kernel some
 * ten milliseconds, which the end of a short command would have to wait for.
 */
const watchAfter = 1000;

/** Listens for clients now, and for job files soon. */
export function attend(reactor: Reactor, options: AttendOptions): void {
  new Ears(reactor, options).open();
}

class Ears {
  readonly #reactor: Reactor;
  readonly #options: AttendOptions;
  readonly #watches: Watch[] = [];
  #listener: ControlListener | null = null;
  #inotify = -1;
  #watchTimer: Timer | null = null;

  constructor(reactor: Reactor, options: AttendOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  open(): void {
    const { socket, environment, say } = this.#options;
    const control = listenControl({ socket, environment });
    if (typeof control === "string") {
      say("info", `no control socket: ${control}`);
    } else {
      this.#listener = control;
      this.#watches.push(this.#reactor.watch(control.fd, native.EPOLLIN, () => this.#wake("client")));
    }
    this.#watchTimer = this.#reactor.after(watchAfter, () => this.#watchDirectories());
  }

  #watchDirectories(): void {
    const { directories, say } = this.#options;
    this.#inotify = native.inotifyOpen();
    if (this.#inotify < 0) {
      say("info", `cannot watch ${directories.join(", ")}: ${native.errorText(-this.#inotify)}`);
      return;
    }
    this.#watches.push(this.#reactor.watch(this.#inotify, native.EPOLLIN, () => this.#look()));
    this.#look();
  }

  /** Something happened near the directories; it may be one of them that has come into being, with files in it. */
  #look(): void {
    const { directories } = this.#options;
    native.inotifyRead(this.#inotify);
    addWatches(this.#inotify, directories);
    if (hasJobs(directories)) this.#wake("job");
  }

  #wake(reason: Handover["reason"]): void {
    const { say, upgrade } = this.#options;
    const listener = this.#listener;
    this.#close();
    upgrade(reason, listener).catch((error: unknown) => {
      // Listening again would fail again with the next client: the rest of its life it is a shim.
      if (listener !== null) native.close(listener.fd);
      say("error", `cannot run jobs: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** The init room listens and watches for itself. The socket stays open. */
  #close(): void {
    this.#watchTimer?.cancel();
    for (const watch of this.#watches.splice(0)) watch.close();
    if (this.#inotify >= 0) native.close(this.#inotify);
    this.#inotify = -1;
  }
}

/** For one that is not there, what is there of its path. Adding a watch twice is no error. */
function addWatches(fd: number, directories: readonly string[]): void {
  const mask = native.IN_CREATE | native.IN_MOVED_TO | native.IN_ONLYDIR;
  for (const directory of directories) {
    // From above, so that a directory that is made meanwhile is either seen by its parent's watch or watched itself.
    for (const path of pathsTo(directory)) native.inotifyAdd(fd, path, mask);
  }
}

/** The directories on the way to a missing one, from the nearest that is there; only the directory itself if it is. */
function pathsTo(directory: string): string[] {
  const paths = [directory];
  let path = directory;
  while (native.access(path, 0) < 0 && path !== "/" && path !== ".") {
    path = parentOf(path);
    paths.unshift(path);
  }
  return paths;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}

import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import { EMSGSIZE } from "../runtime/errno.ts";
import type { Watch } from "../runtime/reactor.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { type Notification, parseNotification } from "./notification.ts";
import { hasEnvironment, readProcess } from "./process-table.ts";

/** Longer datagrams are refused; nobody has that much to say. */
const longestDatagram = 4096;
/** Datagrams that one event takes, so that a flood does not keep the loop busy. */
const datagramsPerEvent = 16;
/** How far up a sender's ancestors are followed. */
const mostAncestors = 64;
/** A socket is for its owner alone; the directory can be passed through, and not read. */
const ownerMayWrite = 0o600;
const passable = 0o711;

/** A job's own socket, whose address only its processes are told. */
interface Socket {
  readonly job: Job;
  readonly fd: number;
  readonly address: string;
  readonly watch: Watch;
}

/** What a re-exec takes along of a socket. */
export interface NotifySocketState {
  readonly job: number;
  readonly fd: number;
  readonly address: string;
}

/**
 * The sd_notify protocol for `expect notify`: one socket a job. A datagram counts only if the kernel says that its
 * sender belongs to the job; what it may change is that job, and nothing else.
 */
export class NotifySockets {
  readonly #reactor: ProcessReactor;
  readonly #host: ProcessHost;
  readonly #directory: string | null;
  /** By the job's id. */
  readonly #sockets = new Map<number, Socket>();
  readonly #statuses = new Map<number, string>();
  readonly #adopt: (pid: number) => void;
  #buffer: Uint8Array | null = null;

  /**
   * `directory` is where sockets go; null, or one that can't be written to: abstract addresses. `adopt`: the new main
   * process may be a child of another.
   */
  constructor(
    reactor: ProcessReactor,
    host: ProcessHost,
    directory: string | null,
    adopt: (pid: number) => void,
  ) {
    this.#reactor = reactor;
    this.#host = host;
    this.#adopt = adopt;
    this.#directory = directory;
  }

  /** The variables that tell a main process of this user where to write to and how often to give a sign of life. */
  environment(job: Job, uid: number | undefined): string[] {
    const { watchdog } = job.jobClass;
    const address = this.#sockets.get(job.id)?.address ?? this.#open(job, uid);
    const variables = address === null ? [] : [`NOTIFY_SOCKET=${address}`];
    if (watchdog !== null) variables.push(`WATCHDOG_USEC=${Math.round(watchdog * 1e6)}`);
    return variables;
  }

  /** The last `STATUS=` of a job. */
  statusOf(job: Job): string | undefined {
    return this.#statuses.get(job.id);
  }

  /** Takes what the job has said so far. */
  receive(job: Job): void {
    const socket = this.#sockets.get(job.id);
    if (socket !== undefined) this.#receive(job, socket.fd);
  }

  /** The instance is gone, and its socket with it. */
  forget(job: Job): void {
    this.#statuses.delete(job.id);
    const socket = this.#sockets.get(job.id);
    if (socket === undefined) return;
    this.#sockets.delete(job.id);
    socket.watch.close();
    native.close(socket.fd);
    if (!socket.address.startsWith("@")) native.unlink(socket.address);
  }

  /** Running jobs know their address, so a re-exec takes the sockets along. */
  snapshot(): NotifySocketState[] {
    return [...this.#sockets.values()].map(({ job, fd, address }) => ({ job: job.id, fd, address }));
  }

  restore(sockets: readonly NotifySocketState[], jobOfId: (id: number) => Job | undefined): void {
    for (const { job: id, fd, address } of sockets) {
      const job = jobOfId(id);
      native.setCloseOnExec(fd, true);
      if (job === undefined) native.close(fd);
      else this.#add(job, fd, address);
    }
  }

  /** In a chroot only an abstract address can be reached. */
  #open(job: Job, uid: number | undefined): string | null {
    const directory = job.jobClass.chroot === null ? this.#directory : null;
    return (directory !== null && this.#bindPath(job, directory, uid)) || this.#bindAbstract(job);
  }

  #bindPath(job: Job, directory: string, uid: number | undefined): string | null {
    native.mkdir(directory, passable);
    const path = `${directory}/${job.id}`;
    native.unlink(path);
    const fd = native.unixDatagram(path);
    if (fd < 0) return null;
    native.chmod(path, ownerMayWrite);
    if (uid !== undefined && native.chown(path, uid, -1) < 0) {
      native.close(fd);
      native.unlink(path);
      return null;
    }
    this.#add(job, fd, path);
    return path;
  }

  /** A name that nobody can guess, since the abstract space has no rights. */
  #bindAbstract(job: Job): string | null {
    const random = new Uint8Array(8);
    native.random(random);
    const name = `upinit-notify-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    const fd = native.unixDatagram(`\0${name}`);
    if (fd < 0) {
      this.#host.log.warn(
        `Failed to open the notify socket of ${displayName(job)}: ${native.errorText(-fd)}`,
      );
      return null;
    }
    this.#add(job, fd, `@${name}`);
    return `@${name}`;
  }

  #add(job: Job, fd: number, address: string): void {
    const watch = this.#reactor.watch(fd, native.EPOLLIN, () => this.#receive(job, fd));
    this.#sockets.set(job.id, { job, fd, address, watch });
  }

  #receive(job: Job, fd: number): void {
    this.#buffer ??= new Uint8Array(longestDatagram);
    const buffer = this.#buffer;
    for (let count = 0; count < datagramsPerEvent; count += 1) {
      const datagram = native.receiveDatagram(fd, buffer);
      if (datagram === -EMSGSIZE) continue;
      if (typeof datagram === "number") return;
      const [length, pid, uid] = datagram;
      if (this.#maySpeakFor(job, pid, uid)) {
        this.#apply(job, parseNotification(native.decode(buffer, 0, length)));
      } else {
        this.#host.log.debug(`Notification of process ${pid} ignored: it is none of ${displayName(job)}`);
      }
    }
  }

  /**
   * A sender may be gone by now (`systemd-notify` in a script is): then who it was must do, and that it knew the
   * address.
   */
  #maySpeakFor(job: Job, pid: number, uid: number): boolean {
    if (pid <= 0) return false;
    const owner = this.#jobOf(pid);
    // It may also go while it is looked at: nobody's is only what is still there to be asked.
    if (owner !== undefined || readProcess(pid) !== null) return owner === job;
    const main = native.stat(`/proc/${job.pids.get("main") ?? 0}`, true);
    return uid === 0 || (typeof main !== "number" && main[4] === uid);
  }

  #apply(job: Job, notification: Notification): void {
    if (notification.mainPid !== null) this.#changeMainPid(job, notification.mainPid);
    if (notification.status !== null) {
      this.#statuses.set(job.id, notification.status);
      this.#host.log.info(`${displayName(job)} status: ${notification.status}`);
    }
    if (notification.watchdog === "alive") this.#host.tell({ type: "alive", job });
    if (notification.watchdog === "trigger") this.#host.tell({ type: "timer", job, timer: "watchdog" });
    if (notification.ready) this.#host.tell({ type: "ready", job });
  }

  /** Only a process that belongs to the job, or to nobody and comes from it, can become its main process. */
  #changeMainPid(job: Job, pid: number): void {
    if (job.pids.get("main") === pid) return;
    const owner = pid === native.getpid() ? undefined : this.#jobOf(pid);
    const marks = [`UPSTART_JOB=${job.jobClass.name}`, `UPSTART_INSTANCE=${job.instance}`];
    const process = readProcess(pid);
    const belongs = owner === job || (owner === undefined && hasEnvironment(pid, marks) === true);
    if (process === null || !belongs || this.#host.jobOfPid(pid) !== undefined) {
      this.#host.log.warn(
        `${displayName(job)} named process ${pid} as its main process, which is none of its own`,
      );
      return;
    }
    this.#adopt(pid);
    this.#host.tell({ type: "main-pid", job, pid });
  }

  /** The job that a process belongs to: by itself, its session, its group or one of its ancestors. */
  #jobOf(pid: number): Job | undefined {
    let current = pid;
    for (let hop = 0; hop < mostAncestors && current > 0; hop += 1) {
      const owner = this.#host.jobOfPid(current);
      if (owner !== undefined) return owner.job;
      const process = readProcess(current);
      if (process === null) return undefined;
      const relative = this.#host.jobOfPid(process.session) ?? this.#host.jobOfPid(process.group);
      if (relative !== undefined) return relative.job;
      current = process.parent;
    }
    return undefined;
  }
}

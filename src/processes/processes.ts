import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import type { Message, ProcessStatus } from "../jobs/messages.ts";
import { SIGKILL } from "../runtime/signal-numbers.ts";
import { AdoptedProcesses, type AdoptedState } from "./adopted.ts";
import type { FollowerState, ForkFollower } from "./fork-follower.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { Launcher, type LaunchOptions } from "./launcher.ts";
import { Leftovers } from "./leftovers.ts";
import { MemoryLimit } from "./memory-limit.ts";
import { type NotifySocketState, NotifySockets } from "./notify-sockets.ts";
import type { Outputs } from "./output.ts";
import type { Prober } from "./prober.ts";
import { ProcessIdentities } from "./process-identity.ts";
import { Reaper } from "./reaper.ts";

export interface ProcessesOptions extends LaunchOptions {
  /** Where notify sockets go; null for abstract addresses. */
  readonly notifyDirectory: string | null;
  /** What follows forks, if it is loaded; without it `expect fork` follows nothing. */
  readonly follower?: () => typeof import("./fork-follower.ts") | null;
  /** What tries probes, if it is loaded. */
  readonly prober?: () => typeof import("./prober.ts") | null;
}

/** What a re-exec takes along of this room, but for the output: plain data. */
export interface ProcessesState {
  readonly notify: readonly NotifySocketState[];
  readonly follower: FollowerState;
  readonly adopted: readonly AdoptedState[];
}

/** Processes that belong to no job but to somebody all the same: the container's main command. */
export interface OtherOwner {
  owns(pid: number): boolean;
  changed(pid: number, status: ProcessStatus): void;
}

/** All of this room, wired: starts the processes of jobs, and tells the world what becomes of them. */
export class Processes {
  readonly launcher: Launcher;
  readonly notify: NotifySockets;
  readonly #makeProber: () => Prober | null;
  #prober: Prober | null = null;
  readonly #host: ProcessHost;
  readonly #options: ProcessesOptions;
  readonly #outputs: Outputs;
  readonly #adopted: AdoptedProcesses;
  readonly #makeFollower: () => ForkFollower | null;
  #madeFollower: ForkFollower | null = null;
  readonly #leftovers: Leftovers;
  readonly #memory = new MemoryLimit();
  readonly #reaper: Reaper;
  readonly #other: OtherOwner | null;

  constructor(
    reactor: ProcessReactor,
    outputs: Outputs,
    options: ProcessesOptions,
    host: ProcessHost,
    other: OtherOwner | null = null,
  ) {
    // Each job takes a pipe and a log file.
    native.raiseDescriptorLimit();
    this.#host = host;
    this.#options = options;
    this.#outputs = outputs;
    this.#other = other;
    const observed: ProcessHost = { ...host, tell: (message) => this.#tell(message) };
    this.#adopted = new AdoptedProcesses(reactor, (pid) => this.#vanished(pid));
    const adopt = (pid: number): void => this.#adopted.adopt(pid);
    this.#makeFollower = () => {
      const module = options.follower?.() ?? null;
      return module && new module.ForkFollower(reactor, observed, adopt);
    };
    this.#leftovers = new Leftovers(reactor, observed);
    // What a process says can be read before the news that it was executed; the world is told in the right order.
    const inOrder: ProcessHost = {
      ...observed,
      tell: (message) => {
        if ("job" in message) this.launcher.settle(message.job.pids.get("main") ?? 0);
        observed.tell(message);
      },
    };
    this.notify = new NotifySockets(reactor, inOrder, options.notifyDirectory, adopt);
    const identities = new ProcessIdentities(options.personal);
    this.launcher = new Launcher(
      reactor,
      outputs,
      options,
      observed,
      () => this.#follower,
      this.notify,
      identities,
    );
    this.#makeProber = () => {
      const module = options.prober?.() ?? null;
      return module && new module.Prober(reactor, outputs, identities, options, observed);
    };
    this.#reaper = new Reaper({
      owns: (pid) => this.#owns(pid),
      changed: (pid, status) => this.#changed(pid, status),
      trapped: (pid, status) => this.#trapped(pid, status),
      more: () => reactor.after(0, () => this.reap()),
    });
  }

  /** What follows forks; null where no class needed it so far. */
  get #follower(): ForkFollower | null {
    this.#madeFollower ??= this.#makeFollower();
    return this.#madeFollower;
  }

  /** What tries probes; null where no class needed it so far. */
  get prober(): Prober | null {
    this.#prober ??= this.#makeProber();
    return this.#prober;
  }

  /** What jobs get that say nothing of it. */
  get defaults(): { readonly umask: number; readonly personal: string[] | null } {
    const { defaultUmask, personal } = this.#options;
    return { umask: defaultUmask, personal: personal && [...personal] };
  }

  /** To be called for SIGCHLD. Each owned process that has ended is told to the world, which acts, before it is reaped. */
  reap(): void {
    this.#reaper.drain();
  }

  /** What is half done, so that a re-exec could not take it along; null if nothing is. */
  get unrest(): string | null {
    if (this.launcher.busy) return "jobs are being started all the time";
    return this.#outputs.full ? "nobody reads standard output" : null;
  }

  snapshot(): ProcessesState {
    return {
      notify: this.notify.snapshot(),
      follower: this.#follower?.snapshot() ?? { traced: [], early: [], descended: [] },
      adopted: this.#adopted.snapshot(),
    };
  }

  /** Goes on where another upinit of the same process left off. */
  restore(state: ProcessesState, jobOfId: (id: number) => Job | undefined): void {
    this.notify.restore(state.notify, jobOfId);
    this.#follower?.restore(state.follower, jobOfId);
    this.#adopted.restore(state.adopted);
  }

  /** The instance is gone (effect `destroyed`). */
  forget(job: Job): void {
    this.#outputs.closeFor(job);
    this.notify.forget(job);
    this.#prober?.cancel(job);
    this.#madeFollower?.forget(job);
  }

  /** Whether a main process that is another's child is gone, so that its number may be a stranger's by now. */
  isGone(pid: number): boolean {
    return this.#adopted.isGone(pid);
  }

  /** Another process that becomes main takes the output of the one before over. */
  #tell(message: Message): void {
    if (message.type === "main-pid") {
      const before = message.job.pids.get("main") ?? 0;
      this.#outputs.handOver(before, message.pid);
      this.#adopted.release(before);
    }
    this.#host.tell(message);
  }

  #owns(pid: number): boolean {
    return (
      this.#host.jobOfPid(pid) !== undefined ||
      this.launcher.isStarting(pid) ||
      this.#madeFollower?.follows(pid) === true ||
      this.#outputs.reads(pid) ||
      this.#prober?.owns(pid) === true ||
      this.#other?.owns(pid) === true
    );
  }

  #changed(pid: number, status: ProcessStatus): void {
    if (this.#other?.owns(pid)) {
      this.#other.changed(pid, status);
      return;
    }
    if (this.#prober?.owns(pid)) {
      if (status.type === "exited" || status.type === "killed") this.#prober.ended(pid, status);
      this.#host.settle();
      return;
    }
    this.#settleStart(pid);
    if (status.type === "exited" || status.type === "killed") this.#ended(pid, status);
    else this.#host.tell({ type: "process", pid, status });
    this.#host.settle();
  }

  #ended(pid: number, status: ProcessStatus): void {
    this.#adopted.release(pid);
    this.#outputs.processEnded(pid);
    const job = this.#mainOf(pid);
    if (job !== undefined) {
      // What it said last comes before the news of its end, and may be that another process is main now.
      this.notify.receive(job);
      this.#host.settle();
    }
    if (this.#madeFollower?.ended(pid)) return;
    const ended = this.#mainOf(pid);
    if (ended !== undefined) this.#leftovers.mainEnded(ended, pid);
    this.#host.tell({ type: "process", pid, status: this.#explained(status) });
  }

  /** With the reason of a SIGKILL that the kernel sent. */
  #explained(status: ProcessStatus): ProcessStatus {
    if (status.type !== "killed" || status.signal !== SIGKILL) return status;
    const detail = this.#memory.explainKill();
    return detail === null ? status : { ...status, detail };
  }

  /** A main process that another has reaped: nobody will say how it ended. */
  #vanished(pid: number): void {
    this.#outputs.processEnded(pid);
    if (this.#madeFollower?.ended(pid)) return;
    const job = this.#mainOf(pid);
    if (job !== undefined) this.#leftovers.mainEnded(job, pid);
    this.#host.tell({ type: "gone", pid });
  }

  #mainOf(pid: number): Job | undefined {
    const owner = this.#host.jobOfPid(pid);
    return owner?.process === "main" ? owner.job : undefined;
  }

  #trapped(pid: number, status: number): void {
    this.#settleStart(pid);
    if (this.#madeFollower === null) native.ptraceDetach(pid, 0);
    else this.#madeFollower.trapped(pid, status);
  }

  /** The exec of a process comes before everything else that is told of it. */
  #settleStart(pid: number): void {
    if (!this.launcher.isStarting(pid)) return;
    this.launcher.settle(pid);
    this.#host.settle();
  }
}

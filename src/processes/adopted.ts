import * as native from "upinit:native";
import type { Watch } from "../runtime/reactor.ts";
import type { ProcessReactor } from "./host.ts";
import { readProcess } from "./process-table.ts";

/** Without pidfds (before Linux 5.3) a process is looked at this often, in milliseconds. */
const lookEvery = 1_000;

/** A process and the descriptor that stands for it; -1 where the kernel has none. */
export interface AdoptedState {
  readonly pid: number;
  readonly fd: number;
}

interface Hold {
  readonly fd: number;
  readonly startTime: number;
  watch: Watch | null;
}

/**
 * Main processes that are children of somebody else, who learns how they end and gives their number away. A pidfd
 * (pidfd_open(2)) says that they ended, and whether the number is still theirs.
 */
export class AdoptedProcesses {
  readonly #reactor: ProcessReactor;
  readonly #ended: (pid: number) => void;
  readonly #held = new Map<number, Hold>();

  /** `ended` is called for a process whose end the reaper will not see. */
  constructor(reactor: ProcessReactor, ended: (pid: number) => void) {
    this.#reactor = reactor;
    this.#ended = ended;
  }

  /** Begins to watch a process, unless it is our child already. */
  adopt(pid: number): void {
    if (this.#held.has(pid) || isChild(pid)) return;
    this.#hold(pid, native.pidfdOpen(pid));
  }

  /** Whether the process is gone, so that its number may be a stranger's; false for those that are not watched. */
  isGone(pid: number): boolean {
    const hold = this.#held.get(pid);
    if (hold === undefined) return false;
    if (hold.fd >= 0) return native.pidfdSendSignal(hold.fd, 0) < 0;
    return readProcess(pid)?.startTime !== hold.startTime;
  }

  /** Forgets a process that is nobody's main process any more. */
  release(pid: number): void {
    const hold = this.#held.get(pid);
    if (hold === undefined) return;
    this.#held.delete(pid);
    hold.watch?.close();
    if (hold.fd >= 0) native.close(hold.fd);
  }

  snapshot(): AdoptedState[] {
    return [...this.#held].map(([pid, { fd }]) => ({ pid, fd }));
  }

  restore(states: readonly AdoptedState[]): void {
    for (const { pid, fd } of states) {
      if (fd >= 0) native.setCloseOnExec(fd, true);
      this.#hold(pid, fd);
    }
  }

  #hold(pid: number, fd: number): void {
    const hold: Hold = { fd, startTime: readProcess(pid)?.startTime ?? 0, watch: null };
    this.#held.set(pid, hold);
    if (fd >= 0) hold.watch = this.#reactor.watch(fd, native.EPOLLIN, () => this.#seeEnd(pid));
    else this.#lookLater(pid, hold);
  }

  #lookLater(pid: number, hold: Hold): void {
    this.#reactor.after(lookEvery, () => {
      if (this.#held.get(pid) !== hold) return;
      if (this.isGone(pid)) this.#seeEnd(pid);
      else this.#lookLater(pid, hold);
    });
  }

  /** Where it has become our child meanwhile, the reaper tells how it ended. */
  #seeEnd(pid: number): void {
    this.release(pid);
    if (!isChild(pid)) this.#ended(pid);
  }
}

/** Whether this process is our own child. A tracer may wait for others too, so that waitid(2) alone does not tell. */
function isChild(pid: number): boolean {
  const process = readProcess(pid);
  if (process !== null) return process.parent === native.getpid();
  const options = native.WEXITED | native.WNOHANG | native.WNOWAIT;
  return native.waitid(native.P_PID, pid, options, new Int32Array(3)) >= 0;
}

import * as native from "upinit:native";
import type { ProcessStatus } from "../jobs/messages.ts";

/**
 * What one call may take: a storm of children, or jobs that fail as fast as they are started, must not keep PID 1 from
 * signals, clients and the stop.
 */
const childrenACall = 4096;
const millisecondsACall = 50;

const anyChange = native.WEXITED | native.WSTOPPED | native.WCONTINUED;
const peek = anyChange | native.WNOHANG | native.WNOWAIT;

/** What the reaper tells. */
export interface ReaperTargets {
  /** Whether anybody cares for this process; what nobody owns is only reaped. */
  owns(pid: number): boolean;
  /** The process ended, and is still there to be acted upon, or it was stopped or continued. */
  changed(pid: number, status: ProcessStatus): void;
  /** A traced process is held: status as in waitid(2), the event of PTRACE_SETOPTIONS in its second byte. */
  trapped(pid: number, status: number): void;
  /** There are more children than one call looks at: `drain` is to be called again soon. */
  more(): void;
}

/**
 * Takes what waitid has, in two steps for a process that has ended: its owner acts while the pid can't be given to
 * another, then it is reaped. One SIGCHLD may stand for many children, so each call takes all there are.
 */
export class Reaper {
  readonly #targets: ReaperTargets;
  /** pid, code, status: read anew for each child, allocated once. */
  readonly #seen = new Int32Array(3);
  readonly #taken = new Int32Array(3);

  constructor(targets: ReaperTargets) {
    this.#targets = targets;
  }

  drain(): void {
    let done = false;
    try {
      done = this.#takeAll();
    } finally {
      // Also when a handler throws: no further SIGCHLD is due for the children that are left.
      if (!done) this.#targets.more();
    }
  }

  /** False if there may be more. */
  #takeAll(): boolean {
    const seen = this.#seen;
    const end = native.monotonicTime() + millisecondsACall;
    for (let count = 0; count < childrenACall; count += 1) {
      if (count > 0 && native.monotonicTime() > end) return false;
      if (native.waitid(native.P_ALL, 0, peek, seen) < 0) return true;
      const pid = seen[0] ?? 0;
      if (pid === 0) return true;
      this.#handle(pid, seen[1] ?? 0, seen[2] ?? 0);
    }
    return false;
  }

  #handle(pid: number, code: number, status: number): void {
    switch (code) {
      case native.CLD_EXITED:
        this.#ended(pid, { type: "exited", status });
        break;
      case native.CLD_KILLED:
      case native.CLD_DUMPED:
        this.#ended(pid, { type: "killed", signal: status });
        break;
      default:
        this.#take(pid, code, status);
    }
  }

  #ended(pid: number, status: ProcessStatus): void {
    try {
      if (this.#targets.owns(pid)) this.#targets.changed(pid, status);
    } finally {
      // Whatever the owner does, a zombie that stayed would be seen for ever and hide all others.
      native.waitid(native.P_PID, pid, native.WEXITED | native.WNOHANG, this.#taken);
    }
  }

  /** A process that lives on: the report is taken first, for acting on it may bring about the next one. */
  #take(pid: number, code: number, status: number): void {
    native.waitid(native.P_PID, pid, native.WSTOPPED | native.WCONTINUED | native.WNOHANG, this.#taken);
    if (code === native.CLD_TRAPPED) this.#targets.trapped(pid, status);
    else if (!this.#targets.owns(pid)) return;
    else if (code === native.CLD_STOPPED) this.#targets.changed(pid, { type: "stopped", signal: status });
    else if (code === native.CLD_CONTINUED) this.#targets.changed(pid, { type: "continued" });
  }
}

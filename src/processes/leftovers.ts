import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import { findProcesses, isLiving, type ProcessRecord } from "./process-table.ts";

const SIGKILL = 9;
const SIGCONT = 18;

/**
 * What the process group of a dead main process still holds. With `kill leftovers` that, and what its session holds, is
 * told to end, and killed after the job's `kill timeout`.
 */
export class Leftovers {
  readonly #reactor: ProcessReactor;
  readonly #host: ProcessHost;

  constructor(reactor: ProcessReactor, host: ProcessHost) {
    this.#reactor = reactor;
    this.#host = host;
  }

  /** The main process of a job has ended and is not reaped yet, so that its number is nobody else's. */
  mainEnded(job: Job, pid: number): void {
    if (!job.jobClass.killLeftovers) {
      if (job.jobClass.killMode !== "group") this.#report(job, pid);
      return;
    }
    const members = membersOf(pid);
    if (members === null) {
      // Without /proc nobody can tell later whether the group is still the same one.
      native.kill(-pid, SIGKILL);
      return;
    }
    if (members.length === 0) return;
    const { killSignal, killTimeout } = job.jobClass;
    const names = members.map((member) => member.pid).join(", ");
    this.#host.log.info(`Killing what ${displayName(job)} main process (${pid}) left: ${names}`);
    for (const member of members) {
      native.kill(member.pid, killSignal);
      native.kill(member.pid, SIGCONT);
    }
    this.#watchOver(pid, members, killTimeout * 1000);
  }

  /** With `kill mode process|mixed` the group is not signalled with main: says what lives on. */
  #report(job: Job, pid: number): void {
    const members = membersOf(pid) ?? [];
    if (members.length === 0) return;
    const pids = members.map((member) => member.pid).join(", ");
    this.#host.log.info(
      `${displayName(job)} main process (${pid}) has ended; left of its process group: ${pids}`,
    );
  }

  #watchOver(pid: number, members: readonly ProcessRecord[], grace: number): void {
    this.#reactor.after(grace, () => {
      const now = membersOf(pid) ?? [];
      // The number belongs to the same session as long as one of those that were seen in it is there. Otherwise it
      // may have been given to another since, and nobody is touched.
      if (!now.some((process) => members.some((member) => isSame(process, member)))) return;
      for (const process of now) native.kill(process.pid, SIGKILL);
    });
  }
}

function isSame(one: ProcessRecord, other: ProcessRecord): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}

/** Living processes of the session or the group that `leader` led, without itself; null without /proc. */
function membersOf(leader: number): ProcessRecord[] | null {
  return findProcesses(
    (process) =>
      process.pid !== leader && isLiving(process) && (process.session === leader || process.group === leader),
  );
}

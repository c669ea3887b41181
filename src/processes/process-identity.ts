/** The identity of each process of a job, and what follows from it: its directories and its personal variables. */
import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import type { JobClass, ProcessName } from "../jobs/job-class.ts";
import { Accounts } from "./accounts.ts";
import { makeDirectories } from "./directories.ts";
import { type AccountFiles, type Identity, type IdentityResult, resolveIdentity } from "./identity.ts";
import { withPersonalVariables } from "./personal-environment.ts";
import type { User } from "./users.ts";

/** The identity of a process, and the account of its user where that has one. */
export interface ProcessIdentity {
  readonly identity: Identity;
  readonly account: User | null;
}

/** Nothing of the identity is changed. */
export const unchangedIdentity: ProcessIdentity = { identity: {}, account: null };

/** What of a job its identity depends on. */
interface Identified {
  readonly jobClass: Pick<JobClass, "setuid" | "setgid" | "chroot" | "hooksAsRoot">;
}

interface Known {
  readonly files: AccountFiles;
  readonly result: IdentityResult;
}

export class ProcessIdentities {
  readonly #accounts = new Accounts();
  /** What was found for a user and group in our own account files, as long as they stay the same. */
  readonly #known = new Map<string, Known>();
  readonly #personal: readonly string[] | null;

  /** `personal`: HOME, USER, LOGNAME and SHELL of upinit; null: no job is given any. */
  constructor(personal: readonly string[] | null) {
    this.#personal = personal;
  }

  /** The identity of this process of the job; a text is the reason why it cannot have it. */
  resolve({ jobClass }: Identified, process: ProcessName): ProcessIdentity | string {
    if (process !== "main" && jobClass.hooksAsRoot) return unchangedIdentity;
    const { setuid, setgid, chroot } = jobClass;
    // A chroot that does not exist is the failure to be reported, not that it has no users.
    if (chroot !== null && native.access(chroot, 0) !== 0) return unchangedIdentity;
    const result =
      chroot === null
        ? this.#resolveOwn(setuid, setgid)
        : this.#find(setuid, setgid, true, this.#accounts.files(chroot));
    return result.ok ? result : result.reason;
  }

  #resolveOwn(setuid: string | null, setgid: string | null): IdentityResult {
    const files = this.#accounts.files(null);
    const key = `${setuid}\0${setgid}`;
    const known = this.#known.get(key);
    if (known?.files.passwd === files.passwd && known?.files.group === files.group) return known.result;
    const result = this.#find(setuid, setgid, false, files);
    this.#known.set(key, { files, result });
    return result;
  }

  #find(setuid: string | null, setgid: string | null, chroot: boolean, files: AccountFiles): IdentityResult {
    const request = {
      setuid,
      setgid,
      chroot,
      euid: native.geteuid(),
      egid: native.getegid(),
      maySetGroups: this.#accounts.maySetGroups(),
    };
    return resolveIdentity(request, files);
  }

  /** `mkdir`, before the first process of a start. Why a directory cannot be made; null if all are there. */
  makeDirectories({ jobClass }: Job, process: ProcessName, identity: Identity): string | null {
    const { directories, processes, chroot } = jobClass;
    if (directories.length === 0) return null;
    const first = processes["pre-start"] === undefined ? "main" : "pre-start";
    return process === first ? makeDirectories(directories, chroot ?? "", identity) : null;
  }

  /** The environment with the personal variables of the user that the process will be. */
  environment(
    { jobClass }: Identified,
    env: readonly string[],
    { identity, account }: ProcessIdentity,
  ): readonly string[] {
    if (this.#personal === null || jobClass.setuid === null) return env;
    const { uid } = identity;
    const changes = uid !== undefined && uid !== native.geteuid();
    if (!changes) return withPersonalVariables(env, null, this.#personal);
    return account === null ? env : withPersonalVariables(env, account, this.#personal);
  }
}

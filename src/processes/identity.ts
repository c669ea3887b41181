import { findGroup, findUser, supplementaryGroups } from "./users.ts";

/** What of a process's identity is changed; what is absent stays. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
}

export type IdentityResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: string };

export interface IdentityRequest {
  readonly setuid: string | null;
  readonly setgid: string | null;
  /** Whether the files are those of a chroot. There the group set-up may not be skipped. */
  readonly chroot: boolean;
  readonly euid: number;
  readonly egid: number;
  /** Whether setgroups(2) is allowed to us at all. */
  readonly maySetGroups: boolean;
}

/** The text of /etc/passwd and /etc/group, or null for a file that can't be read. */
export interface AccountFiles {
  readonly passwd: string | null;
  readonly group: string | null;
}

const missing = "No such file or directory";

/**
 * Finds out who a process is to be (reference 3.7, step 13). Root sets up groups even if nothing is asked for, as
 * Upstart does: `initgroups(USER or current user, GROUP or current group)`, which is why `setuid` alone keeps the
 * group root. Where nothing is asked for and there is no account file (a container from scratch), all stays as it is.
 */
export function resolveIdentity(request: IdentityRequest, files: AccountFiles): IdentityResult {
  let userName: string | null = null;
  let uid: number | undefined;
  let gid: number | undefined;
  if (request.setuid !== null) {
    if (files.passwd === null) return { ok: false, reason: `unable to getpwnam: ${missing}` };
    const user = findUser(files.passwd, ({ name }) => name === request.setuid);
    if (user === null) return { ok: false, reason: "unable to find setuid user" };
    userName = user.name;
    uid = user.uid;
    gid = user.gid;
  }
  let groupsBase = request.egid;
  if (request.setgid !== null) {
    if (files.group === null) return { ok: false, reason: `unable to getgrnam: ${missing}` };
    const group = findGroup(files.group, ({ name }) => name === request.setgid);
    if (group === null) return { ok: false, reason: "unable to find setgid group" };
    gid = group.gid;
    groupsBase = group.gid;
  }
  const groups = resolveGroups(request, files, userName, groupsBase);
  if (typeof groups === "string") return { ok: false, reason: groups };
  return {
    ok: true,
    identity: {
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(groups !== null && { groups }),
    },
  };
}

/** The supplementary groups; null to leave them alone; a text is the reason why they can't be told. */
function resolveGroups(
  request: IdentityRequest,
  files: AccountFiles,
  userName: string | null,
  gid: number,
): number[] | string | null {
  if (request.euid !== 0) return null;
  const name = userName ?? currentUser(request, files);
  const group = files.group;
  if (request.setuid !== null || request.setgid !== null || request.chroot) {
    if (name === null) return `unable to getpwuid: ${missing}`;
    if (group === null && request.chroot) return `unable to getgrgid: ${missing}`;
  }
  return name === null || !request.maySetGroups ? null : supplementaryGroups(group ?? "", name, gid);
}

function currentUser(request: IdentityRequest, files: AccountFiles): string | null {
  return findUser(files.passwd ?? "", ({ uid }) => uid === request.euid)?.name ?? null;
}

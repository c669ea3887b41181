import { findGroup, findUser, parseId, supplementaryGroups, type User } from "./users.ts";

/** What of a process's identity is changed; what is absent stays. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
}

export type IdentityResult =
  /** `account` is that of `setuid`, where it has an entry. */
  | { readonly ok: true; readonly identity: Identity; readonly account: User | null }
  | { readonly ok: false; readonly reason: string };

export interface IdentityRequest {
  /** A name, or a decimal number; a name wins over a number. */
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

/** A user or group that was asked for; a text is the reason why it cannot be. */
type Found<What> = What | null | string;

/**
 * Finds the identity of a process. `setuid` takes the user's own groups: the primary one, unless `setgid` names another,
 * and those that list the user. Root sets up groups even if nothing is asked for, as Upstart does. Where nothing is asked
 * for and there is no account file (a container from scratch), all stays as it is.
 */
export function resolveIdentity(request: IdentityRequest, files: AccountFiles): IdentityResult {
  const user = resolveUser(request, files);
  if (typeof user === "string") return { ok: false, reason: user };
  const group = resolveGroup(request, files);
  if (typeof group === "string") return { ok: false, reason: group };
  const uid = user?.uid;
  const gid = group ?? user?.gid ?? undefined;
  if (uid !== undefined && gid === undefined) {
    return {
      ok: false,
      reason: `unable to find the group of user ${uid}, which has no entry in /etc/passwd: add setgid`,
    };
  }
  const groups = resolveGroups(request, files, user?.account?.name ?? null, gid ?? request.egid);
  if (typeof groups === "string") return { ok: false, reason: groups };
  return {
    ok: true,
    identity: {
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(groups !== null && { groups }),
    },
    account: user?.account ?? null,
  };
}

interface WantedUser {
  readonly uid: number;
  readonly gid: number | null;
  readonly account: User | null;
}

function resolveUser({ setuid }: IdentityRequest, { passwd }: AccountFiles): Found<WantedUser> {
  if (setuid === null) return null;
  const number = parseId(setuid);
  const account =
    findUser(passwd ?? "", ({ name }) => name === setuid) ??
    (number === null ? null : findUser(passwd ?? "", ({ uid }) => uid === number));
  if (account !== null) return { uid: account.uid, gid: account.gid, account };
  if (number !== null) return { uid: number, gid: null, account: null };
  return passwd === null ? `unable to getpwnam: ${missing}` : "unable to find setuid user";
}

function resolveGroup({ setgid }: IdentityRequest, { group }: AccountFiles): Found<number> {
  if (setgid === null) return null;
  const found = findGroup(group ?? "", ({ name }) => name === setgid);
  if (found !== null) return found.gid;
  const number = parseId(setgid);
  if (number !== null) return number;
  return group === null ? `unable to getgrnam: ${missing}` : "unable to find setgid group";
}

/** The supplementary groups; null to leave them alone; a text is the reason why they can't be told. */
function resolveGroups(
  request: IdentityRequest,
  files: AccountFiles,
  userName: string | null,
  gid: number,
): number[] | string | null {
  if (request.euid !== 0) return null;
  // A number without an entry is in no group but the one that it was given.
  if (request.setuid !== null && userName === null) return request.maySetGroups ? [gid] : null;
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

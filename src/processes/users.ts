/**
 * Users and groups as passwd(5) and group(5) hold them, read in TypeScript because a static libc can't load NSS.
 * Everything here works on the text of the files; `accounts.ts` reads them.
 */

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** (uid_t) -1 means "leave it alone" to setuid and its relatives, so it is nobody's number. */
const largestId = 0xffff_fffe;

/** Ids are decimal and nothing else: "0day" and "0x0" are no numbers (CVE-2017-1000082, CVE-2020-13776). */
export function parseId(text: string): number | null {
  if (!/^[0-9]{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id <= largestId ? id : null;
}

export function findUser(passwd: string, matches: (user: User) => boolean): User | null {
  return findEntry(passwd, parseUser, matches);
}

export function findGroup(group: string, matches: (group: Group) => boolean): Group | null {
  return findEntry(group, parseGroup, matches);
}

/** initgroups(3): `gid`, then the groups that list the user as a member. */
export function supplementaryGroups(groupFile: string, userName: string, gid: number): number[] {
  const gids = new Set([gid]);
  eachEntry(groupFile, parseGroup, (group) => {
    if (group.members.includes(userName)) gids.add(group.gid);
    return false;
  });
  return [...gids];
}

function parseUser(fields: readonly string[]): User | null {
  const [name, , uidText, gidText, , home = "", shell = ""] = fields;
  if (!name || uidText === undefined || gidText === undefined) return null;
  const uid = parseId(uidText);
  const gid = parseId(gidText);
  return uid === null || gid === null ? null : { name, uid, gid, home, shell };
}

function parseGroup(fields: readonly string[]): Group | null {
  const [name, , gidText, members] = fields;
  if (!name || gidText === undefined) return null;
  const gid = parseId(gidText);
  if (gid === null) return null;
  return { name, gid, members: members ? members.split(",").filter((member) => member !== "") : [] };
}

function findEntry<Entry>(
  file: string,
  parse: (fields: readonly string[]) => Entry | null,
  matches: (entry: Entry) => boolean,
): Entry | null {
  let found: Entry | null = null;
  eachEntry(file, parse, (entry) => {
    if (matches(entry)) found = entry;
    return found !== null;
  });
  return found;
}

/** Lines that are no entry (comments, NIS markers, damage) are passed over. `visit` returns true to end. */
function eachEntry<Entry>(
  file: string,
  parse: (fields: readonly string[]) => Entry | null,
  visit: (entry: Entry) => boolean,
): void {
  let start = 0;
  while (start < file.length) {
    let end = file.indexOf("\n", start);
    if (end < 0) end = file.length;
    const line = file.slice(start, end);
    start = end + 1;
    if (line.startsWith("#") || line.startsWith("+") || line.startsWith("-")) continue;
    const entry = parse(line.split(":"));
    if (entry !== null && visit(entry)) return;
  }
}

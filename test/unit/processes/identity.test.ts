import { describe, expect, test } from "vitest";
import { type AccountFiles, type IdentityRequest, resolveIdentity } from "../../../src/processes/identity.ts";

const files: AccountFiles = {
  passwd: "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
  group: "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\nextra:x:50:nobody\n",
};
const none: AccountFiles = { passwd: null, group: null };
const plain: IdentityRequest = {
  setuid: null,
  setgid: null,
  chroot: false,
  euid: 0,
  egid: 0,
  maySetGroups: true,
};

/** Without the account, which a test of its own looks at. */
function resolve(request: Partial<IdentityRequest>, accounts = files) {
  const result = resolveIdentity({ ...plain, ...request }, accounts);
  return result.ok ? { ok: true, identity: result.identity } : result;
}

describe("as root", () => {
  test("nothing asked: only the groups of root", () => {
    expect(resolve({})).toEqual({ ok: true, identity: { groups: [0] } });
  });

  test("setuid alone takes the user's own groups, and never ours", () => {
    expect(resolve({ setuid: "nobody" })).toEqual({
      ok: true,
      identity: { uid: 65534, gid: 65534, groups: [65534, 50] },
    });
  });

  test("setgid alone changes the group and leaves the user", () => {
    expect(resolve({ setgid: "nogroup" })).toEqual({ ok: true, identity: { gid: 65534, groups: [65534] } });
  });

  test("both", () => {
    expect(resolve({ setuid: "nobody", setgid: "daemon" })).toEqual({
      ok: true,
      identity: { uid: 65534, gid: 1, groups: [1, 50] },
    });
  });

  test("unknown names", () => {
    expect(resolve({ setuid: "x" })).toEqual({ ok: false, reason: "unable to find setuid user" });
    expect(resolve({ setgid: "x" })).toEqual({ ok: false, reason: "unable to find setgid group" });
    expect(resolve({ setuid: "0x10" })).toEqual({ ok: false, reason: "unable to find setuid user" });
    expect(resolve({ setgid: "-1" })).toEqual({ ok: false, reason: "unable to find setgid group" });
  });

  test("numbers: a name wins, an entry of that number counts, and without one a group is needed", () => {
    const odd = { ...files, passwd: `${files.passwd}7:x:9:9::/:\n` };
    expect(resolve({ setuid: "7" }, odd)).toMatchObject({ identity: { uid: 9, gid: 9 } });
    expect(resolve({ setuid: "65534" })).toEqual({
      ok: true,
      identity: { uid: 65534, gid: 65534, groups: [65534, 50] },
    });
    expect(resolve({ setuid: "1000" })).toEqual({
      ok: false,
      reason: "unable to find the group of user 1000, which has no entry in /etc/passwd: add setgid",
    });
    const both = { ok: true, identity: { uid: 1000, gid: 2000, groups: [2000] } };
    expect(resolve({ setuid: "1000", setgid: "2000" })).toEqual(both);
    expect(resolve({ setuid: "1000", setgid: "2000" }, none)).toEqual(both);
  });

  test("the account of the user comes along", () => {
    expect(resolveIdentity({ ...plain, setuid: "nobody" }, files)).toMatchObject({
      account: { name: "nobody", home: "/", shell: "/bin/false" },
    });
  });

  test("no account files: nothing changes where nothing is asked for", () => {
    expect(resolve({}, none)).toEqual({ ok: true, identity: {} });
    expect(resolve({ setuid: "a" }, none)).toEqual({
      ok: false,
      reason: "unable to getpwnam: No such file or directory",
    });
    expect(resolve({ setgid: "a" }, none)).toEqual({
      ok: false,
      reason: "unable to getgrnam: No such file or directory",
    });
  });

  test("a chroot needs root in its passwd, as Upstart does", () => {
    expect(resolve({ chroot: true }, none)).toEqual({
      ok: false,
      reason: "unable to getpwuid: No such file or directory",
    });
    expect(resolve({ chroot: true })).toEqual({ ok: true, identity: { groups: [0] } });
  });

  test("where groups can't be set they are left alone", () => {
    expect(resolve({ setuid: "nobody", maySetGroups: false })).toEqual({
      ok: true,
      identity: { uid: 65534, gid: 65534 },
    });
    expect(resolve({ maySetGroups: false })).toEqual({ ok: true, identity: {} });
  });
});

test("not as root: no groups, but the ids are tried", () => {
  expect(resolve({ euid: 1000, setuid: "nobody" })).toEqual({
    ok: true,
    identity: { uid: 65534, gid: 65534 },
  });
  expect(resolve({ euid: 1000 })).toEqual({ ok: true, identity: {} });
});

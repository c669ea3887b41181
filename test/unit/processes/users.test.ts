import { describe, expect, test } from "vitest";
import { findGroup, findUser, parseId, supplementaryGroups } from "../../../src/processes/users.ts";

const passwd = `root:x:0:0:root:/root:/bin/sh
# a comment: it:x:1:1
+nis:x:9:9
0day:x:1000:1000::/:/bin/sh
broken:x:0day:0:::
hex:x:0x0:0:::
negative:x:-1:0:::
huge:x:4294967295:0:::
short:x
:x:0:0:::
www:x:33:34:www:/var/www:/bin/false
www:x:0:0:second:/:/bin/sh`;

const group = `root:x:0:
daemon:x:1:www,other
adm:x:4:syslog, www
www:x:34:www
self:x:40:www,www
bad:x:four:www`;

describe("findUser", () => {
  const byName = (wanted: string) => findUser(passwd, ({ name }) => name === wanted);

  test("gives the first entry of the name", () => {
    expect(byName("www")).toMatchObject({
      name: "www",
      uid: 33,
      gid: 34,
      home: "/var/www",
      shell: "/bin/false",
    });
    expect(byName("0day")).toMatchObject({ name: "0day", uid: 1000, gid: 1000 });
  });

  test.each([
    "broken",
    "hex",
    "negative",
    "huge",
    "short",
    "",
    "+nis",
    "nis",
    "# a comment",
    "nobody",
    "__proto__",
  ])("knows no user %j", (name) => {
    expect(byName(name)).toBeNull();
  });
});

test("findGroup", () => {
  expect(findGroup(group, ({ name }) => name === "daemon")).toEqual({
    name: "daemon",
    gid: 1,
    members: ["www", "other"],
  });
  expect(findGroup(group, ({ gid }) => gid === 0)?.name).toBe("root");
  expect(findGroup(group, ({ name }) => name === "bad")).toBeNull();
});

test("supplementary groups are the base and each group that lists the user, once", () => {
  expect(supplementaryGroups(group, "www", 34)).toEqual([34, 1, 40]);
  expect(supplementaryGroups(group, "nobody", 7)).toEqual([7]);
  expect(supplementaryGroups("", "www", 0)).toEqual([0]);
});

test.each([
  ["0", 0],
  ["007", 7],
  ["4294967294", 4294967294],
  ["4294967295", null],
  ["", null],
  ["1e3", null],
  [" 1", null],
  ["+1", null],
  ["12345678901", null],
])("parseId(%j)", (text, expected) => {
  expect(parseId(text)).toBe(expected);
});

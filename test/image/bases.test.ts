/** What an image may be made of, from nothing to a whole system, and what an engine may take away from it. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { librariesOf } from "../container/fixture/host-image.ts";
import { booted, type ContainerOptions } from "../container/fixture/index.ts";
import type { Files } from "../container/fixture/layer.ts";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find(existsSync);
const applets = ["cat", "echo", "grep", "mount", "sh", "sleep", "touch", "umount"];
const trap = "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done";

/** What an image holds, and a CMD for it with the status that it ends with on TERM. */
interface Base {
  readonly options: ContainerOptions;
  readonly command: readonly string[];
  readonly status: number;
  /** Why this machine can't make it. */
  readonly problem?: string | false;
}

const killed = 128 + 15;
const noBusybox = busybox === undefined && "no busybox installed";
const bases: Readonly<Record<string, Base>> = {
  "FROM scratch, with one static program": {
    options: { image: "scratch", files: { "/sleep": { copy: busybox ?? "" } } },
    command: ["/sleep", "1000"],
    status: killed,
    problem: noBusybox,
  },
  busybox: {
    options: {
      image: "scratch",
      files: {
        "/bin/busybox": { copy: busybox ?? "" },
        ...Object.fromEntries(applets.map((name) => [`/bin/${name}`, { link: "busybox" }])),
        "/tmp": { directory: true, mode: 0o1777 },
      },
    },
    command: ["sh", "-c", trap],
    status: 7,
    problem: noBusybox,
  },
  "a C library and no shell": {
    options: { image: "scratch", files: distroless("/usr/bin/sleep") },
    command: ["/usr/bin/sleep", "1000"],
    status: killed,
  },
  "a whole system": { options: { image: "host" }, command: ["sh", "-c", trap], status: 7 },
};

const rights: Readonly<Record<string, ContainerOptions>> = {
  "as the engine makes it": {},
  "another user, no capabilities, no new privileges, read-only": {
    user: "65532:65532",
    capabilities: "none",
    noNewPrivileges: true,
    readOnly: true,
  },
  "a terminal": { terminal: true },
};

/** What a program and its libraries need of a system, and the accounts, as distroless images have it. */
function distroless(program: string): Files {
  return {
    "/etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home:/sbin/nologin\n",
    "/etc/group": "root:x:0:\nnonroot:x:65532:\n",
    "/tmp": { directory: true, mode: 0o1777 },
    ...Object.fromEntries([program, ...librariesOf([program])].map((path) => [path, { copy: path }])),
  };
}

describe.each(Object.entries(bases))("%s", (_base, { options, command, status, problem }) => {
  describe.skipIf(problem)(problem || "", () => {
    test("a CMD alone", async () => {
      await using box = await booted({ driver: "docker", ...options, args: command });
      expect(await box.run(["initctl", "list"])).toBe("");
      expect(await box.stop(60)).toBe(status);
    });

    describe.each(Object.entries(rights))("%s", (_right, right) => {
      test("a CMD and a job boot, are listed, and stop before they are killed", async () => {
        const place: ContainerOptions = { driver: "docker", ...options, ...right };
        const jobs = { "job.conf": `start on startup\nexec ${command[0]} ${quoted(command.slice(1))}\n` };
        await using box = await booted({ ...place, jobs, args: command });
        await box.run(["initctl", "wait", "job", "--for", "running"]);
        expect(await box.run(["initctl", "list"])).toMatch(/^job start\/running, process \d+$/);
        await box.run(["initctl", "health", "--require", "job"]);
        expect(await box.stop(60)).toBe(status);
      });
    });
  });
});

/** Words for a job's `exec`; a lone number needs no shell, so that none is asked for where there is none. */
function quoted(words: readonly string[]): string {
  return words.map((word) => (/^\w+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

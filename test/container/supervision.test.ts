/** Jobs whose processes do what they like: readiness, hang, leave things behind, can't be started at all. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compileTool } from "../native/tools.ts";
import { booted, container, eventually, type Files } from "./fixture/index.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-supervision-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A service that says by sd_notify what it is told to by files. */
const service = `#!/bin/sh
sd-notify "STATUS=warming up"
until test -e /tmp/ready; do sleep 0.02; done
sd-notify "READY=1
STATUS=at work"
until test -e /tmp/hang; do sd-notify WATCHDOG=1; sleep 0.1; done
exec sleep 1000
`;

/** The service, and the program that it speaks by. */
function notifier(): Files {
  const copy = compileTool("sd-notify", directory, "-static");
  return { "/usr/local/bin/service": service, "/usr/local/bin/sd-notify": { copy, mode: 0o755 } };
}

describe.concurrent("expect notify", () => {
  test("start waits until the service says that it is ready", async () => {
    await using box = await booted({
      files: notifier(),
      jobs: { "s.conf": "expect notify\nexec service\n" },
    });
    const start = box.exec("start s");
    await eventually(async () => (await box.run("status s")).startsWith("s start/spawned"));
    await box.run("touch /tmp/ready");
    expect(await start).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^s start\/running, process \d+\n$/),
    });
  });

  test("a service that gives no sign of life any more is killed, and respawned where that is wanted", async () => {
    await using box = await booted({
      files: { ...notifier(), "/tmp/ready": "" },
      jobs: {
        "s.conf": "expect notify\nwatchdog 1\nrespawn\npost-stop exec rm -f /tmp/hang\nexec service\n",
      },
    });
    const first = await box.run("start s");
    await box.run("touch /tmp/hang");
    await eventually(async () => {
      const now = await box.run("status s");
      return now.startsWith("s start/running") && now !== first;
    });
  });
});

describe.concurrent("what a service leaves behind", () => {
  const leave = `script
  setsid sleep 7041 &
  (trap '' TERM; exec sleep 7042) &
  sleep 7043 &
  exit 0
end script
`;

  test("does not hide its death, and is left alone", async () => {
    await using box = await booted({ jobs: { "l.conf": leave } });
    await box.run("start l");
    await eventually(async () => (await box.run("status l")) === "l stop/waiting");
    await eventually(() => box.run("pgrep -f '^sleep 704[123]' | wc -l | grep -x 3"));
  });

  test("is killed by `kill leftovers`, but for what made a session of its own", async () => {
    await using box = await booted({ jobs: { "l.conf": `kill leftovers\nkill timeout 1\n${leave}` } });
    await box.run("start l");
    await eventually(async () => (await box.exec("pgrep -f '^sleep 704[23]'")).status === 1);
    expect(await box.run("status l")).toBe("l stop/waiting");
  });
});

describe.concurrent("a job that can't be started", () => {
  test("says in one line which step failed and why, and harms nobody else", async () => {
    const failing: Readonly<Record<string, readonly [stanzas: string, reason: string, named: string]>> = {
      user: ["setuid nosuchuser\nexec sleep 1", "unable to find setuid user", "user nosuchuser"],
      group: ["setgid nosuchgroup\nexec sleep 1", "unable to find setgid group", "group nosuchgroup"],
      directory: [
        "chdir /nope\nexec sleep 1",
        "unable to change working directory: No such file or directory",
        "directory /nope",
      ],
      root: [
        "chroot /nope\nexec sleep 1",
        "unable to change root directory: No such file or directory",
        "root /nope",
      ],
      limit: [
        "limit nofile 60 50\nexec sleep 1",
        'unable to set "nofile" resource limit: Invalid argument',
        "nofile",
      ],
      program: ["exec /no/such", "unable to execute: No such file or directory", "/no/such"],
      interpreter: [
        "exec /usr/local/bin/odd",
        "unable to execute: No such file or directory",
        "its interpreter /no/such/interpreter does not exist",
      ],
      windows: ["exec /usr/local/bin/dos", "unable to execute: No such file or directory", "carriage return"],
      unknown: [
        "exec nosuchprogram",
        "unable to execute: No such file or directory",
        "in no directory of PATH=",
      ],
      folder: ["exec /etc", "unable to execute: Permission denied", "/etc"],
      text: ["exec /etc/passwd", "unable to execute: Permission denied", "/etc/passwd"],
    };
    await using box = await booted({
      files: {
        "/usr/local/bin/odd": "#!/no/such/interpreter\n",
        "/usr/local/bin/dos": "#!/bin/sh\r\ntrue\r\n",
      },
      jobs: {
        "good.conf": "start on startup\nexec sleep 1000\n",
        ...Object.fromEntries(
          Object.entries(failing).map(([name, [stanzas]]) => [`${name}.conf`, `${stanzas}\n`]),
        ),
      },
    });
    const before = await box.run("status good");
    for (const [name, [, reason, named]] of Object.entries(failing)) {
      const start = await box.exec(["start", name]);
      expect(start.status).toBe(1);
      expect(start.stderr).toMatch(
        new RegExp(
          `^start: Job failed to start\n  ${name} main process: .*${named}.*; \`initctl explain ${name}' tells more\n$`,
        ),
      );
      const line = `init: Failed to spawn ${name} main process: ${reason}\n`;
      await eventually(() => box.stderr.split(line).length === 2);
    }
    expect(await box.run("status good")).toBe(before);
  });

  test("for lack of a capability names it; --lenient goes on without that step", async () => {
    const jobs = { "n.conf": "nice -5\nexec sleep 1000\n" };
    await using strict = await booted({ jobs, args: ["--verbose"], capabilities: "none" });
    expect((await strict.exec("start n")).status).toBe(1);
    await eventually(() => strict.stderr.includes("n main process needs the capability CAP_SYS_NICE"));

    await using lenient = await booted({ jobs, args: ["--lenient"], capabilities: "none" });
    expect(await lenient.run("start n")).toMatch(/^n start\/running, process \d+$/);
    expect(lenient.stderr).toContain("unable to set priority: Permission denied");
  });

  test("gives the container its status", async () => {
    await using box = await container({
      jobs: { "a.conf": "start on startup\nshutdown on failure\nexec /no/such\n" },
    });
    expect(await box.wait()).toBe(127);
  });
});

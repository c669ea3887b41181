/** Where the control socket lies, and what it withstands. */
import { describe, expect, test } from "vitest";
import { booted, container, eventually } from "./fixture/index.ts";

const jobs = { "a.conf": "start on startup\nexec sleep 1000\n" };
const running = /^a start\/running, process \d+$/;
const sockets = "find /run/upinit /dev/shm -name '*.sock' 2>/dev/null || true";

describe("the control socket", () => {
  test("lies in /run/upinit, open to all, in a directory that is not", async () => {
    await using box = await booted({ jobs });
    expect(await box.run("stat -c '%a %F' /run/upinit /run/upinit/control.sock")).toBe(
      "755 directory\n666 socket",
    );
  });

  test("goes to /dev/shm under a read-only root, and initctl finds it there", async () => {
    await using box = await booted({ jobs, readOnly: true });
    expect(await box.run(sockets)).toMatch(/^\/dev\/shm\/upinit-0\/control\.sock$|^$/);
    expect(await box.run("initctl list")).toMatch(running);
    expect(await box.run("initctl list", { user: "1000:1000" })).toMatch(running);
  });

  test("is the one that --socket or UPINIT_SOCKET names, abstract ones too", async () => {
    await using box = await container({ jobs, args: ["--socket", "/tmp/x/y.sock"] });
    await box.run("until UPINIT_SOCKET=/tmp/x/y.sock initctl list; do sleep 0.05; done");
    expect((await box.exec("initctl list")).stderr).toContain("Unable to connect to Upstart");
    await using other = await container({ jobs, env: { UPINIT_SOCKET: "@mine" } });
    await other.run("until initctl --socket @mine list; do sleep 0.05; done");
    expect(await other.run("initctl --socket=@mine list")).toMatch(running);
  });

  test("takes the place of one that a dead init left", async () => {
    await using box = await booted({ jobs });
    await box.restart();
    await box.ready();
    expect(await box.run("initctl list")).toMatch(running);
  });

  test("is not taken from an init that lives, and there is one more for the second", async () => {
    await using box = await booted({ jobs });
    await box.run("upinit --confdir /nothing --no-startup-event > /tmp/log 2>&1 & echo $! > /tmp/pid");
    await box.run("until test -S /dev/shm/upinit-0/control.sock; do sleep 0.05; done");
    expect(await box.run("initctl list")).toMatch(running);
    expect(await box.run("initctl --socket /dev/shm/upinit-0/control.sock version --json")).toContain(
      `"pid":${await box.run("cat /tmp/pid")},`,
    );
  });

  test("is not made where somebody else could swap it", async () => {
    await using box = await booted({ jobs });
    await box.run(
      "mkdir /dev/shm/trap && chown 1000 /dev/shm/trap && ln -s trap /dev/shm/upinit-0 && chown -h 1000 /dev/shm/upinit-0",
    );
    await box.run(
      "(upinit --confdir /nothing --no-startup-event > /tmp/log 2>&1 &); until grep -q @upinit/ /proc/net/unix; do sleep 0.05; done",
    );
    expect(await box.run("ls -A /dev/shm/trap")).toBe("");
  });

  test("trusts a client only as far as the kernel does, and a client a server", async () => {
    await using box = await booted({ jobs });
    await box.run(
      "(upinit --socket /tmp/theirs.sock --confdir /nothing --no-startup-event > /tmp/log 2>&1 &); until test -S /tmp/theirs.sock; do sleep 0.05; done",
      { user: "1000:1000" },
    );
    expect(await box.exec("initctl --socket /tmp/theirs.sock list", { user: "1001:1001" })).toMatchObject({
      status: 1,
      stderr:
        "initctl: Unable to connect to Upstart: Failed to connect to socket /tmp/theirs.sock: it belongs to user 1000, who is not trusted\n",
    });
    expect(await box.exec("initctl --socket /tmp/theirs.sock list", { user: "1000:1000" })).toMatchObject({
      status: 0,
    });
  });

  test("costs no processor time when init has no descriptor left for a client", async () => {
    await using box = await booted({ jobs });
    await box.run("prlimit --pid 1 --nofile=24:24");
    const program = `
      const used = () => {
        const stat = require("node:fs").readFileSync("/proc/1/stat", "latin1");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(fields[11]) + Number(fields[12]);
      };
      for (let n = 0; n < 60; n++) require("node:net").connect("/run/upinit/control.sock").on("error", () => {});
      setTimeout(() => {
        const before = used();
        setTimeout(() => {
          console.log(used() - before);
          process.exit();
        }, 1000);
      }, 500);
    `;
    // Hundredths of a second, out of one second.
    expect(Number(await box.run(["node", "-e", program]))).toBeLessThan(20);
    expect(await box.run("initctl list")).toMatch(running);
  });
});

describe.concurrent("the control socket", () => {
  const jobs = { "a.conf": "start on startup\nexec sleep 1000\n" };
  const lost = { "rm -f": "rm -f", moved: "f() { mv $1 $1.away; }; f" };

  test.each(Object.entries(lost))("that is lost (%s) is made anew, and clients go on", async (_how, take) => {
    await using box = await booted({ jobs });
    const waiting = box.exec("initctl wait a --for stopped");
    const path = await box.run("find /run -type s | head -1");
    await box.run(`${take} ${path}`);
    await eventually(async () => (await box.exec("initctl status a")).status === 0);
    await box.run("stop a");
    expect((await waiting).status).toBe(0);
  });

  test("that a mount hides is made anew on SIGHUP", async () => {
    await using box = await booted({ jobs, capabilities: "all" });
    await box.run("mount -t tmpfs none /run");
    expect((await box.exec("initctl status a")).status).not.toBe(0);
    await box.kill(1);
    await eventually(async () => (await box.exec("initctl status a")).status === 0);
  });
});

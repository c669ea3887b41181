/** `telinit u`: a new upinit takes over, and nobody notices. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

const list = (box: Container) => box.run("initctl list");

describe.concurrent("re-exec", () => {
  test("under load: 50 jobs that talk, clients that wait; no process, no line and no pid is lost", async () => {
    const lines = 200;
    const talker = `n=0; while [ $n -lt ${lines} ]; do n=$((n + 1)); echo $UPSTART_JOB line $n end; sleep 0.01; done; sleep 10000`;
    const jobs: Record<string, string> = {
      "held.conf": "start on hold\ntask\nexec sh -c 'read x < /tmp/fifo'\n",
    };
    for (let index = 0; index < 50; index += 1)
      jobs[`talker${index}.conf`] = `start on go\nexec sh -c '${talker}'\n`;
    await using box = await booted({
      jobs,
      files: { "/var/log/upstart": { directory: true } },
      // On a loaded machine the test itself may read nothing for longer than jobs are made to wait.
      args: ["--log-overflow", "block"],
    });
    await box.run("mkfifo /tmp/fifo && initctl emit go");
    const waiting = box.exec("initctl emit hold");
    await eventually(async () => (await box.run("status held")).includes("start/running"));
    const before = await list(box);

    for (let round = 0; round < 3; round += 1) {
      await box.run("telinit u");
      await box.ready();
      expect(await list(box)).toBe(before);
    }

    await box.run("echo end > /tmp/fifo");
    expect((await waiting).status).toBe(0);
    await eventually(() =>
      box.run(`test $(cat /var/log/upstart/talker*.log | grep -c 'line ${lines} end') = 50`),
    );
    for (let index = 0; index < 50; index += 1) {
      const told = await box.run(["cat", `/var/log/upstart/talker${index}.log`]);
      expect(told).toBe(
        Array.from({ length: lines }, (_, line) => `talker${index} line ${line + 1} end`).join("\n"),
      );
      expect(box.stdout.split(`talker${index} | `).length - 1).toBe(lines);
    }
    expect(await box.stop()).toBe(0);
  });

  test("a job that respawns, one that is half started and one that waits for a second event go on", async () => {
    await using box = await booted({
      jobs: {
        "again.conf": "start on startup\nrespawn\nexec sleep 1000\n",
        "half.conf": "start on go\npre-start exec sh -c 'read x < /tmp/fifo'\nexec sleep 1000\n",
        "second.conf": "start on one and two\nexec sleep 1000\n",
      },
    });
    await box.run("mkfifo /tmp/fifo; initctl emit -n go; initctl emit -n one");
    await eventually(async () => (await box.run("status half")).includes("start/pre-start"));
    await box.run("telinit u");
    await box.ready();

    const pid = (await box.run("status again")).split(" ").at(-1);
    await box.run(`kill -KILL ${pid}`);
    await eventually(async () =>
      /running, process (?!NOT)/.test((await box.run("status again")).replace(`${pid}`, "NOT")),
    );
    await box.run("echo end > /tmp/fifo");
    await eventually(async () => (await box.run("status half")).includes("start/running"));
    await box.run("initctl emit two");
    expect(await box.run("status second")).toMatch(/^second start\/running, process \d+$/);
  });

  test("a reader that takes nothing holds nothing up; what it misses is still counted afterwards", async () => {
    const lines = 300_000;
    await using box = await booted({
      files: {
        "/tmp/jobs/talker.conf": `start on startup\nexec sh -c 'seq ${lines}; touch /tmp/said; exec sleep 1000'\n`,
      },
      jobs: {
        "inner.conf":
          "start on startup\nexec sh -c 'mkfifo /tmp/pipe; exec /sbin/upinit --confdir /tmp/jobs --socket /tmp/inner >/tmp/pipe 2>/tmp/err'\n",
        "reader.conf":
          "start on startup\nexec sh -c 'while ! [ -p /tmp/pipe ]; do sleep 0.1; done; exec </tmp/pipe; while ! [ -e /tmp/go ]; do sleep 0.1; done; exec cat >/tmp/out'\n",
      },
    });
    await eventually(() => box.run("test -e /tmp/said"));
    await box.run("UPINIT_SOCKET=/tmp/inner telinit u");
    await box.run("touch /tmp/go");
    await eventually(async () => {
      const said = [...(await box.read("/tmp/err")).matchAll(/(\d+) lines of job output dropped/g)];
      const dropped = said.reduce((sum, [, count]) => sum + Number(count), 0);
      const read = (await box.read("/tmp/out")).split("\n").slice(0, -1);
      expect(read.every((line) => /^talker \| \d+$/.test(line))).toBe(true);
      return read.length + dropped === lines;
    });
  });

  test("a line that was begun before is not torn by another job's", async () => {
    await using box = await booted({
      jobs: {
        "begins.conf":
          "start on startup\nexec sh -c 'printf begun; while ! [ -e /tmp/go ]; do sleep 0.1; done; echo and ended; exec sleep 1000'\n",
        "other.conf": "start on other\ntask\nexec echo other\n",
      },
    });
    await eventually(() => box.stdout.endsWith("begins | begun"));
    await box.run("telinit u");
    await box.ready();
    await box.run("initctl emit other; touch /tmp/go");
    await eventually(() => box.stdout.includes("and ended\n"));
    expect(box.stdout).toBe("begins | begun\nother | other\nbegins | and ended\n");
  });

  test("a new executable that can't take over is refused, and the old one goes on", async () => {
    await using box = await booted({ jobs: { "a.conf": "start on startup\nexec sleep 1000\n" } });
    const before = await list(box);
    await box.run(
      "mkdir /tmp/old && cp /sbin/upinit /tmp/old/ && ln -s upinit /tmp/old/telinit && ln -s upinit /tmp/old/initctl",
    );
    await box.run(
      "printf '#!/bin/sh\\nexit 1\\n' > /tmp/broken && chmod 755 /tmp/broken && mv /tmp/broken /sbin/upinit",
    );
    expect((await box.exec("/tmp/old/telinit u")).status).toBe(1);
    expect(await box.run("/tmp/old/initctl list")).toBe(before);
  });
});

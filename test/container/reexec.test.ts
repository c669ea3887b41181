/** `telinit u`: a new upinit takes over, and nobody notices. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

const list = (box: Container) => box.run("initctl list");

describe.concurrent("re-exec", () => {
  test("under load: 50 jobs that talk, clients that wait; no process, no line and no pid is lost", async () => {
    const lines = 400;
    const talker = `n=0; while [ $n -lt ${lines} ]; do n=$((n + 1)); echo $UPSTART_JOB line $n end; sleep 0.01; done; sleep 10000`;
    const jobs: Record<string, string> = {
      "held.conf": "start on hold\ntask\nexec sh -c 'read x < /tmp/fifo'\n",
    };
    for (let index = 0; index < 50; index += 1)
      jobs[`talker${index}.conf`] = `start on go\nexec sh -c '${talker}'\n`;
    await using box = await booted({ jobs, files: { "/var/log/upstart": { directory: true } } });
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

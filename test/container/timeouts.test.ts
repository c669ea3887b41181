/** The bounds of docs/timeouts.md, with real processes that do not end by themselves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { compileTool } from "../native/tools.ts";
import { booted, type Container, container, eventually } from "./fixture/index.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-timeouts-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Waits until the process of this command line is gone. */
const gone = (box: Container, pattern: string) =>
  eventually(async () => (await box.exec(["pgrep", "-f", pattern])).status === 1);

describe.concurrent("a hook that outlives its reason", () => {
  test("post-start: `shutdown on failure` acts although it hangs, with the status of main", async () => {
    const job =
      "start on startup\nshutdown on failure\nkill timeout 1\npost-start exec sleep 7100\nexec sh -c 'exit 7'\n";
    await using box = await container({ jobs: { "web.conf": job } });
    expect(await box.wait()).toBe(7);
  });

  test("post-start: a job that respawns comes back although it hangs", async () => {
    const job = `respawn
kill timeout 1
post-start script
  test -e /tmp/again || { touch /tmp/again; sleep 7101; }
end script
exec sh -c 'test -e /tmp/first && exec sleep 1000; touch /tmp/first; exec sleep 0.2'
`;
    await using box = await booted({ jobs: { "web.conf": job } });
    await box.exec("start web");
    await eventually(async () => (await box.run("status web")).startsWith("web start/running"));
    await gone(box, "^sleep 7101");
  });

  test("pre-start: a stop ends it with its whole group, also where it ignores TERM", async () => {
    const job =
      "kill timeout 1\npre-start script\n  trap '' TERM\n  sleep 7102\n  sleep 7102\nend script\nexec sleep 1000\n";
    await using box = await booted({ jobs: { "web.conf": job } });
    await box.run("start -n web");
    await eventually(() => box.run("pgrep -f '^sleep 7102'"));
    expect(await box.run("stop web")).toBe("web stop/waiting");
    await gone(box, "^sleep 7102");
  });

  test("does not hold up the stop of the container", async () => {
    const job = "start on startup\nkill timeout 100\npost-start exec sleep 7103\nexec sleep 1000\n";
    await using box = await booted({ jobs: { "web.conf": job } });
    await eventually(() => box.run("pgrep -f '^sleep 7103'"));
    const before = Date.now();
    expect(await box.stop()).toBe(0);
    // Its kill timeout is 100 s, and so is the deadline of the stop.
    expect(Date.now() - before).toBeLessThan(50_000);
  });
});

describe.concurrent("timeouts", () => {
  test("start timeout: the start fails, and says so in the answer, the log and `explain`", async () => {
    const jobs = { "web.conf": "start timeout 1\nexpect stop\nexec sleep 7110\n" };
    await using box = await booted({ jobs });
    expect(await box.exec("start web")).toMatchObject({ status: 1 });
    await gone(box, "^sleep 7110");
    await eventually(() => box.stderr.includes("init: web start timeout: not running after 1 seconds"));
    expect(await box.run("initctl explain web")).toContain("start timeout");
  });

  test("--start-timeout is that of all jobs without their own", async () => {
    await using box = await booted({
      jobs: { "web.conf": "expect stop\nexec sleep 7111\n" },
      args: ["--start-timeout", "1"],
    });
    expect((await box.exec("start web")).status).toBe(1);
  });

  test("run timeout: a task that hangs fails, and does not hold up the next run", async () => {
    await using box = await booted({ jobs: { "backup.conf": "task\nrun timeout 1\nexec sleep 7112\n" } });
    for (const _run of [1, 2]) expect((await box.exec("start backup")).status).toBe(1);
    await gone(box, "^sleep 7112");
  });

  test("stop timeout: a pre-stop that hangs is ended, and the stop has failed", async () => {
    const jobs = { "web.conf": "stop timeout 1\npre-stop exec sleep 7113\nexec sleep 1000\n" };
    await using box = await booted({ jobs });
    await box.run("start web");
    expect((await box.exec("stop web")).status).toBe(1);
    await gone(box, "^sleep 7113");
    expect(await box.run("status web")).toBe("web stop/waiting");
  });

  test("stop --force joins a stop that hangs, and both succeed", async () => {
    const jobs = {
      "web.conf":
        "kill timeout 1000\npre-stop exec sleep 7114\nexec sh -c \"trap '' TERM; while :; do sleep 0.1; done\"\n",
    };
    await using box = await booted({ jobs });
    await box.run("start web");
    const stop = box.exec("stop web");
    await eventually(() => box.run("pgrep -f '^sleep 7114'"));
    expect(await box.run("stop --force web")).toBe("web stop/waiting");
    expect(await stop).toMatchObject({ status: 0, stdout: "web stop/waiting\n" });
  });

  test("a stop that takes its time says what it waits for", async () => {
    const jobs = { "web.conf": "pre-stop exec sleep 7115\nexec sleep 1000\n" };
    await using box = await booted({ jobs });
    await box.run("start web");
    const stop = box.exec("stop web");
    await pause(11_000);
    await box.run("pkill -f '^sleep 7115'");
    expect((await stop).stderr).toMatch(
      /^ {2}web is stop\/pre-stop, waiting for main process \d+, pre-stop process \d+; `initctl stop --force web' ends it\n$/,
    );
  });
});

describe.concurrent("kill mode", () => {
  /** A main process with a worker in its group; both write down the TERM that they get. */
  const pool = (mode: string) => `kill mode ${mode}
kill timeout 2
script
  sh -c 'trap "echo worker >> /tmp/told" TERM; while :; do sleep 0.05; done' 7120 &
  trap 'echo main >> /tmp/told; exit 0' TERM
  while :; do sleep 0.05; done
end script
`;

  test.each([
    ["group", ["main", "worker"], 0],
    ["process", ["main"], 1],
    ["mixed", ["main"], 1],
  ])("%s: TERM reaches %j", async (mode, told) => {
    await using box = await booted({ jobs: { "pool.conf": pool(mode) }, args: ["--verbose"] });
    await box.run("start pool");
    await eventually(() => box.run("pgrep -f 'trap .echo worker'"));
    await box.run("stop pool");
    await eventually(async () => (await box.read("/tmp/told")).trim().split("\n").length >= told.length);
    expect((await box.read("/tmp/told")).trim().split("\n").sort()).toEqual(told);
    if (mode === "group") return;
    await eventually(() =>
      /init: pool main process \(\d+\) has ended; left of its process group: \d+/.test(box.stderr),
    );
  });

  test("mixed: SIGKILL reaches the group when main does not end", async () => {
    const job =
      "kill mode mixed\nkill timeout 1\nscript\n  sleep 7121 &\n  trap '' TERM\n  while :; do sleep 0.1; done\nend script\n";
    await using box = await booted({ jobs: { "pool.conf": job } });
    await box.run("start pool");
    await eventually(() => box.run("pgrep -f '^sleep 7121'"));
    await box.run("stop pool");
    await gone(box, "^sleep 7121");
  });
});

describe.concurrent("after a freeze", () => {
  test("a service that lives is not killed by its watchdog", async () => {
    const service = "#!/bin/sh\nsd-notify READY=1\nwhile :; do sd-notify WATCHDOG=1; sleep 0.2; done\n";
    await using box = await booted({
      files: {
        "/usr/local/bin/service": service,
        "/usr/local/bin/sd-notify": { copy: compileTool("sd-notify", directory, "-static"), mode: 0o755 },
      },
      jobs: { "s.conf": "expect notify\nwatchdog 2\nexec /usr/local/bin/service\n" },
    });
    const before = await box.run("start s");
    await box.kill(19);
    await pause(5_000);
    await box.kill(18);
    await box.run("initctl version");
    await pause(1_500);
    expect(await box.run("status s")).toBe(before);
  });
});

describe.concurrent("the end of a run", () => {
  test("post-stop and jobs on `stopped` learn of it, also when the container stops for it", async () => {
    const jobs = {
      "web.conf": `start on startup
shutdown on failure
post-stop exec sh -c 'echo "post-stop $RESULT $PROCESS $EXIT_STATUS" >> /tmp/ends'
exec sh -c 'exit 3'
`,
      "alarm.conf": `start on stopped web RESULT=failed
task
exec sh -c 'sleep 0.3; echo "alarm $RESULT $PROCESS $EXIT_STATUS" >> /tmp/ends'
`,
    };
    await using box = await container({ jobs });
    expect(await box.wait()).toBe(3);
    expect(await box.read("/tmp/ends")).toBe("post-stop failed main 3\nalarm failed main 3\n");
  });
});

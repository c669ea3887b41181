/** What the image or its author got wrong: PID 1 says so, and does what it still can. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compileTool } from "../native/tools.ts";
import { container, eventually } from "./fixture/index.ts";
import { contents, executable } from "./fixture/program.ts";

const ends = ["sh", "-c", "echo ran; exit 4"];

const directory = mkdtempSync(join(tmpdir(), "upinit-refused-"));
afterAll(() => rmSync(directory, { recursive: true }));
const deny = compileTool("deny-calls", directory, "-static");
const denied = {
  "/sbin/deny-calls": { copy: deny, mode: 0o755 },
  "/sbin/upinit": { copy: executable(), mode: 0o755 },
};

describe.concurrent("system calls that a sandbox refuses, with jobs", () => {
  test.each(["signalfd4", "epoll_create1", "epoll_wait,epoll_pwait", "rt_sigprocmask"])(
    "%s: one line, and a status that is not 0",
    async (calls) => {
      await using box = await container({
        entrypoint: ["/sbin/deny-calls", calls, "/sbin/upinit"],
        files: denied,
        jobs: { "work.conf": "start on startup\nexec sleep 1000\n" },
        args: ["--", ...ends],
      });
      expect(await box.wait()).toBe(1);
      expect(box.stderr).toMatch(/^upinit: cannot wait for events \(\w+\): Operation not permitted\n$/);
      expect(box.stdout).toBe("");
    },
  );

  test("waitid: jobs run, respawn and stop all the same", async () => {
    await using box = await container({
      entrypoint: ["/bin/sh", "-c", "/sbin/upinit --install; exec /sbin/deny-calls waitid /sbin/upinit"],
      files: denied,
      jobs: {
        "once.conf": "start on startup\ntask\nexec sh -c 'exit 0'\n",
        "again.conf": "start on stopped once\nrespawn\nexec sleep 1000\n",
      },
    });
    const running = async () =>
      /start\/running, process (\d+)/.exec(await box.run("initctl status again"))?.[1];
    await eventually(async () => (await running()) !== undefined);
    const first = await running();
    await box.run(`kill -9 ${first}`);
    await eventually(async () => ![undefined, first].includes(await running()));
    expect(await box.run("initctl stop again")).toBe("again stop/waiting");
    expect(await box.stop()).toBe(0);
  });
});

describe.concurrent("bad surroundings", () => {
  test("a directory of jobs that can't be read: CMD runs all the same", async () => {
    await using box = await container({
      files: { "/etc/init": { directory: true, mode: 0o700 } },
      user: "1000:1000",
      args: ["--", ...ends],
    });
    expect(await box.wait()).toBe(4);
    expect(box.stdout).toContain("ran");
  });

  test("a directory of jobs that can't be read, and no CMD: said with its name, and PID 1 goes on", async () => {
    await using box = await container({
      files: { "/etc/init": { directory: true, mode: 0o700 } },
      user: "1000:1000",
      tmpfs: ["/run"],
    });
    await eventually(() => box.stderr.includes("/etc/init: Unable to load configuration: Permission denied"));
    expect(await box.stop()).toBe(0);
  });

  test("a socket path that is taken by something else: left alone, said, and jobs run", async () => {
    await using box = await container({
      jobs: { "work.conf": "start on runlevel 2\nexec sh -c 'exit 9'\nshutdown on exit\n" },
      files: { "/srv/taken": "precious" },
      args: ["--socket", "/srv/taken"],
    });
    expect(await box.wait()).toBe(9);
    expect(box.stderr).toContain(
      "no control socket, so initctl can't reach this init (/srv/taken: File exists)",
    );
    expect(await box.read("/srv/taken")).toBe("precious");
  });

  test.each([
    ["jobs", ["--no-log"], 3],
    ["a CMD that a task gates", ends, 4],
  ])("SIGCHLD ignored by who executed upinit: %s", async (what, args, status) => {
    const afterwards = what === "jobs" ? "shutdown on exit\nexec sh -c 'exit 3'\n" : "exec true\n";
    await using box = await container({
      entrypoint: ["env", "--ignore-signal=CHLD", "upinit"],
      files: contents({}),
      jobs: { "work.conf": `start on startup\ntask\n${afterwards}` },
      args,
    });
    expect(await box.wait()).toBe(status);
  });

  test("a boot task that never ends is bounded by --boot-timeout, and named", async () => {
    const jobs = { "endless.conf": "start on startup\ntask\nexec sleep 1000\n" };
    await using shut = await container({ jobs, args: ["--boot-timeout", "0.5", "--", ...ends] });
    expect(await shut.wait()).toBe(1);
    expect(shut.stderr).toContain("the event startup is not over");
    expect(shut.stdout).not.toContain("ran");

    await using open = await container({
      jobs,
      args: ["--boot-timeout", "0.5", "--start-anyway", "--", ...ends],
    });
    expect(await open.wait()).toBe(4);
  });

  test("a task that fails at boot but that no boot event waits for closes no gate", async () => {
    await using box = await container({
      jobs: {
        "base.conf": "start on startup\nexec sleep 1000\n",
        "aside.conf": "start on started base\ntask\nexec false\n",
      },
      args: ["--", ...ends],
    });
    expect(await box.wait()).toBe(4);
  });

  test.each([
    [["--log-format", "xml"], "option --log-format: expected text or json, not 'xml'"],
    [["--stop-signal", "NOPE"], '--stop-signal: there is no signal "NOPE"'],
    [["--stop-timeout", "soon"], "option --stop-timeout: expected a number of seconds, not 'soon'"],
    [["--exit-code-form", "x"], "unknown option --exit-code-form"],
  ])("%j is refused in one line", async (args, message) => {
    await using box = await container({ jobs: {}, args });
    expect(await box.wait()).toBe(1);
    expect(box.stderr).toContain(`upinit: ${message}`);
    expect(box.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe.concurrent("descriptors 0 to 2 that are missing", () => {
  test("never become the control socket, and no job's output reaches it", async () => {
    await using box = await container({
      entrypoint: ["/bin/sh", "-c", "/sbin/upinit --install; exec /sbin/upinit <&- >&- 2>&-"],
      files: { "/sbin/upinit": { copy: executable(), mode: 0o755 } },
      jobs: {
        "talker.conf":
          "start on startup\nconsole output\nexec sh -c 'while echo noise; do sleep 0.1; done'\n",
      },
    });
    await eventually(async () => (await box.run("initctl status talker")).startsWith("talker start/running"));
    for (const fd of [0, 1, 2]) expect(await box.run(`readlink /proc/1/fd/${fd}`)).toBe("/dev/null");
    expect(await box.run("initctl version")).toBe("init (upstart 1.13.2)");
    expect(await box.stop()).toBe(0);
  });
});

/** What an operator sees of failures, causes and health, with real processes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { booted, container, eventually } from "./fixture/index.ts";
import { project } from "./fixture/program.ts";

describe.concurrent("health", () => {
  test("names every reason, and takes several required jobs", async () => {
    await using box = await booted({
      jobs: {
        "bad.conf": "nosuchstanza\n",
        "broken.conf": "exec /no/such\n",
        "good.conf": "start on startup\nexec sleep 1000\n",
        "idle.conf": "exec sleep 1000\n",
      },
    });
    await box.exec("start broken");
    const health = await box.exec("initctl health");
    expect(health.status).toBe(1);
    expect(health.stdout.split("\n").slice(0, 2)).toEqual([
      "cannot read /etc/init/bad.conf:1: Unknown stanza",
      "broken failed: main process: cannot execute /no/such: No such file or directory",
    ]);
    expect(await box.exec("initctl health --require good idle")).toMatchObject({
      status: 1,
      stdout: "idle is stop/waiting\n",
    });
    await box.run("start idle");
    expect(await box.run("initctl health --require good idle")).toBe("good, idle running");
    expect(await box.exec("initctl health good")).toMatchObject({
      status: 1,
      stderr: "initctl: unexpected argument: good\nTry `initctl --help' for more information.\n",
    });
  });

  test("--wait comes back as soon as all is well, and `wait --boot` at the end of the boot", async () => {
    await using box = await booted({
      jobs: {
        "slow.conf": "start on startup\ntask\nexec sh -c 'until test -e /tmp/go; do sleep 0.05; done'\n",
        "web.conf": "start on runlevel 2\nexec sleep 1000\n",
      },
    });
    const boot = box.exec("initctl wait --boot && initctl status web");
    const health = box.exec("initctl health --wait 60 --require web");
    expect(await box.exec("initctl wait --boot --timeout 0.1")).toMatchObject({ status: 124 });
    await box.run("touch /tmp/go");
    expect((await boot).stdout).toMatch(/^web start\//);
    expect(await health).toMatchObject({ status: 0, stdout: "web running\n" });
  });

  test("a surplus operand is a usage error, but where Upstart ignores it", async () => {
    await using box = await booted({ jobs: { "a.conf": "exec sleep 1000\n" } });
    expect(await box.exec("initctl usage a b")).toMatchObject({
      status: 1,
      stderr: "initctl: unexpected argument: b\nTry `initctl --help' for more information.\n",
    });
    for (const command of ["list", "version", "reload-configuration"])
      expect((await box.exec(`initctl ${command} a b`)).status).toBe(0);
  });
});

describe.concurrent("failures are visible", () => {
  test("in the answer, in `failed` and in `list -l`, until they are reset", async () => {
    await using box = await booted({ jobs: { "web.conf": "pre-start exec false\nexec sleep 1000\n" } });
    expect(await box.exec("start web")).toMatchObject({
      status: 1,
      stderr:
        "start: Job failed to start\n  web pre-start process terminated with status 1; `initctl explain web' tells more\n",
    });
    const failed = await box.exec("initctl failed");
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(
      /^JOB +STATE .*\nweb +stop\/waiting .* failed: pre-start process: status 1$/m,
    );
    expect(await box.run("initctl list -l")).toContain("failed: pre-start process: status 1");
    expect(await box.run("initctl list")).toBe("web stop/waiting");
    await box.run("initctl reset-failed web");
    expect(await box.exec("initctl failed")).toMatchObject({ status: 0, stdout: "" });
    expect(await box.exec("initctl emit nothing-hears-this")).toMatchObject({ status: 0 });
  });

  test("an unknown job: the error in its file, or the name that was meant", async () => {
    await using box = await booted({ jobs: { "web.conf": "exec sleep 1000\n", "new.conf": "\n\nnosuch\n" } });
    expect((await box.exec("start wbe")).stderr).toBe("start: Unknown job: wbe\n  did you mean web?\n");
    expect((await box.exec("start new")).stderr).toBe(
      "start: Unknown job: new\n  /etc/init/new.conf:3 has an error: Unknown stanza\n",
    );
  });

  test("explain warns of a file that became wrong, or has changed", async () => {
    await using box = await booted({ jobs: { "web.conf": "exec sleep 1000\n" } });
    await box.run("start web");
    await box.run("echo 'exec sleep 2000' > /etc/init/web.conf");
    await eventually(async () => (await box.run("initctl explain web")).includes("Its file has changed"));
    await box.run("echo nosuch > /etc/init/web.conf");
    await eventually(async () =>
      (await box.run("initctl explain web")).includes("/etc/init/web.conf:1: Unknown stanza"),
    );
  });
});

describe.concurrent("causes", () => {
  test("are told to root with the command line, to others without, and in the log", async () => {
    await using box = await booted({
      jobs: {
        "db.conf": "exec sleep 1000\n",
        "web.conf": "start on started db\nstop on stopping db\nexec sleep 1000\n",
      },
      args: ["--verbose"],
    });
    await box.run("initctl start db SECRET=hush");
    const why = async (user: string) =>
      (JSON.parse(await box.run("initctl list -l --json", { user })) as { why: string }[]).map(
        (row) => row.why,
      );
    expect(await why("0")).toEqual([
      expect.stringMatching(/^started by hand \(start, uid 0, pid \d+: initctl start db SECRET=hush\)$/),
      "started by event started of db",
    ]);
    expect(await why("1000:1000")).toEqual(["started by hand (start)", "started by event started of db"]);
    await box.run("stop db");
    await eventually(() => box.stderr.includes("  web stopped by event stopping of db\n"));
    expect(await box.run("initctl explain web")).toContain("it was stopped by event stopping of db");
  });
});

describe.concurrent("--exit-code-from", () => {
  test("a job that does not exist is an error that names the nearest one", async () => {
    await using box = await container({
      jobs: { "tests.conf": "start on startup\nexec sleep 1000\n" },
      args: ["--exit-code-from", "test"],
    });
    expect(await box.wait()).toBe(1);
    expect(box.stderr).toContain("there is no job test; did you mean tests?");
  });
});

describe("images/ci", () => {
  test("ends by itself, and not with 0, when the program of its service is missing", async () => {
    const directory = join(project, "images/ci");
    const read = (path: string) => readFileSync(join(directory, path), "utf8");
    const jobs = Object.fromEntries(
      readdirSync(join(directory, "etc/init")).map((name) => [name, read(`etc/init/${name}`)]),
    );
    const files = Object.fromEntries(
      ["store.js"].map((name) => [`/project/services/${name}`, read(`services/${name}`)]),
    );
    await using box = await container({
      jobs,
      files,
      env: { PATH: `${process.execPath.replace(/\/node$/, "")}:/usr/bin:/bin` },
    });
    expect(await box.wait()).toBe(1);
  });
});

/** What jobs and upinit write, and where it goes. */
import { describe, expect, test } from "vitest";
import { booted, container, eventually } from "./fixture/index.ts";

const logs = { "/var/log/upstart": { directory: true } } as const;

describe.concurrent("output", () => {
  test("of a job: each line with its name to standard output, without to its file", async () => {
    await using box = await booted({
      files: logs,
      jobs: {
        "talker.conf": "start on startup\nscript\n  echo one\n  echo two >&2\n  printf three\nend script\n",
      },
    });
    await eventually(() => box.run("grep -q three /var/log/upstart/talker.log"));
    expect(await box.read("/var/log/upstart/talker.log")).toMatch(/^one\ntwo\nthree\n?$/);
    await eventually(() => box.stdout === "talker | one\ntalker | two\ntalker | three\n");
    expect(await box.run("stat -c %a /var/log/upstart/talker.log")).toBe("640");
  });

  test("beside CMD: standard output is CMD's, unless --job-output says that jobs share it", async () => {
    const jobs = { "talker.conf": "start on startup\ntask\nexec sh -c 'echo from the job'\n" };
    const cmd = ["--", "echo", "from CMD"];
    await using apart = await container({ jobs, args: cmd });
    expect(await apart.wait()).toBe(0);
    expect(apart.stdout).toBe("from CMD\n");
    expect(apart.stderr).toContain("talker | from the job\n");

    await using shared = await container({ jobs, args: ["--job-output", "stdout", ...cmd] });
    expect(await shared.wait()).toBe(0);
    expect(shared.stdout.split("\n").sort()).toEqual(["", "from CMD", "talker | from the job"]);

    await using alone = await booted({ jobs, env: { UPINIT_JOB_OUTPUT: "stderr" } });
    await eventually(() => alone.stderr.includes("talker | from the job\n"));
    expect(alone.stdout).toBe("");

    await using terminal = await container({ jobs, args: cmd, terminal: true });
    expect(await terminal.wait()).toBe(0);
    expect(terminal.stdout).toContain("talker | from the job\r\n");
  });

  test("of many jobs at once: no line is torn or lost", async () => {
    const count = 2000;
    const script = `exec sh -c 'n=0; while [ $n -lt ${count} ]; do n=$((n+1)); echo line $n of $UPSTART_JOB; done'\n`;
    const names = ["a", "b", "c", "d"];
    await using box = await booted({
      jobs: Object.fromEntries(names.map((name) => [`${name}.conf`, `start on startup\n${script}`])),
      // On a loaded machine the test itself may read nothing for longer than jobs are made to wait.
      args: ["--log-overflow", "block"],
    });
    await eventually(() => box.stdout.split("\n").length === names.length * count + 1);
    for (const name of names) {
      const lines = box.stdout.split("\n").filter((line) => line.startsWith(`${name} | `));
      expect(lines).toEqual(
        Array.from({ length: count }, (_, index) => `${name} | line ${index + 1} of ${name}`),
      );
    }
  });

  test("of a job with `console log pty`: a terminal of its user, and no carriage returns", async () => {
    const script =
      "script\n  test -t 1 && test -t 2 && echo terminal\n  stat -L -c %U /dev/stdout\n  echo again >/dev/stdout\nend script\n";
    await using box = await booted({
      files: logs,
      jobs: {
        "t.conf": `start on startup\nconsole log pty\nsetuid nobody\n${script}`,
        "p.conf": "start on startup\nconsole log\nexec sh -c 'test -t 1 || echo pipe'\n",
      },
    });
    await eventually(() => box.run("grep -q again /var/log/upstart/t.log && test -s /var/log/upstart/p.log"));
    expect(await box.read("/var/log/upstart/t.log")).toBe("terminal\nnobody\nagain\n");
    expect(await box.read("/var/log/upstart/p.log")).toBe("pipe\n");
  });

  test("of upinit: Upstart's words on standard error, or JSON", async () => {
    const jobs = { "bad.conf": "start on startup\nexec sh -c 'exit 3'\n" };
    await using text = await booted({ jobs });
    await eventually(() => /^init: bad main process \(\d+\) terminated with status 3$/m.test(text.stderr));

    await using json = await booted({ jobs, args: ["--log-format", "json"] });
    await eventually(() => json.stderr.includes("terminated with status 3"));
    const records = json.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      records.some(({ msg }) => /^bad main process \(\d+\) terminated with status 3$/.test(`${msg}`)),
    ).toBe(true);
  });

  test("whose reader takes nothing holds no job up for longer than a second", async () => {
    await using box = await booted({
      files: {
        "/tmp/jobs/talker.conf": "start on startup\nexec sh -c 'seq 1000000; touch /tmp/done; sleep 1000'\n",
      },
      jobs: {
        // The reader has the pipe open, and reads nothing.
        "inner.conf":
          "start on startup\nexec sh -c 'mkfifo /tmp/pipe; sleep 1000 </tmp/pipe & exec /sbin/upinit --confdir /tmp/jobs --socket /tmp/inner >/tmp/pipe'\n",
      },
    });
    await eventually(() => box.run("test -e /tmp/done"));
    await eventually(() => box.stdout.includes("init: Standard output takes nothing"));
  });

  test("the last lines of a job are there when the container ends", async () => {
    await using box = await container({
      files: logs,
      jobs: { "last.conf": "start on startup\nshutdown on exit\nexec sh -c 'seq 5000; echo the end'\n" },
    });
    expect(await box.wait()).toBe(0);
    expect(box.stdout).toMatch(/^last \| 5000\nlast \| the end\n$/m);
    expect((await box.read("/var/log/upstart/last.log")).split("\n").length).toBe(5002);
  });
});

describe.concurrent("environment", () => {
  test("jobs have the container's, without what belongs to upinit", async () => {
    await using box = await booted({
      env: { COLOUR: "blue", UPINIT_LOG_FORMAT: "text", UPSTART_OTHER: "x", NOTIFY_SOCKET: "/x" },
      jobs: { "show.conf": "start on startup\ntask\nenv OWN=1\nexec env\n" },
    });
    await eventually(() => box.stdout.includes("show | OWN=1"));
    const names = [...box.stdout.matchAll(/^show \| (\w+)=/gm)].map((match) => match[1]);
    expect(names).toEqual(expect.arrayContaining(["COLOUR", "PATH", "UPSTART_JOB", "UPSTART_EVENTS", "OWN"]));
    expect(names).not.toEqual(expect.arrayContaining(["UPSTART_OTHER"]));
    expect(names).not.toEqual(expect.arrayContaining(["NOTIFY_SOCKET"]));
    expect(names).not.toEqual(expect.arrayContaining(["UPINIT_LOG_FORMAT"]));
  });

  test("CMD has the container's, untouched", async () => {
    await using box = await container({ env: { COLOUR: "blue", NOTIFY_SOCKET: "/x" }, args: ["env"] });
    expect(await box.wait()).toBe(0);
    const got = box.stdout
      .trimEnd()
      .split("\n")
      .filter((line) => !/^(HOME|HOSTNAME)=/.test(line))
      .sort();
    expect(got).toEqual(["COLOUR=blue", "NOTIFY_SOCKET=/x", expect.stringMatching(/^PATH=/)]);
  });
});

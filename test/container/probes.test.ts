/** ready, check and requires with real processes, sockets and signals. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

/** A server in busybox: a file that is there is an answer of 200, one that is not 404. */
const httpd = "busybox httpd -f -p 127.0.0.1:8080 -h /srv";
const well = { "/srv/well": "yes\n" } as const;

const pidOf = async (box: Container, job: string): Promise<string> =>
  (await box.run(["status", job])).split("process ").at(-1) ?? "";

describe.concurrent("ready", () => {
  test("tcp: the job runs once the port answers, and what it lacks is shown", async () => {
    await using box = await booted({
      files: well,
      jobs: {
        "web.conf": `env PORT=8080\nready tcp 127.0.0.1:$PORT\nscript\n  until test -e /tmp/go; do sleep 0.02; done\n  exec ${httpd}\nend script\n`,
        "edge.conf": "requires web\nexec sleep 1000\n",
      },
    });
    const start = box.exec("start edge");
    await eventually(async () => (await box.run("status edge")).includes("waits for web (start/spawned for"));
    await eventually(async () =>
      (await box.run("initctl explain web")).includes("tcp 127.0.0.1:$PORT: Connection refused"),
    );
    expect(await box.run("initctl list -l")).toContain(
      "is not ready: tcp 127.0.0.1:$PORT: Connection refused",
    );
    await box.run("touch /tmp/go");
    expect(await start).toMatchObject({ status: 0, stdout: expect.stringMatching(/^edge start\/running/) });
    expect(await box.run("status web")).toMatch(/^web start\/running/);
  });

  const kinds: Readonly<Record<string, string>> = {
    http: `ready http http://localhost:8080/well\nexec ${httpd.replace("127.0.0.1:", "")}\n`,
    file: "ready file /tmp/ready\nexec sh -c 'sleep 0.3; touch /tmp/ready; exec sleep 1000'\n",
    log: "ready log '^listening on *$'\nexec sh -c 'echo not listening on 80; sleep 0.2; echo listening on 80; exec sleep 1000'\n",
    exec: "ready exec test -e /tmp/ready\nexec sh -c 'sleep 0.3; touch /tmp/ready; exec sleep 1000'\n",
    script:
      "ready script\n  test -e /tmp/ready\nend script\nexec sh -c 'sleep 0.3; touch /tmp/ready; exec sleep 1000'\n",
  };
  test.each(Object.entries(kinds))("%s", async (_kind, text) => {
    await using box = await booted({ files: well, jobs: { "web.conf": text } });
    expect(await box.run("start web")).toMatch(/^web start\/running/);
  });

  test("D6: a file that is older than the start does not count; the start fails in its time, with the reason", async () => {
    await using box = await booted({
      files: { "/tmp/ready": "old\n" },
      jobs: { "web.conf": "start timeout 1\nready file /tmp/ready\nexec sleep 1000\n" },
    });
    await box.run("touch -d '1 hour ago' /tmp/ready");
    const start = await box.exec("start web");
    expect(start.status).toBe(1);
    expect(start.stderr).toContain("start timeout (file /tmp/ready: is older than this start)");
  });

  test("D5: a line of either stream, without colours and CR, anchored, and only what main wrote", async () => {
    const says = (text: string): string => `exec sh -c '${text}; exec sleep 1000'`;
    await using box = await booted({
      jobs: {
        "colour.conf": `ready log ^up$\n${says('printf "\\033[32mup\\033[0m\\r\\n" >&2')}\n`,
        "class.conf": `ready log 'port [0-9]*'\n${says("echo listens on port 80")}\n`,
        "half.conf": `start timeout 1\nready log up\n${says("printf up")}\n`,
        "hook.conf": `start timeout 1\nready log up\npre-start exec echo up\n${says("echo one; echo two; echo three; echo four")}\n`,
      },
    });
    expect(await box.run("start colour")).toMatch(/^colour start\/running/);
    expect(await box.run("start class")).toMatch(/^class start\/running/);
    expect(await box.exec("start half")).toMatchObject({ status: 1 });
    const hook = await box.exec("start hook");
    expect(hook.stderr).toContain("start timeout (log up: no line matches; the last: two | three | four)");
  });

  test("P1: a probe has the job's user, directory and environment, and nothing outlives it", async () => {
    await using box = await booted({
      jobs: {
        "web.conf":
          "setuid nobody\nchdir /var\nenv WORD=given\nready script\n  test \"$(id -un) $PWD $WORD\" = 'nobody /var given'\n  sleep 7091 &\nend script\nexec sleep 1000\n",
      },
    });
    await box.run("start web");
    await eventually(async () => (await box.exec("pgrep -f '^sleep 7091'")).status === 1);
  });
});

describe.concurrent("check", () => {
  test("http: an unhealthy service is restarted, and says so everywhere", async () => {
    await using box = await booted({
      files: well,
      jobs: {
        "web.conf": `check http http://127.0.0.1:8080/well\ncheck every 1\ncheck failures 2\nexec ${httpd}\n`,
        "alarm.conf":
          "start on unhealthy JOB=web\ntask\nexec sh -c 'echo \"$CHECK: $REASON\" > /tmp/alarm'\n",
      },
    });
    await box.run("start web");
    const before = await pidOf(box, "web");
    await box.run("rm /srv/well");
    await eventually(
      async () =>
        (await box.exec("initctl health")).stdout.includes("is unhealthy") ||
        (await box.exec("test -e /tmp/alarm")).status === 0,
    );
    await eventually(() => box.run("test -s /tmp/alarm"));
    expect(await box.run("cat /tmp/alarm")).toBe("http http://127.0.0.1:8080/well: HTTP status 404");
    await box.run("echo yes > /srv/well");
    await eventually(async () => {
      const now = await pidOf(box, "web");
      return /^\d+$/.test(now) && now !== before;
    });
    expect(await box.run("initctl explain web")).toContain(
      "started by its check http http://127.0.0.1:8080/well: HTTP status 404",
    );
    await eventually(async () => (await box.exec("initctl health")).status === 0);
  });

  test("C4: what ends after its timeout has failed, whatever its status", async () => {
    await using box = await booted({
      jobs: {
        "web.conf":
          "check exec sh -c 'sleep 3; exit 0'\ncheck every 1\ncheck timeout 1\ncheck failures 1\ncheck on failure none\nexec sleep 1000\n",
      },
    });
    await box.run("start web");
    await eventually(async () => (await box.exec("initctl health")).stdout.includes("timeout after 1 s"));
    expect(await box.run("status web")).toMatch(/^web start\/running/);
  });
});

describe.concurrent("requires", () => {
  const db = "respawn\npost-stop exec sleep 0.2\nexec sleep 1000\n";

  test("a crash of the database gives each hard dependent a new process, and soft ones keep theirs", async () => {
    await using box = await booted({
      jobs: {
        "db.conf": db,
        "web.conf": "requires db\nexec sleep 1000\n",
        "log.conf": "requires soft db\nexec sleep 1000\n",
        "edge.conf": "requires web\nexec sleep 1000\n",
      },
    });
    await box.run("start edge");
    await eventually(async () => (await box.run("status log")).startsWith("log start/running"));
    const [web, log, edge] = await Promise.all(["web", "log", "edge"].map((job) => pidOf(box, job)));
    await box.run(`kill -SEGV ${await pidOf(box, "db")}`);
    await eventually(async () => {
      const now = await Promise.all(["web", "edge"].map((job) => pidOf(box, job)));
      return now.every((pid) => /^\d+$/.test(pid)) && now[0] !== web && now[1] !== edge;
    });
    expect(await pidOf(box, "log")).toBe(log);
    await box.run("initctl restart db");
    for (const job of ["db", "web", "edge"])
      expect(await box.run(["status", job])).toMatch(new RegExp(`^${job} start/running`));
    await eventually(async () => (await box.exec("initctl health")).status === 0);
    await box.run("stop db");
    expect(await box.run("status edge")).toBe("edge stop/waiting");
    const ill = await box.exec("initctl health");
    expect([ill.status, ill.stdout]).toEqual([1, expect.stringContaining("web is down, and waits for db")]);
    expect(await box.run("initctl explain web")).toContain("It is down, and starts again when db is there.");
    await box.run("start db");
    await eventually(async () => (await box.run("status edge")).startsWith("edge start/running"));
  });

  test("the container stops dependents first, and at once where they only wait", async () => {
    const say = (job: string): string =>
      `exec sh -c 'trap "echo ${job} >> /tmp/order; exit" TERM; echo up; while :; do sleep 0.05; done'\n`;
    await using box = await booted({
      jobs: {
        "base.conf": say("base"),
        "left.conf": `requires base\n${say("left")}`,
        "right.conf": `requires base\n${say("right")}`,
        "top.conf": `requires left right\n${say("top")}`,
        "never.conf": "ready file /nowhere\nexec sleep 1000\n",
        "waits.conf": "requires never\nexec sleep 1000\n",
      },
    });
    await box.run("start top");
    await box.run("start --no-wait waits");
    await eventually(async () => (await box.run("status waits")).startsWith("waits start/waiting"));
    await eventually(() => box.stdout.split("up").length === 5);
    expect(await box.stop()).toBe(0);
    const order = (await box.read("/tmp/order")).trimEnd().split("\n");
    expect([order[0], order.slice(1, 3).sort(), order[3]]).toEqual(["top", ["left", "right"], "base"]);
  });

  test("it is all kept over a re-exec", async () => {
    await using box = await booted({
      jobs: {
        "db.conf": "exec sleep 1000\n",
        "web.conf": "requires db\nexec sleep 1000\n",
        "slow.conf": "ready file /tmp/slow\nexec sleep 1000\n",
        "waits.conf": "requires slow\nexec sleep 1000\n",
      },
    });
    await box.run("start web; stop db");
    const waiting = box.exec("start waits");
    await eventually(async () => (await box.run("status waits")).startsWith("waits start/waiting"));
    await box.run("telinit u");
    await box.run("start db");
    await eventually(async () => (await box.run("status web")).startsWith("web start/running"));
    expect(await box.run("status waits")).toMatch(/^waits start\/waiting/);
    await box.run("touch /tmp/slow");
    expect(await waiting).toMatchObject({ status: 0 });
  });

  test("init-checkconf spells a circle out, and names what does not exist", async () => {
    await using box = await booted({
      files: {
        "/tmp/jobs/a.conf": "requires b\nexec true\n",
        "/tmp/jobs/b.conf": "after a\nexec true\n",
        "/tmp/jobs/c.conf": "exec true\nrequires nosuch\n",
        "/tmp/jobs/d.conf": "start on starting e\nrequires e\nexec true\n",
        "/tmp/jobs/e.conf": "exec true\n",
      },
    });
    const checked = await box.exec("init-checkconf --explain /tmp/jobs");
    expect(checked.status).toBe(1);
    const said = checked.stdout + checked.stderr;
    expect(said).toContain("a.conf:1:");
    expect(said).toContain("a -> b -> a");
    expect(said).toMatch(/c\.conf:2:\d+: error: There is no such job to require/);
    expect(said).toMatch(/d\.conf:1:\d+: error: This start waits for itself/);
  });
});

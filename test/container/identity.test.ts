/** What a job's process is given: user, groups, personal variables, directories, privileges. */
import { describe, expect, test } from "vitest";
import { booted, type Container } from "./fixture/index.ts";

/** Runs a job to its end, and gives what its script wrote to /tmp/said. */
async function said(box: Container, job: string): Promise<string> {
  await box.run("rm -f /tmp/said; install -m 0666 /dev/null /tmp/said");
  await box.run(`start ${job}`);
  return (await box.read("/tmp/said")).trimEnd();
}

const task = (stanzas: string, command: string) =>
  `${stanzas}\ntask\nexec sh -c '(${command}) > /tmp/said'\n`;

const accounts = {
  "/etc/passwd":
    "root:x:0:0::/root:/bin/bash\napp:x:1000:1001::/srv/app:/bin/sh\nquiet:x:1002:1002::/:/usr/sbin/nologin\n",
  "/etc/group": "root:x:0:\napp:x:1001:\nquiet:x:1002:\nextra:x:1500:app\n",
};

describe.concurrent("identity", () => {
  test("setuid takes the user's own groups, by name and by number", async () => {
    await using box = await booted({
      files: accounts,
      jobs: {
        "name.conf": task("setuid app", "id -u; id -g; id -G"),
        "number.conf": task("setuid 1000", "id -u; id -g; id -G"),
        "both.conf": task("setuid 4000\nsetgid 5000", "id -u; id -g; id -G"),
        "alone.conf": task("setuid 4000", "id -u"),
      },
    });
    const own = "1000\n1001\n1001 1500";
    const both = "4000\n5000\n5000";
    expect(await said(box, "name")).toBe(own);
    expect(await said(box, "number")).toBe(own);
    expect(await said(box, "both")).toBe(both);
    expect(await box.exec("start alone")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("user 4000, which has no entry in /etc/passwd: add setgid"),
    });
  });

  test("HOME, USER, LOGNAME and SHELL are the user's, unless the job sets them or nothing is inherited", async () => {
    const show = 'echo "$HOME $USER $LOGNAME $SHELL $EXTRA"';
    const jobs = {
      "app.conf": task("setuid app", show),
      "own.conf": task("setuid app\nenv HOME=/elsewhere", show),
      "quiet.conf": task("setuid quiet", show),
      "same.conf": task("setuid root", show),
    };
    const env = { HOME: "/given", USER: "me", EXTRA: "kept" };
    await using box = await booted({ files: accounts, jobs, env });
    expect(await said(box, "app")).toBe("/srv/app app app /bin/sh kept");
    expect(await said(box, "own")).toBe("/elsewhere app app /bin/sh kept");
    expect(await said(box, "quiet")).toBe("/ quiet quiet  kept");
    expect(await said(box, "same")).toBe("/given me   kept");
    await using bare = await booted({ files: accounts, jobs, env, args: ["--no-inherit-env"] });
    expect(await said(bare, "app")).toBe("");
  });

  test("hooks as root keep upinit's identity", async () => {
    await using box = await booted({
      files: accounts,
      jobs: {
        "a.conf":
          "setuid app\nhooks as root\ntask\npre-start exec sh -c 'id -u > /tmp/hook'\nexec sh -c 'id -u > /tmp/said'\n",
      },
    });
    expect(await said(box, "a")).toBe("1000");
    expect(await box.run("cat /tmp/hook")).toBe("0");
  });
});

describe.concurrent("mkdir", () => {
  test("makes what is missing for the user, leaves what is there, and follows no link", async () => {
    await using box = await booted({
      files: accounts,
      jobs: {
        "a.conf": task(
          "setuid app\nmkdir /run/app/data 0750\nmkdir /run/there 0700",
          "touch /run/app/data/x; echo well",
        ),
        "link.conf": "mkdir /run/link/x\nexec true\n",
        "file.conf": "mkdir /run/file\nexec true\n",
      },
    });
    await box.run("mkdir -m 0755 /run/there; ln -s /tmp /run/link; touch /run/file");
    expect(await said(box, "a")).toBe("well");
    expect(await box.run("stat -c '%u:%g %a' /run/app/data /run/there")).toBe("1000:1001 750\n0:0 755");
    expect((await box.exec("start link")).stderr).toContain(
      "unable to make directory /run/link/x: /run/link: ",
    );
    expect((await box.exec("start file")).stderr).toContain(
      "unable to make directory /run/file: Not a directory",
    );
    expect((await box.exec("ls /tmp/x")).status).not.toBe(0);
  });
});

describe.concurrent("privileges", () => {
  const show = "grep -E ^Cap\\|^NoNewPrivs /proc/self/status";
  /** The fields of /proc/self/status of a task's own process. */
  async function fields(box: Container, job: string): Promise<Map<string, string>> {
    const lines = (await said(box, job)).split("\n").map((line) => line.split(/:\s+/) as [string, string]);
    return new Map(lines);
  }
  const bit = (text: string | undefined, number: number) =>
    ((BigInt(`0x${text}`) >> BigInt(number)) & 1n) === 1n;

  test("capabilities: what is named is kept, by a user who is not root too, and nothing else", async () => {
    await using box = await booted({
      files: accounts,
      capabilities: "all",
      jobs: {
        "root.conf": task("capabilities NET_BIND_SERVICE", show),
        "user.conf": task("setuid app\ncapabilities cap_net_bind_service", show),
        "none.conf": task("capabilities none", show),
      },
    });
    for (const job of ["root", "user"]) {
      const found = await fields(box, job);
      for (const set of ["CapBnd", "CapPrm", "CapEff"]) {
        expect([job, set, bit(found.get(set), 10)]).toEqual([job, set, true]);
        expect([job, set, bit(found.get(set), 0)]).toEqual([job, set, false]);
      }
    }
    expect((await fields(box, "none")).get("CapBnd")).toBe("0000000000000000");
  });

  test("no new privileges", async () => {
    await using box = await booted({
      jobs: { "a.conf": task("no new privileges", show), "b.conf": task("", show) },
    });
    expect((await fields(box, "a")).get("NoNewPrivs")).toBe("1");
    expect((await fields(box, "b")).get("NoNewPrivs")).toBe("0");
  });
});

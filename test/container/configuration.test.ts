/** Configuration directories as a real PID 1 sees them: what is in them, what changes in them, what is wrong in them. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

/** The condition of a job; "" if there is no such job, or it has none. */
async function startOn(box: Container, job: string): Promise<string> {
  const { stdout } = await box.exec(["initctl", "show-config", job]);
  return /start on (.*)/.exec(stdout)?.[1] ?? "";
}

async function jobs(box: Container): Promise<string> {
  const list = await box.run("initctl list | sort");
  return list
    .split("\n")
    .map((line) => line.split(" ")[0])
    .join(" ");
}

describe("files that are no jobs", () => {
  test("are named in the log, each with its reason, and nothing else suffers", async () => {
    await using box = await booted({
      jobs: {
        "good.conf": "start on one\n",
        "binary.conf": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 255, 254]),
      },
      files: {
        "/etc/init/loop.conf": { link: "loop.conf" },
        "/etc/init/broken.conf": { link: "/nowhere.conf" },
        "/etc/init/ring": { link: "." },
        "/etc/init/named.conf": { directory: true },
        "/etc/init/named.conf/below.conf": "start on two\n",
      },
    });
    await box.run(
      "mkfifo /etc/init/fifo.conf; truncate -s 100M /etc/init/huge.conf; initctl reload-configuration",
    );
    expect(await jobs(box)).toBe("good named.conf/below");
    const log = box.stderr;
    expect(log).toMatch(/binary\.conf:1: Unknown stanza/);
    expect(log).toMatch(
      /loop\.conf: Error while loading configuration file: Too many levels of symbolic links/,
    );
    expect(log).toMatch(/named\.conf: Error while loading configuration file: Is a directory/);
    expect(log).toMatch(/fifo\.conf: Error while loading configuration file: Not a regular file/);
    expect(log).toMatch(/huge\.conf: Error while loading configuration file: File too large/);
    expect(log).not.toMatch(/broken\.conf/);
    const peak = Number(await box.run("awk '/VmHWM/ { print $2 }' /proc/1/status"));
    expect(peak).toBeLessThan(16 * 1024);
  });

  test("that can't be read are named too", async () => {
    await using box = await booted({
      user: "1000:1000",
      jobs: { "good.conf": "start on one\n" },
      files: {
        "/etc/init/secret.conf": { content: "exec true\n", mode: 0 },
        "/etc/init/closed": { directory: true, mode: 0 },
      },
    });
    expect(await jobs(box)).toBe("good");
    expect(box.stderr).toMatch(/secret\.conf: Error while loading configuration file: Permission denied/);
    expect(box.stderr).toMatch(/\/etc\/init\/closed: Unable to load configuration: Permission denied/);
  });

  test("in directories of editors, packages and version control are not looked at", async () => {
    const ignored = [".git", "CVS", "old~", "x.bak", "#tmp#", "a.dpkg-new", "b.rpmsave", "RCS", "web.conf,v"];
    await using box = await booted({
      jobs: {
        "a.conf": "",
        "sub/b.conf": "",
        ...Object.fromEntries(ignored.map((directory) => [`${directory}/hidden.conf`, "bogus\n"])),
      },
    });
    expect(await jobs(box)).toBe("a sub/b");
    expect(box.stderr).not.toMatch(/hidden/);
  });
});

describe("overrides", () => {
  test("with an error are reported and left out whole", async () => {
    await using box = await booted({
      jobs: { "a.conf": "start on one\n", "a.override": "start on two\nbogus\n" },
    });
    expect(await startOn(box, "a")).toBe("one");
    expect(box.stderr).toMatch(/\/etc\/init\/a\.override:2: Unknown stanza/);
  });

  test("that are links are ignored, and that is said", async () => {
    await using box = await booted({
      jobs: { "a.conf": "start on one\n" },
      files: { "/tmp/a": "manual\n", "/etc/init/a.override": { link: "/tmp/a" } },
    });
    expect(await startOn(box, "a")).toBe("one");
    expect(box.stderr).toMatch(/a\.override: Ignored, an override can't be a symbolic link/);
  });
});

describe("several directories", () => {
  const files = {
    "/first/a.conf": "start on first\n",
    "/second/a.conf": "start on second\n",
    "/second/b.conf": "start on second\n",
    "/third/a.conf": "start on third\n",
    "/third/b.conf": "start on third\n",
    "/third/c.conf": "start on third\n",
    "/first/b.override": "stop on over\n",
    "/third/a.override": "manual\n",
  };
  const args = ["--prepend-confdir", "/first", "--confdir", "/second", "--append-confdir", "/third"];

  test("the first that has a job owns its name, and the next one takes over", async () => {
    await using box = await booted({ files, args });
    expect([await startOn(box, "a"), await startOn(box, "b"), await startOn(box, "c")]).toEqual([
      "first",
      "second",
      "third",
    ]);
    await box.run("rm /first/a.conf");
    await eventually(async () => (await startOn(box, "a")) === "second");
    // A broken file owns nothing.
    await box.run("echo bogus > /second/b.conf");
    await eventually(async () => (await startOn(box, "b")) === "third");
    await box.run("echo start on again > /first/a.conf");
    await eventually(async () => (await startOn(box, "a")) === "again");
  });

  test("an override counts from its own directory on", async () => {
    await using box = await booted({ files, args });
    expect(await box.run("initctl show-config b")).toBe("b\n  start on second\n  stop on over");
    // The third directory's `manual` is for the third directory's job only.
    expect(await startOn(box, "a")).toBe("first");
    await box.run("rm /first/a.conf /second/a.conf");
    await eventually(async () => (await box.run("initctl show-config a")) === "a");
  });
});

describe("changes", () => {
  test("of directories are noticed: new ones, moved ones, deleted ones", async () => {
    await using box = await booted({ jobs: { "a.conf": "" } });
    await box.run("mkdir -p /etc/init/x/y && echo start on deep > /etc/init/x/y/z.conf");
    await eventually(async () => (await jobs(box)) === "a x/y/z");
    await box.run("mv /etc/init/x /etc/init/w");
    await eventually(async () => (await jobs(box)) === "a w/y/z");
    await box.run("echo start on later > /etc/init/w/y/z.conf");
    await eventually(async () => (await startOn(box, "w/y/z")) === "later");
    await box.run("mv /etc/init/w /tmp/w && echo exec true > /tmp/w/y/v.conf");
    await eventually(async () => (await jobs(box)) === "a");
    await box.run("mv /tmp/w /etc/init/ && rm -r /etc/init/w/y");
    await eventually(async () => (await jobs(box)) === "a");
  });

  test("of a ConfigMap are noticed when its data link is renamed", async () => {
    await using box = await booted({
      files: {
        "/etc/init/..2026_01/web.conf": "start on old\n",
        "/etc/init/..2026_01/gone.conf": "start on old\n",
        "/etc/init/..data": { link: "..2026_01" },
        "/etc/init/web.conf": { link: "..data/web.conf" },
        "/etc/init/gone.conf": { link: "..data/gone.conf" },
      },
    });
    expect(await jobs(box)).toBe("gone web");
    // What the kubelet does, in its order.
    await box.run(
      "cd /etc/init && mkdir ..2026_02 && echo start on new > ..2026_02/web.conf && echo exec true > ..2026_02/more.conf" +
        " && ln -s ..2026_02 ..data_tmp && mv -T ..data_tmp ..data && ln -s ..data/more.conf more.conf && rm gone.conf" +
        " && rm -r ..2026_01",
    );
    await eventually(async () => (await startOn(box, "web")) === "new");
    await eventually(async () => (await jobs(box)) === "more web");
  });

  test("that are too many for the kernel to tell are found all the same", async () => {
    await using box = await booted({ jobs: { "a.conf": "" } });
    process.kill(box.hostPid, "SIGSTOP");
    await box.run(
      "cd /etc/init; for i in $(seq 9000); do : > x$i.conf; done; rm -f x*.conf; echo start on last > last.conf; rm a.conf",
    );
    process.kill(box.hostPid, "SIGCONT");
    await eventually(async () => (await jobs(box)) === "last");
  });

  test("of a directory that was deleted are seen after a reload", async () => {
    await using box = await booted({ jobs: { "a.conf": "" } });
    await box.run("rm -r /etc/init");
    await eventually(async () => /\/etc\/init: Configuration directory deleted/.test(box.stderr));
    await box.run("mkdir /etc/init && echo start on b > /etc/init/b.conf && initctl reload-configuration");
    expect(await jobs(box)).toBe("b");
    await box.run("echo start on c > /etc/init/c.conf");
    await eventually(async () => (await jobs(box)) === "b c");
  });

  test("of thousands of files are read without keeping PID 1 from its work", async () => {
    const many = Array.from({ length: 1500 }, (_unused, index) => [`j${index}.conf`, "start on one\n"]);
    await using box = await booted({ jobs: Object.fromEntries(many) });
    await box.run("cd /etc/init && sed -i s/one/two/ j*.conf && rm j7.conf");
    // Each reload begins anew; the last one has to see all of it through.
    await box.run(
      "for i in 1 2 3; do initctl reload-configuration; done; echo start on new > /etc/init/a.conf",
    );
    await eventually(
      async () => (await startOn(box, "j1499")) === "two" && (await startOn(box, "a")) === "new",
    );
    await eventually(async () => (await box.run("initctl show-config | grep -c 'start on two'")) === "1499");
    await eventually(async () => (await box.run("initctl list | wc -l")) === "1500");
  });

  test("come by SIGHUP too", async () => {
    await using box = await booted({
      files: { "/config/a.conf": "start on one\n" },
      args: ["--confdir", "/config"],
    });
    await box.run("mv /config /old && mkdir /config && echo start on two > /config/a.conf");
    await box.kill(1);
    await eventually(async () => (await startOn(box, "a")) === "two");
  });
});

describe("init-checkconf", () => {
  test("checks a whole directory, overrides and all, without a running init", async () => {
    await using box = await booted({
      files: {
        "/jobs/a.conf": "emits ready\nexec true\n",
        "/jobs/b.conf": "start on ready and started nosuch\nexec true\n",
        "/jobs/b.override": "respwan\n",
        "/jobs/sub/c.conf": "script\n  if true\nend script\n",
        "/jobs/.git/d.conf": "bogus\n",
      },
    });
    const plain = await box.exec(["init-checkconf", "/jobs"]);
    expect(plain).toMatchObject({
      status: 1,
      stdout: "File /jobs/a.conf: syntax ok\nFile /jobs/b.conf: syntax ok\n",
      stderr: expect.stringMatching(
        /^ERROR: File \/jobs\/b\.override: syntax invalid:\nupstart:b\.override:1: Unknown stanza\nERROR: File \/jobs\/sub\/c\.conf: shell syntax invalid in script section:\n.*[Ss]yntax error.*\n$/,
      ),
    });
    const explained = await box.exec(["init-checkconf", "--explain", "/jobs"]);
    expect(explained.stderr).toContain("/jobs/b.override:1:1: error: Unknown stanza");
    expect(explained.stderr).toContain("did you mean `respawn`?");
    expect(explained.stderr).toMatch(/\/jobs\/b\.conf:1:28: warning: There is no such job/);
    expect(explained.stderr).toMatch(/\/jobs\/sub\/c\.conf:\d+:\d+: error: Shell syntax error: /);
    const { stdout } = await box.exec(["init-checkconf", "--json", "/jobs/b.conf", "/jobs/sub/c.conf"]);
    expect(JSON.parse(stdout)).toMatchObject([
      { file: "/jobs/b.conf", ok: true, diagnostics: [] },
      {
        file: "/jobs/sub/c.conf",
        ok: false,
        diagnostics: [{ code: "shell-syntax", severity: "error", column: 3 }],
      },
    ]);
  });

  test("explains what real job files have, and warns of forks only where the shell forks", async () => {
    const files = {
      "built-ins.conf":
        "expect fork\nscript\n  . /etc/default/rsyslog\n  exec rsyslogd $OPTIONS\nend script\n",
      "command.conf": "expect fork\nscript\n  mkdir -p /run/x\n  exec x\nend script\n",
      "env.conf": "env PATH=/opt/bin:$PATH\nenv PRICE=5$\nexec true\n",
      "import.conf": "import SESSION\nexec true\n",
      "chdir.conf": "chdir=/srv\nexec true\n",
      "path.conf": "/usr/bin/server --port 80\n",
      "respawn.conf": "respawn /usr/bin/server\n",
      "prose.conf": "This job starts the server\nexec true\n",
      "networking.conf": "start on startup\nexec true\n",
      "mountall.conf": "start on startup\nexec true\n",
      "never.conf": "start on started mountall networking\nexec true\n",
      "event.conf": "start on networking\nexec true\n",
    };
    await using box = await booted({
      files: Object.fromEntries(Object.entries(files).map(([name, content]) => [`/jobs/${name}`, content])),
    });
    const { stderr } = await box.exec(["init-checkconf", "--explain", "/jobs"]);
    const help = (name: string) =>
      new RegExp(`/jobs/${name}\\.conf:\\d+:\\d+: [\\s\\S]*?  = help: (.*)`).exec(stderr)?.[1];
    expect(help("built-ins")).toBeUndefined();
    expect(help("command")).toContain("Move them to pre-start");
    expect(help("env")).toContain("with such a PATH its programs are not found");
    expect(stderr.match(/env\.conf:.*Nothing is expanded/g)).toHaveLength(1);
    expect(help("import")).toMatch(/^Remove it:/);
    expect(help("chdir")).toContain("`chdir /srv`");
    expect(help("path")).toContain("`exec /usr/bin/server`");
    expect(help("respawn")).toBe("Write two lines: `respawn`, and `exec COMMAND`.");
    expect(help("prose")).toContain("Commands go into `exec` or `script`");
    expect(help("never")).toContain("`started A and started networking`");
    expect(help("event")).toContain("`started networking`");
  });

  test("takes warnings for errors when asked to", async () => {
    await using box = await booted({ files: { "/t.conf": "respawn limit 1 2\nexec true\n" } });
    expect(await box.exec(["init-checkconf", "/t.conf"])).toMatchObject({ status: 0, stderr: "" });
    expect(await box.exec(["init-checkconf", "--strict", "/t.conf"])).toMatchObject({
      status: 1,
      stdout: "",
    });
  });

  test("needs no rights, writes nothing and says what it can't read", async () => {
    await using box = await booted({
      files: {
        "/t.conf": "exec true\n",
        "/secret.conf": { content: "", mode: 0 },
        "/empty": { directory: true },
      },
    });
    const check = (...words: string[]) => box.exec(["init-checkconf", ...words], { user: "12345:12345" });
    expect(await check("/t.conf")).toMatchObject({ status: 0, stdout: "File /t.conf: syntax ok\n" });
    expect((await check("/secret.conf")).stderr).toBe(
      "ERROR: File /secret.conf cannot be read: Permission denied\n",
    );
    expect((await check("/empty")).stderr).toBe("ERROR: Directory /empty holds no configuration file\n");
    expect((await check("/t.conf", "/none.conf")).stderr).toBe("ERROR: File /none.conf does not exist\n");
    expect((await check("--upstart-path", "/none", "/t.conf")).stderr).toBe(
      "ERROR: Path /none does not exist\n",
    );
    expect((await check("--frobnicate")).stderr).toMatch(/^ERROR: unknown option '--frobnicate'/);
    expect(await box.run("find /tmp /run /dev/shm /etc -user 12345")).toBe("");
  });
});

describe("initctl check-config", () => {
  test("--explain and --json show a job that is named where an instance belongs; plain output is Upstart's", async () => {
    await using box = await booted({
      jobs: {
        "networking.conf": "manual\nexec true\n",
        "mountall.conf": "manual\nexec true\n",
        "never.conf": "start on started mountall networking\nexec true\n",
        "event.conf": "start on networking\nexec true\n",
      },
    });
    expect(await box.exec("initctl check-config never")).toMatchObject({ status: 0, stdout: "" });
    expect(await box.exec("initctl check-config")).toMatchObject({
      status: 1,
      stdout: "event\n  start on: unknown event networking\n",
    });
    expect(await box.exec("initctl check-config --explain")).toMatchObject({
      status: 1,
      stdout: `event
  start on: unknown event networking
    networking is a job: started networking
never
  start on: unknown instance networking
    the second word is an instance of mountall: started mountall and started networking
`,
    });
    const json = await box.exec("initctl check-config --json never");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { job: "never", problems: [{ stanza: "start on", kind: "instance", name: "networking" }] },
    ]);
  });
});

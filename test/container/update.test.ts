/** Changed files, commands in a job's place, and events that nobody hears. */
import { describe, expect, test } from "vitest";
import { booted, eventually } from "./fixture/index.ts";

const web = (word: string): string =>
  `env WORD=${word}\nscript\n  echo "$WORD $GIVEN" > /tmp/web\n  exec sleep 1000\nend script\n`;

describe.concurrent("initctl update", () => {
  test("restarts what runs under an older definition, with the variables of its start, and nothing else", async () => {
    await using box = await booted({
      jobs: {
        "web.conf": web("old"),
        "other.conf": "start on startup\nexec sleep 1000\n",
        "many.conf": "instance $N\nexec sleep 1000\n",
      },
    });
    await box.run("start web GIVEN=kept; start many N=1; start many N=2");
    const other = await box.run("status other");
    expect(await box.exec("initctl update")).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "  no job runs under an older definition\n",
    });
    await box.run("sed -i s/old/new/ /etc/init/web.conf; echo 'env X=1' >> /etc/init/many.conf");
    const restart = await box.exec("initctl reload-configuration; restart web");
    expect(restart.stderr).toContain(
      "  web keeps the definition that it was started with; `initctl update web'",
    );
    expect(await box.run("cat /tmp/web")).toBe("old ");
    await box.run("stop web; sed -i s/new/newer/ /etc/init/web.conf; start web GIVEN=kept");
    await box.run("sed -i s/newer/newest/ /etc/init/web.conf");
    const update = await box.run("initctl update | sed 's/process .*//'");
    expect(update).toBe(
      "many (1) start/running, \nmany (2) start/running, \nweb start/running, ".split("\n").join("\n"),
    );
    await eventually(async () => (await box.run("cat /tmp/web")) === "newest kept");
    expect(await box.run("status other")).toBe(other);
  });

  test("says which file is wrong, and that a job does not come up again", async () => {
    await using box = await booted({
      jobs: { "a.conf": "exec sleep 1000\n", "b.conf": "exec sleep 1000\n" },
    });
    await box.run("start a; start b; echo 'no such stanza' >> /etc/init/a.conf");
    const wrong = await box.exec("initctl update a");
    expect(wrong).toMatchObject({ status: 1, stdout: "" });
    expect(wrong.stderr).toContain("/etc/init/a.conf:2: ");
    expect(await box.run("status a")).toMatch(/^a start\/running/);
    await box.run("echo 'exec /nowhere' > /etc/init/b.conf");
    expect(await box.exec("initctl update b")).toMatchObject({ status: 1, stdout: "b stop/waiting\n" });
    expect((await box.exec("initctl update nosuch")).stderr).toMatch(/^initctl: Unknown job: nosuch\n/);
  });

  test("a stop by hand while the old one goes down counts", async () => {
    const slow =
      "kill timeout 20\nexec sh -c 'trap \"until test -e /tmp/go; do sleep 0.05; done; exit\" TERM; echo > /tmp/up; while :; do sleep 0.05; done'\n";
    await using box = await booted({ jobs: { "slow.conf": slow } });
    await box.run(
      "start slow; until test -s /tmp/up; do sleep 0.05; done; echo 'env A=1' >> /etc/init/slow.conf",
    );
    await box.run("initctl update --no-wait");
    expect(await box.run("status slow")).toMatch(/^slow stop\/killed/);
    const started = box.exec("start slow");
    await eventually(async () => (await box.run("status slow")).startsWith("slow start/killed"));
    await box.run("touch /tmp/go");
    expect((await started).status).toBe(0);
    expect(await box.run("status slow")).toMatch(/^slow start\/running/);
  });
});

describe.concurrent("initctl exec", () => {
  const job = `setuid nobody
setgid nogroup
chdir /var
umask 027
limit nofile 77 88
env WORD=class
exec sleep 1000
`;
  const look = 'id -un; id -gn; pwd; umask; ulimit -Sn; ulimit -Hn; echo "$WORD $MORE $UPSTART_JOB"';

  test("runs a command as the job would", async () => {
    await using box = await booted({ jobs: { "j.conf": job } });
    const words = ["initctl", "exec", "j", "MORE=given", "--", "sh", "-c", look];
    expect(await box.run(words)).toBe("nobody\nnogroup\n/var\n0027\n77\n88\nclass given j");
    await box.run("start j WORD=running");
    expect(await box.run(["initctl", "exec", "j", "--", "sh", "-c", "echo $WORD"])).toBe("running");
    expect(await box.exec("initctl exec j -- sh -c 'exit 7'")).toMatchObject({ status: 7 });
    expect(await box.exec("initctl exec j -- sh -c 'kill -9 $$'")).toMatchObject({ status: 137 });
    expect(await box.exec("echo in | initctl exec j -- cat")).toMatchObject({ status: 0, stdout: "in\n" });
    const missing = await box.exec("initctl exec j -- nosuch");
    expect(missing).toMatchObject({ status: 127 });
    expect(missing.stderr).toContain("nosuch: unable to execute: No such file or directory");
    expect(await box.exec("initctl exec j -- true", { user: "1000:1000" })).toMatchObject({ status: 1 });
  });
});

test.concurrent("an event that no job waits for is said to reach none", async () => {
  await using box = await booted({
    jobs: { "a.conf": "start on heard and other\nexec sleep 1000\n" },
  });
  expect(await box.exec("initctl emit nobody")).toMatchObject({
    status: 0,
    stdout: "",
    stderr: "  nobody reaches no job: none waits for it\n",
  });
  expect(await box.exec("initctl emit --no-wait heard")).toMatchObject({ status: 0, stderr: "" });
});

test.concurrent("a stop of all instances by hand says so, and top shows what failed", async () => {
  await using box = await booted({
    jobs: { "many.conf": "instance $N\nexec sleep 1000\n", "bad.conf": "exec false\n" },
    args: ["--verbose"],
  });
  await box.run("start many N=1; start many N=2; stop --all many");
  await eventually(() => /many \(2\) stopped by hand \(stop, uid 0/.test(box.stderr));
  await box.exec("start bad");
  await eventually(async () =>
    (await box.run("initctl top --once")).includes("bad  failed: main process: status 1"),
  );
});

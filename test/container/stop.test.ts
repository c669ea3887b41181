/** The orderly stop (docs/reference.md#the-stop): what happens, in which order, and with which status PID 1 ends. */
import { describe, expect, test } from "vitest";
import { booted, type Container, container, eventually } from "./fixture/index.ts";

/** A service that writes down its end, and takes a while for it. */
function service(name: string, startOn: string): string {
  return `start on ${startOn}\nexec sleep 1000\npost-stop exec sh -c 'sleep 0.2; echo ${name} >> /tmp/order'\n`;
}

function task(name: string, startOn: string): string {
  return `start on ${startOn}\ntask\nexec sh -c 'echo ${name} >> /tmp/order'\n`;
}

const order = async (box: Container) => (await box.read("/tmp/order")).trimEnd().split("\n");

const running = (box: Container, ...jobs: string[]) =>
  eventually(async () => {
    const list = await box.run("initctl list");
    return jobs.every((job) => list.includes(`${job} start/running`));
  });

describe.concurrent("stop", () => {
  test("shutdown comes first, then run level 0, then every job; a job before the one it was started on", async () => {
    await using box = await booted({
      jobs: {
        "database.conf": service("database", "startup"),
        "server.conf": service("server", "started database"),
        "proxy.conf": service("proxy", "started server"),
        "last-wish.conf": task("last-wish", "shutdown"),
        "level.conf": task("level", "runlevel 0"),
        "obedient.conf": `${service("obedient", "startup")}stop on shutdown\n`,
      },
    });
    await running(box, "proxy", "obedient");
    expect(await box.stop()).toBe(0);
    const told = await order(box);
    const services = ["proxy", "server", "database"];
    expect(told.filter((name) => services.includes(name))).toEqual(services);
    for (const early of ["last-wish", "level", "obedient"]) {
      expect(told.indexOf(early)).toBeGreaterThanOrEqual(0);
      expect(told.indexOf(early)).toBeLessThan(told.indexOf("proxy"));
    }
  });

  test("nothing is respawned and no new service is started", async () => {
    await using box = await booted({
      jobs: {
        "stubborn.conf":
          "start on startup\nrespawn\nexec sleep 1000\npost-stop exec sh -c 'echo down >> /tmp/order'\n",
        "phoenix.conf": "start on stopped stubborn\nexec sh -c 'echo up >> /tmp/order; sleep 1000'\n",
      },
    });
    await running(box, "stubborn");
    expect(await box.stop()).toBe(0);
    expect(await order(box)).toEqual(["down"]);
  });

  test("what does not listen is killed, and named in the log", async () => {
    await using box = await booted({
      jobs: {
        "deaf.conf":
          "start on startup\nkill timeout 1\nexec sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'\n",
      },
    });
    await running(box, "deaf");
    expect(await box.stop()).toBe(0);
    expect(box.stderr).toContain("deaf main process");
  });

  test("what was left behind and stopped is continued, to act on its SIGTERM", async () => {
    const left = `trap 'echo ended >/tmp/left; exit' TERM; echo $$ >/tmp/pid; kill -STOP $$; while :; do sleep 0.1; done`;
    await using box = await booted({
      files: { "/srv/left.sh": left },
      jobs: { "leaves.conf": "start on startup\ntask\nexec setsid -f sh /srv/left.sh\n" },
    });
    await eventually(() => box.run("grep -q 'State:.T' /proc/$(cat /tmp/pid)/status"));
    expect(await box.stop()).toBe(0);
    expect(await box.read("/tmp/left")).toBe("ended\n");
  });

  test.each([
    ["SIGTERM", 15],
    ["SIGRTMIN+3, as the world counts it", 37],
    ["SIGINT", 2],
  ])("%s stops", async (_name, signal) => {
    await using box = await booted({ jobs: { "a.conf": service("a", "startup") } });
    await running(box, "a");
    await box.kill(signal);
    expect(await box.wait()).toBe(0);
    expect(await order(box)).toEqual(["a"]);
  });

  test("SIGINT is control-alt-delete to a job that wants it", async () => {
    await using box = await booted({
      jobs: { "cad.conf": "start on control-alt-delete\ntask\nexec touch /tmp/cad\n" },
    });
    await box.kill(2);
    await eventually(() => box.run("test -e /tmp/cad"));
    expect(await box.stop()).toBe(0);
  });

  test("--stop-signal names another one", async () => {
    await using box = await booted({
      jobs: { "a.conf": service("a", "startup") },
      args: ["--stop-signal", "SIGQUIT"],
    });
    await running(box, "a");
    await box.kill(3);
    expect(await box.wait()).toBe(0);
  });

  test.each(["poweroff", "halt", "reboot", "shutdown now", "telinit 0", "telinit 6"])(
    "%s stops, and gets its answer before the end",
    async (command) => {
      await using box = await booted({ jobs: { "a.conf": service("a", "startup") } });
      await running(box, "a");
      expect((await box.exec(command)).status).toBe(0);
      expect(await box.wait()).toBe(0);
      expect(await order(box)).toEqual(["a"]);
    },
  );

  test("initctl emit runlevel is only an event", async () => {
    await using box = await booted({ jobs: { "a.conf": service("a", "startup") } });
    await running(box, "a");
    await box.run("initctl emit runlevel RUNLEVEL=0");
    await running(box, "a");
  });

  test("the end of CMD stops the jobs, and its status is the container's", async () => {
    await using box = await container({
      jobs: { "a.conf": service("a", "startup") },
      args: ["sh", "-c", "sleep 0.5; exit 23"],
    });
    expect(await box.wait()).toBe(23);
    expect(await order(box)).toEqual(["a"]);
  });

  test("CMD that dies of a signal gives 128 and its number", async () => {
    await using box = await container({
      jobs: { "a.conf": service("a", "startup") },
      args: ["sh", "-c", "kill -KILL $$"],
    });
    expect(await box.wait()).toBe(137);
  });

  test.each([
    ["failure", "exit 3", 3],
    ["success", "exit 0", 0],
    ["exit", "exit 4", 4],
    ["failure", "kill -TERM $$", 143],
    ["exit", "kill -SEGV $$", 139],
  ])("shutdown on %s: a job that ends with “%s” ends the container with %i", async (when, script, status) => {
    await using box = await container({
      jobs: {
        "work.conf": `start on runlevel 2\nshutdown on ${when}\nexec sh -c '${script}'\n`,
        "other.conf": service("other", "startup"),
      },
    });
    expect(await box.wait()).toBe(status);
    expect(await order(box)).toEqual(["other"]);
  });

  test("--exit-code-from gives the container the status of a job", async () => {
    await using box = await container({
      jobs: { "work.conf": "start on runlevel 2\nexec sh -c 'sleep 0.2; exit 9'\n" },
      args: ["--exit-code-from", "work"],
    });
    expect(await box.wait()).toBe(9);
  });

  test("a task on startup gates CMD; its failure is the container's", async () => {
    const gate = (status: number) =>
      `start on startup\ntask\nexec sh -c 'sleep 0.3; echo gate >> /tmp/order; exit ${status}'\n`;
    const args = ["sh", "-c", "echo cmd >> /tmp/order"];
    await using open = await container({ jobs: { "gate.conf": gate(0) }, args });
    expect(await open.wait()).toBe(0);
    expect(await order(open)).toEqual(["gate", "cmd"]);

    await using shut = await container({ jobs: { "gate.conf": gate(5) }, args });
    expect(await shut.wait()).toBe(5);
    expect(await order(shut)).toEqual(["gate"]);

    await using anyway = await container({
      jobs: { "gate.conf": gate(5) },
      args: ["--start-anyway", ...args],
    });
    expect(await anyway.wait()).toBe(0);
    expect(await order(anyway)).toEqual(["gate", "cmd"]);
  });
});

describe.concurrent("CMD beside jobs", () => {
  test.each([
    ["INT", 2, []],
    ["QUIT", 3, ["--stop-signal", "QUIT"]],
    ["TERM", 15, []],
  ])("gets the signal that stopped the container: %s", async (name, number, options) => {
    const program = `for s in INT QUIT TERM; do trap "echo $s > /tmp/got; exit 9" $s; done; touch /tmp/ready; while :; do sleep 0.05; done`;
    await using box = await container({
      jobs: { "a.conf": "start on startup\nexec sleep 1000\n" },
      args: [...options, "--", "sh", "-c", program],
    });
    await eventually(() => box.run("test -e /tmp/ready"));
    await box.kill(number);
    expect(await box.wait()).toBe(9);
    expect(await box.read("/tmp/got")).toBe(`${name}\n`);
  });
});

describe("jobs that fail as fast as they are started", () => {
  test("keep PID 1 neither from its clients nor from the stop", async () => {
    const job = "start on startup\nrespawn\nrespawn limit unlimited\nexec false\n";
    const jobs = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`flap${index}.conf`, job]));
    await using box = await booted({ jobs });
    for (let round = 0; round < 5; round++) await box.run("timeout 10 initctl version");
    expect(await box.stop(10)).toBe(0);
  });
});

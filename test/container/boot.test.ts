/** What PID 1 emits when it boots, and in which order. */
import { describe, expect, test } from "vitest";
import { booted, container, eventually } from "./fixture/index.ts";
import { executable } from "./fixture/program.ts";

/** A task blocks the event that started it, so a line it writes is before everything that follows. */
function listener(event: string, variables = ""): string {
  return `start on ${event}\ntask\nexec /bin/echo "${event}${variables}" >> /tmp/order\n`;
}

const events = [
  "startup",
  "virtual-filesystems",
  "local-filesystems",
  "remote-filesystems",
  "all-swaps",
  "filesystem",
  "container",
  "net-device-up",
  "static-network-up",
  "runlevel",
];

describe.concurrent("boot", () => {
  test("events come in the order of a machine that boots", async () => {
    const jobs = Object.fromEntries(events.map((event) => [`on-${event}.conf`, listener(event)]));
    await using box = await booted({ jobs });
    await eventually(() => box.run("grep -q runlevel /tmp/order"));
    expect((await box.run("cat /tmp/order")).split("\n")).toEqual(events);
  });

  test("events carry their variables", async () => {
    await using box = await booted({
      jobs: {
        "interface.conf": listener("net-device-up", " $IFACE"),
        "level.conf": listener("runlevel", " $RUNLEVEL $PREVLEVEL"),
        "kind.conf": listener("container", " $CONTAINER"),
      },
    });
    await eventually(() => box.run("grep -q runlevel /tmp/order"));
    const kind = box.driver === "docker" ? "docker" : "\\w+";
    expect(await box.run("cat /tmp/order")).toMatch(
      new RegExp(`^container ${kind}\nnet-device-up lo\nrunlevel 2 N$`),
    );
  });

  test("a half-satisfied condition does not hold the boot", async () => {
    await using box = await booted({
      jobs: { "late.conf": "start on local-filesystems and net-device-up\ntask\nexec touch /tmp/both\n" },
    });
    await eventually(() => box.run("test -e /tmp/both"));
  });

  test("an event that a job says it emits is left to that job", async () => {
    await using box = await booted({
      jobs: {
        "mounts.conf": "emits filesystem\nstart on manual-mount\ntask\nexec initctl emit -n filesystem\n",
        "after.conf": listener("filesystem"),
        "level.conf": listener("runlevel"),
      },
    });
    await box.run("initctl emit manual-mount");
    await eventually(() => box.run("grep -q filesystem /tmp/order"));
  });

  test("without job files and without CMD it lives until it is told to stop", async () => {
    await using box = await booted();
    expect(await box.run("initctl list")).toBe("");
    expect(await box.stop()).toBe(0);
  });

  test("no startup event when none is wanted, another when one is named", async () => {
    const jobs = { "any.conf": listener("startup"), "hello.conf": listener("hello") };
    await using silent = await booted({ jobs, args: ["--no-startup-event"] });
    expect(await silent.run("initctl list && ls /tmp")).toBe("any stop/waiting\nhello stop/waiting");
    await using named = await booted({ jobs, args: ["--startup-event", "hello"] });
    await eventually(() => named.run("test -e /tmp/order"));
    expect(await named.run("cat /tmp/order")).toBe("hello");
  });

  test("a wrong job file is reported with file and line, and the others start", async () => {
    await using box = await booted({
      jobs: { "bad.conf": "task\nbogus stanza\n", "good.conf": "start on startup\nexec sleep 1000\n" },
    });
    expect(await box.run("initctl list")).toMatch(/^good start\/running, process \d+$/);
    expect(box.stderr).toContain("/etc/init/bad.conf:2: Unknown stanza");
  });

  test("the manager that started the container is told when it is up, and when it stops", async () => {
    const manager = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un("/tmp/notify")); $SIG{TERM} = "IGNORE";
      open(F, ">>", "/tmp/told"); F->autoflush(1); while (defined recv(S, $m, 99, 0)) { print F "$m\\n" }`;
    await using box = await container({
      entrypoint: [
        "/bin/sh",
        "-c",
        `/sbin/upinit --install /sbin; perl -MIO::Handle -e '${manager}' & until test -S /tmp/notify; do sleep 0.01; done
         exec /sbin/upinit --stop-timeout 1 -- sh -c 'exec sleep 1000'`,
      ],
      files: { "/sbin/upinit": { copy: executable(), mode: 0o755 } },
      env: { NOTIFY_SOCKET: "/tmp/notify" },
      jobs: {
        "slow.conf":
          "start on startup\ntask\nscript\n  until test -e /tmp/go; do sleep 0.01; done\nend script\n",
        "env.conf": "start on startup\ntask\nexec sh -c 'echo got $NOTIFY_SOCKET > /tmp/got'\n",
      },
    });
    await eventually(async () => (await box.exec("cat /tmp/got")).stdout === "got\n");
    expect(await box.run("cat /tmp/told")).toBe("");
    await box.run("touch /tmp/go");
    await eventually(async () => (await box.run("cat /tmp/told")) === "READY=1");
    await box.stop();
    expect(await box.read("/tmp/told")).toBe("READY=1\nSTOPPING=1\n");
  });

  test("the static executable needs nothing but itself", async () => {
    await using version = await container({ image: "scratch", args: ["--version"] });
    expect(await version.wait()).toBe(0);
    expect(version.stdout).toMatch(/^upinit \d+\.\d+\.\d+/);

    await using box = await booted({
      image: "scratch",
      jobs: { "say.conf": "start on startup\ntask\nexec /sbin/upinit --version\n" },
    });
    await eventually(() => /^say \| upinit \d/m.test(box.stdout));
    expect((await box.exec(["/sbin/initctl", "list"])).stdout).toBe("say stop/waiting\n");
    expect(await box.stop()).toBe(0);
  });
});

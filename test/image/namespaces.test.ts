/** Where the process namespace is not upinit's alone, where /proc tells nothing or something else, and no container. */
import { describe, expect, test } from "vitest";
import { docker } from "../container/fixture/engine.ts";
import { type Container, type ContainerOptions, container, eventually } from "../container/fixture/index.ts";
import { contents } from "../container/fixture/program.ts";

const jobs = { "job.conf": "start on startup\nexec sleep 1000\n" };

/** Leaves an orphan in a session of its own that says when it is told to end; lists; ends with 7 on TERM. */
const command = [
  "sh",
  "-c",
  `setsid sh -c '(trap "echo orphan told; exit" TERM; echo orphan of $PPID; while :; do sleep 0.05; done) &'
  trap 'exit 7' TERM
  initctl list; echo up
  while :; do sleep 0.05; done`,
];

const up = (box: Container) => eventually(() => /^up\r?$/m.test(box.stdout));

/** Somebody else in the same namespace, who would be reached by a signal to all. */
const neighbour = (options: ContainerOptions) =>
  container({ driver: "docker", entrypoint: ["sleep", "1000"], ...options });

/** The number that the engine has for a container. */
async function idOf(box: Container): Promise<string> {
  const ids = (await docker(["ps", "--quiet", "--no-trunc"])).split("\n");
  const lines = await Promise.all(
    ids.map((id) => docker(["inspect", "--format", "{{.State.Pid}} {{.Id}}", id]).catch(() => "")),
  );
  return lines.find((line) => line.startsWith(`${box.hostPid} `))?.split(" ")[1] ?? "";
}

describe("a process namespace that others live in", () => {
  test("another container's: orphans are taken in and stopped, the neighbour lives", async () => {
    await using beside = await neighbour({});
    await using box = await container({
      driver: "docker",
      jobs,
      args: command,
      docker: ["--pid", `container:${await idOf(beside)}`],
    });
    await up(box);
    expect(box.stdout).toMatch(/^job start\/running, process \d+$/m);
    const upinit = await beside.run("pgrep -o -x upinit");
    expect(upinit).not.toBe("1");
    // Its parent is gone: whose child is it now?
    await eventually(async () => {
      const shells = await beside.run(`pgrep -P ${upinit} -x sh`);
      return shells.split("\n").length === 2;
    });
    expect(await box.stop(60)).toBe(7);
    expect(box.stdout).toContain("orphan told\n");
    expect(await beside.run("cat /proc/1/comm")).toBe("sleep");
  });

  // As a user that nobody else is: if this ever goes wrong, it must not be the machine that pays.
  test("the host's: the neighbour lives", async () => {
    const user = "54321:54321";
    await using beside = await neighbour({ user, docker: ["--pid", "host"] });
    await using box = await container({
      driver: "docker",
      jobs,
      user,
      args: command,
      docker: ["--pid", "host"],
    });
    await up(box);
    expect(box.stdout).toMatch(/^job start\/running, process \d+$/m);
    expect(await box.stop(60)).toBe(7);
    expect(box.stdout).toContain("orphan told\n");
    expect(await beside.run(`cat /proc/${beside.hostPid}/comm`)).toBe("sleep");
  });
});

/** A privileged container whose PID 1 does something first. */
const after = (preparation: string): ContainerOptions => ({
  driver: "docker",
  entrypoint: ["sh", "-c", `${preparation} "$@"`, "sh"],
  files: contents({}),
  capabilities: "all",
});

/** The same, with the shell as PID 1 to the end: what has left its namespaces can't be joined by the engine. */
const besidesShell = (program: string): ContainerOptions => ({
  ...after(""),
  entrypoint: ["sh", "-c", `${program} "$@"; exit $?`, "sh"],
});

// The engine can't execute anything beside PID 1 there: CMD itself lists.
describe.each([
  "umount -l /proc; exec",
  "mount -t tmpfs none /proc; exec",
  "mount -o remount,hidepid=2 /proc; exec setpriv --reuid 1000 --regid 1000 --clear-groups",
])("a hidden /proc: %s", (preparation) => {
  test("a CMD and a job boot, are listed, and stop before they are killed", async () => {
    await using box = await container({ ...after(`${preparation} upinit`), jobs, args: command });
    await up(box);
    expect(box.stdout).toMatch(/^job start\/running, process \d+$/m);
    expect(await box.stop(60)).toBe(7);
    expect(box.stdout).toContain("orphan told\n");
  });
});

describe.each([
  ["PID 1 in unshare", "unshare --pid --fork --mount-proc upinit", true],
  ["PID 1 in unshare, with the /proc of the namespace outside", "unshare --pid --fork upinit", true],
  ["not PID 1", "upinit", true],
  // An orphan in a session of its own is out of reach there: no signal to all, nobody to tell its number.
  ["neither PID 1 nor its /proc", `unshare --pid --fork sh -c 'upinit "$@"; exit $?' sh`, false],
])("%s", (_name, program, reachesOrphans) => {
  test("a CMD and a job boot, are listed, and stop before they are killed", async () => {
    await using box = await container({ ...besidesShell(program), jobs, args: command });
    await up(box);
    expect(box.stdout).toMatch(/^job start\/running, process \d+$/m);
    // Somebody who must not be reached, but by the end of the namespace that it lives in.
    await box.run("tail -f /dev/null > /dev/null & pkill -TERM -o -x upinit");
    expect(await box.wait()).toBe(7);
    expect(box.stdout.includes("orphan told\n")).toBe(reachesOrphans);
    expect(box.stderr).not.toMatch(/what is left:.*\b(tail|unshare) \(/);
  });
});

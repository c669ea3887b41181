/** Everywhere that it must run: boot, list, stop, exit status, with a CMD alone and with a job beside it. */
import { describe, expect, test } from "vitest";
import {
  booted,
  type Container,
  type ContainerOptions,
  container,
  defaultDriver,
  eventually,
} from "./fixture/index.ts";
import { contents } from "./fixture/program.ts";

/** Ends with 7 when it is told to stop. */
const command = ["sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"];
/** A stop that comes before the trap is set would find a shell that knows nothing of it. */
const isUp = (box: Container) => eventually(() => /^up\r?$/m.test(box.stdout));
const jobs = { "job.conf": "start on startup\nexec sleep 1000\n" };
const unprivileged = { user: "1000:1000", capabilities: "none", noNewPrivileges: true } as const;

/** PID 1 of a container in which something was taken away first. */
const without = (preparation: string): ContainerOptions => ({
  entrypoint: ["sh", "-c", `${preparation}; exec upinit "$@"`, "sh"],
  files: contents({}),
  capabilities: "all",
});

const places: Readonly<Record<string, ContainerOptions>> = {
  "a container as an engine makes it": {},
  "a privileged container": { capabilities: "all" },
  "a read-only root file system": { readOnly: true },
  "a read-only root file system with a tmpfs on /run": { readOnly: true, tmpfs: ["/run"] },
  "another user than root": { user: "1000:1000" },
  "no capabilities, no new privileges": { capabilities: "none", noNewPrivileges: true },
  "another user, nothing allowed, read-only": { ...unprivileged, readOnly: true },
  "a terminal": { terminal: true },
  "no /dev/console": without("rm -f /dev/console 2>/dev/null || umount -l /dev/console"),
};

describe.each(Object.entries(places))("%s", (_name, place) => {
  test("a CMD alone", async () => {
    await using box = await booted({ ...place, args: command });
    expect(await box.run("initctl list")).toBe("");
    await isUp(box);
    expect(await box.stop()).toBe(7);
    expect(box.stdout).toMatch(/^up\r?\n/);
  });

  test("a CMD and a job", async () => {
    await using box = await booted({ ...place, jobs, args: command });
    await box.run("initctl wait job --for running");
    expect(await box.run("initctl list")).toMatch(/^job start\/running, process \d+$/);
    await isUp(box);
    expect(await box.stop()).toBe(7);
  });

  test("a CMD that can't be executed", async () => {
    await using missing = await container({ ...place, args: ["does-not-exist"] });
    expect(await missing.wait()).toBe(127);
    await using directory = await container({ ...place, args: ["/etc"] });
    expect(await directory.wait()).toBe(126);
  });
});

// An engine can execute nothing in a container without /proc.
describe.skipIf(defaultDriver() === "docker")("no /proc", () => {
  const place = without("umount -l /proc");

  test("a CMD alone", async () => {
    await using box = await container({ ...place, args: command });
    await box.run("until initctl version; do sleep 0.05; done");
    await isUp(box);
    expect(await box.stop()).toBe(7);
  });

  test("a CMD and a job", async () => {
    await using box = await container({ ...place, jobs, args: command });
    await box.run("until initctl wait job --for running; do sleep 0.05; done");
    await isUp(box);
    expect(await box.stop()).toBe(7);
  });
});

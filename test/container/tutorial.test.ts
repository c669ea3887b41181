/** The Upstart tutorial's own job files, as an image author would use them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";
import { project } from "./fixture/program.ts";

const tutorial = join(project, "images/tutorial");
const file = (path: string) => readFileSync(join(tutorial, path), "utf8");
const date = /\w{3} \w{3} .\d \d\d:\d\d:\d\d .*\d{4}/.source;

function boot(): Promise<Container> {
  return booted({
    jobs: {
      "testjob.conf": file("etc/init/testjob.conf"),
      "nodetest.conf": file("etc/init/nodetest.conf"),
    },
    files: {
      "/srv/nodetest.js": file("srv/nodetest.js"),
      "/usr/bin/nodejs": { link: process.execPath },
      "/var/log": { directory: true },
    },
  });
}

/** All that a job passes through, whether or not it has a process there. */
const statesOfStop = "pre-stopping pre-stop stopping killed post-stopping post-stop waiting".split(" ");
const statesOfStart =
  "starting security-spawning security pre-starting pre-start spawning spawned post-starting post-start running".split(
    " ",
  );

async function linesOf(box: Container, path: string): Promise<readonly string[]> {
  return (await box.run(["cat", path])).split("\n");
}

const isUp = (box: Container) =>
  eventually(async () =>
    /^nodetest start\/running, process \d+$/.test(await box.run("service nodetest status")),
  );

describe.concurrent("the tutorial's jobs", () => {
  test("testjob writes a line at boot, one more when it is started, and one more at each boot", async () => {
    await using box = await boot();
    const log = "/var/log/testjob.log";
    await eventually(async () => (await linesOf(box, log)).length === 1);
    expect(await box.run("cat /var/log/testjob.log")).toMatch(new RegExp(`^Test Job ran at ${date}$`));

    expect(await box.run("service testjob start")).toMatch(
      /^testjob (start\/running, process \d+|stop\/waiting)$/,
    );
    await eventually(async () => (await linesOf(box, log)).length === 2);

    await box.restart();
    await box.ready();
    await eventually(async () => (await linesOf(box, log)).length === 3);
  });

  test("nodetest serves, tells its status, and logs its beginning and its end", async () => {
    await using box = await boot();
    await isUp(box);
    const fetching = 'fetch("http://127.0.0.1:8888/").then((answer) => answer.text()).then(console.log)';
    expect(await eventually(() => box.run(["nodejs", "-e", fetching]))).toBe("Hello World");
    const pid = await box.run("cat /var/run/nodetest.pid");
    expect(await box.run("service nodetest status")).toBe(`nodetest start/running, process ${pid}`);

    expect(await box.stop()).toBe(0);
    const log = (await box.read("/var/log/nodetest.log")).trimEnd().split("\n");
    expect(log.at(0)).toMatch(new RegExp(`^\\[${date}\\] Node Test Starting$`));
    expect(log.at(-1)).toMatch(new RegExp(`^\\[${date}\\] Node Test Stopping$`));
  });

  test("service restart gives the server a new process", async () => {
    await using box = await boot();
    await isUp(box);
    const before = await box.run("cat /var/run/nodetest.pid");
    expect(await box.run("service nodetest restart")).toMatch(/^nodetest start\/running, process \d+$/m);
    await eventually(async () => (await box.run("cat /var/run/nodetest.pid")) !== before);
    await isUp(box);
  });

  test("the debug log shows every state of a start and a stop", async () => {
    await using box = await boot();
    await isUp(box);
    await box.run("initctl log-priority debug");
    await box.run("service nodetest stop && service nodetest start");
    const states = () =>
      [...box.stderr.matchAll(/nodetest state changed from (\S+) to (\S+)/g)].map((match) => match[2]);
    await eventually(() => states().filter((state) => state === "running").length > 0);
    expect(states()).toEqual([...statesOfStop, ...statesOfStart]);
  });

  test("the checker finds both files good, and a wrong one bad with its line", async () => {
    await using box = await boot();
    for (const path of ["/etc/init/testjob.conf", "/etc/init/nodetest.conf"]) {
      expect(await box.run(["init-checkconf", path])).toBe(`File ${path}: syntax ok`);
    }
    const { status, stdout, stderr } = await box.exec(
      "printf 'task\\nstrat on x\\n' > /tmp/wrong.conf; init-checkconf /tmp/wrong.conf",
    );
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(/wrong\.conf:2: Unknown stanza/);
  });
});

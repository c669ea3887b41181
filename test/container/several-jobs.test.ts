/** Commands for several jobs at once, by names, patterns and instances. */
import { describe, expect, test } from "vitest";
import { booted } from "./fixture/index.ts";

const service = "exec sleep 1000\n";
const jobs = {
  "web.conf": service,
  "worker-a.conf": service,
  "worker-b.conf": service,
  "broken.conf": "exec /no/such\n",
  "many.conf": "instance $N\nexec sleep 1000\n",
};

describe.concurrent("several jobs at once", () => {
  test("by names and patterns; the status is the worst, and each failure is told", async () => {
    await using box = await booted({ jobs });
    expect(await box.run("start web 'worker-*' | sed 's/process .*/process/'")).toBe(
      "web start/running, process\nworker-a start/running, process\nworker-b start/running, process",
    );
    expect((await box.exec("status web broken")).stdout).toMatch(/^broken stop\/waiting\nweb start\/running/);
    const stop = await box.exec("stop web worker-a broken");
    expect(stop).toMatchObject({ status: 1, stdout: "web stop/waiting\nworker-a stop/waiting\n" });
    expect(await box.run("status worker-b")).toMatch(/^worker-b start\/running/);
    await box.run("reload 'worker-b*'");
  });

  test("a stop of a stopped job says so in words", async () => {
    await using box = await booted({ jobs });
    expect(await box.exec("stop web")).toMatchObject({
      status: 1,
      stderr: "stop: Unknown instance: \n  web is stopped\n",
    });
    expect((await box.exec("stop many N=7")).stderr).toBe(
      "stop: Unknown instance: 7\n  no instance of many of this name is running\n",
    );
  });

  test("an unknown name changes nothing", async () => {
    await using box = await booted({ jobs });
    expect(await box.exec("start web nosuch")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "start: Env must be KEY=VALUE pairs\n  nosuch is neither KEY=VALUE nor a job\n",
    });
    expect(await box.exec("start 'nothing*'")).toMatchObject({
      status: 1,
      stderr: "start: no job matches nothing*\n",
    });
    expect(await box.run("status web")).toBe("web stop/waiting");
  });

  test("--all: every instance, and waited for", async () => {
    await using box = await booted({ jobs });
    for (const n of [1, 2, 3]) await box.run(`start many N=${n}`);
    expect(await box.run("status --all many | sed 's/process .*/process/'")).toBe(
      "many (1) start/running, process\nmany (2) start/running, process\nmany (3) start/running, process",
    );
    await box.run("stop --all many");
    expect(await box.run("initctl list | grep many")).toBe("many stop/waiting");
  });
});

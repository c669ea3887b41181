/** Jobs that are started by the clock. */
import { describe, expect, test } from "vitest";
import { booted, eventually } from "./fixture/index.ts";

describe.concurrent("schedule", () => {
  test("S4 S5 S7: runs again and again, and what is due while one lasts is skipped", async () => {
    await using box = await booted({
      jobs: {
        "tick.conf": "schedule every 1\ntask\nexec sh -c 'echo $JOB $TIME >> /tmp/tick'\n",
        "slow.conf": "schedule every 1\ntask\nexec sh -c 'echo >> /tmp/slow; sleep 4'\n",
      },
    });
    await eventually(async () => (await box.exec("wc -l < /tmp/tick")).stdout.trim() >= "3");
    expect(await box.run("head -1 /tmp/tick")).toMatch(/^tick \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await eventually(async () =>
      (await box.run("initctl explain slow")).includes("skipped, since one still ran"),
    );
    expect(box.stderr.split("slow is due by its schedule, and still runs").length).toBe(2);
    const explained = await box.run("initctl explain tick");
    expect(explained).toMatch(/schedule\n {4}every 1\n {4}next \S+Z\n {4}last \S+Z/);
    expect(await box.run("initctl list -l")).toMatch(/^tick .*next \d{4}-/m);
    await eventually(async () => (await box.run("initctl explain tick")).includes("ended well after"));
  });

  test("S2 S5 S7: the next time is shown by its zone, and a failure is seen like any", async () => {
    await using box = await booted({
      env: { TZ: "CET-1CEST,M3.5.0,M10.5.0/3" },
      jobs: {
        "night.conf": "schedule 30 3 * * *\ntask\nexec false\n",
        "leap.conf": "schedule CRON_TZ=UTC 0 0 29 2 *\ntask\nexec true\n",
      },
    });
    await eventually(async () => (await box.run("initctl explain night")).includes("by CET-1CEST"));
    await eventually(async () =>
      /next \d{4}-02-29T00:00:00Z, by UTC/.test(await box.run("initctl explain leap")),
    );
    expect((await box.exec("start night")).status).toBe(1);
    expect((await box.exec("initctl health")).stdout).toContain("night failed");
  });

  test("S6: a jitter delays each run by a random time of its own", async () => {
    await using box = await booted({
      jobs: {
        "tick.conf": "schedule every 1\nschedule jitter 1\ntask\nexec sh -c 'cat /proc/uptime >> /tmp/ran'\n",
      },
    });
    await eventually(async () => (await box.exec("wc -l < /tmp/ran")).stdout.trim() >= "6");
    const parts = (await box.run("cat /tmp/ran")).split("\n").map((line) => Number.parseFloat(line) % 1);
    expect(new Set(parts.map((part) => part.toFixed(2))).size).toBeGreaterThan(1);
  });

  test("S4: a changed line counts from the moment of the change", async () => {
    await using box = await booted({
      jobs: { "tick.conf": "schedule every 1000\ntask\nexec touch /tmp/ran\n" },
    });
    await box.run("sed -i 's/1000/1/' /etc/init/tick.conf");
    await eventually(() => box.run("test -e /tmp/ran"));
  });

  test("a zone without data is UTC, and says so; init-checkconf -v shows the next three times", async () => {
    await using box = await booted({
      env: { TZ: "Mars/Olympus" },
      jobs: { "a.conf": "schedule @hourly\ntask\nexec true\n" },
      files: {
        "/tmp/b.conf": "schedule 0 12 1 1 *\ntask\nexec true\n",
        "/tmp/c.conf": "schedule 0 0 30 2 *\nexec true\n",
      },
    });
    await eventually(() => box.stderr.includes("Schedules follow UTC (no data for Mars/Olympus)"));
    expect(await box.run("initctl explain a")).toContain("by UTC (no data for Mars/Olympus)");
    expect(await box.run("TZ=UTC init-checkconf -v /tmp/b.conf")).toMatch(
      /^ {2}schedule 0 12 1 1 \*: (\d{4}-01-01T12:00:00\+00:00, ){2}\d{4}-01-01T12:00:00\+00:00 \(UTC\)$/m,
    );
    expect(await box.exec("init-checkconf /tmp/c.conf")).toMatchObject({ status: 1 });
  });
});

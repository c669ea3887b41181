/** Many jobs at once, and long chains of them. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

const patience = 120_000;

function many(count: number, job: (index: number) => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`j${index}.conf`, job(index)]));
}

/** How many jobs have this state now. */
async function inState(box: Container, state: string): Promise<number> {
  return (await box.run("initctl list")).split("\n").filter((line) => line.includes(` ${state}`)).length;
}

describe("load", () => {
  test("1,000 services on one event all run, and all stop", async () => {
    await using box = await booted({
      jobs: many(1000, () => "start on go\nstop on halt-all\nexec sleep 10000\n"),
    });
    await box.run("initctl emit go");
    await eventually(async () => (await inState(box, "start/running")) === 1000, patience);
    await box.run("initctl emit halt-all");
    await eventually(async () => (await inState(box, "stop/waiting")) === 1000, patience);
    expect(await box.run("pgrep -xc sleep || true")).toBe("0");
  });

  test("a chain of 1,000, each started by the one before, settles and is stopped from its end", async () => {
    const jobs = many(
      1000,
      (index) => `start on ${index === 0 ? "go" : `started j${index - 1}`}\nexec sleep 10000\n`,
    );
    await using box = await booted({ jobs });
    await box.run("initctl emit go");
    await eventually(async () => (await inState(box, "start/running")) === 1000, patience);
    expect(await box.stop(120)).toBe(0);
  });

  test("200 clients wait in parallel, and 1,000 come one after the other: nothing is left behind", async () => {
    await using box = await booted({
      jobs: { "slow.conf": "start on go\ninstance $N\ntask\nexec sh -c 'read x < /tmp/fifo; true'\n" },
    });
    const descriptors = () => box.run("ls /proc/1/fd | wc -l");
    // One first, so that what is opened when it is first needed is open.
    await box.run("mkfifo /tmp/fifo; initctl emit go N=0 & echo end > /tmp/fifo; wait");
    const before = await descriptors();
    const waiting = box.run("for i in $(seq 200); do initctl emit go N=$i & done; wait");
    await eventually(async () => Number(await descriptors()) >= Number(before) + 200, patience);
    await eventually(async () => (await inState(box, "start/running")) === 200, patience);
    await box.run("echo end > /tmp/fifo");
    await waiting;
    await box.run("for i in $(seq 1000); do initctl list >/dev/null || exit 1; done");
    await eventually(async () => Number(await descriptors()) <= Number(before));
  });
});

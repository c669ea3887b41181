/** Several of one job: all at once, one by one, more and fewer. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

const worker = "replicas 3\nscript\n  echo $REPLICA/$REPLICAS >> /tmp/ran\n  exec sleep 1000\nend script\n";

/** The pids of the replicas by their names. */
async function pids(box: Container): Promise<Record<string, string>> {
  const rows = (await box.run("initctl list")).matchAll(/^w \((\d+)\) start\/running, process (\d+)$/gm);
  return Object.fromEntries([...rows].map(([, name, pid]) => [name, pid]));
}

describe.concurrent("replicas", () => {
  test("N1: a command without a replica means all, a start those that are missing", async () => {
    await using box = await booted({ jobs: { "w.conf": worker } });
    expect((await box.run("start w | sed 's/process .*//'")).split("\n")).toEqual(
      [1, 2, 3].map((n) => `w (${n}) start/running, `),
    );
    expect(await box.run("sort /tmp/ran")).toBe("1/3\n2/3\n3/3");
    expect((await box.run("status w")).split("\n")).toHaveLength(3);
    const before = await pids(box);
    expect(await box.run("stop w REPLICA=2")).toBe("w stop/waiting");
    expect(Object.keys(await pids(box))).toEqual(["1", "3"]);
    await box.run("start w");
    const now = await pids(box);
    expect([now["1"], now["3"]]).toEqual([before["1"], before["3"]]);
    expect(Object.keys(now).sort()).toEqual(["1", "2", "3"]);
    await box.run("restart w");
    const restarted = Object.values(await pids(box));
    expect(restarted.some((pid) => Object.values(now).includes(pid))).toBe(false);
    expect(await box.exec("initctl log w")).toMatchObject({ status: 0 });
    await box.run("initctl signal USR1 w");
    await eventually(async () => (await box.run("initctl list")) === "w stop/waiting");
    expect(await box.exec("stop w")).toMatchObject({ status: 1 });
    expect(await box.exec("start w REPLICA=4")).toMatchObject({ status: 1 });
  });

  test("N2: scale keeps those that stay, over a restart of the job, a reload and a re-exec; the file acts at once", async () => {
    await using box = await booted({ jobs: { "w.conf": worker } });
    await box.run("start w");
    const three = await pids(box);
    await box.run("initctl scale w 5");
    const five = await pids(box);
    expect(Object.keys(five)).toHaveLength(5);
    expect(five).toMatchObject(three);
    await box.run("initctl scale w 2");
    expect(await pids(box)).toEqual({ 1: three["1"], 2: three["2"] });
    await box.run("initctl reload-configuration; telinit u; stop w; start w");
    expect(Object.keys(await pids(box))).toHaveLength(2);
    await box.run("initctl scale w default");
    expect(Object.keys(await pids(box))).toHaveLength(3);
    const before = await pids(box);
    await box.run("sed -i s/3/4/ /etc/init/w.conf");
    await eventually(async () => Object.keys(await pids(box)).length === 4);
    expect(await pids(box)).toMatchObject(before);
    for (const wrong of ["w +3", "w 0", "w 3 w 1", "nosuch 2", "w"]) {
      expect((await box.exec(`initctl scale ${wrong}`)).status).toBe(1);
    }
    expect(Object.keys(await pids(box))).toHaveLength(4);
  });

  test("N3: --rolling goes one by one, and stops where one does not come back", async () => {
    await using box = await booted({
      jobs: {
        "w.conf":
          "replicas 3\nready exec sh -c 'test ! -e /tmp/broken$REPLICA'\nstart timeout 1\nexec sleep 1000\n",
        "edge.conf": "requires w\nexec sleep 1000\n",
      },
    });
    await box.run("start edge");
    const before = await pids(box);
    const edge = await box.run("status edge");
    await box.run("restart --rolling w");
    const after = await pids(box);
    expect(Object.values(after).some((pid) => Object.values(before).includes(pid))).toBe(false);
    expect(await box.run("status edge")).toBe(edge);
    await box.run("touch /tmp/broken2");
    const rolled = await box.exec("restart --rolling w");
    expect(rolled).toMatchObject({ status: 1 });
    expect(rolled.stderr).toContain("w (2) did not come back");
    expect((await pids(box))["3"]).toBe(after["3"]);
    expect(await box.run("status edge")).toBe(edge);
  });

  test("N2: scale waits for a rolling restart that is under way, and a second one is refused", async () => {
    const worker = "replicas 2\nready exec sh -c 'test ! -e /tmp/hold'\nready every 1\nexec sleep 1000\n";
    await using box = await booted({ jobs: { "w.conf": worker } });
    await box.run("start w; touch /tmp/hold");
    const before = await pids(box);
    const rolling = box.exec("restart --rolling w");
    await eventually(async () => (await box.run("initctl list")).includes("w (1) start/spawned"));
    const scaling = box.exec("initctl scale w 1");
    expect(await box.exec("restart --rolling w")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("A rolling restart of w is under way"),
    });
    expect((await pids(box))["2"]).toBe(before["2"]);
    await box.run("rm /tmp/hold");
    expect(await rolling).toMatchObject({ status: 0 });
    expect(await scaling).toMatchObject({ status: 0 });
    expect(Object.keys(await pids(box))).toEqual(["1"]);
  });

  test("events, requirements and schedules mean all of them", async () => {
    await using box = await booted({
      jobs: {
        "w.conf": "replicas 2\nstart on go\nexec sleep 1000\n",
        "edge.conf": "requires w\nstart on never\nexec sleep 1000\n",
      },
    });
    await box.run("initctl emit go");
    expect(Object.keys(await pids(box))).toHaveLength(2);
    await box.run("stop w; start edge");
    expect(Object.keys(await pids(box))).toHaveLength(2);
  });
});

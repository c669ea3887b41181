import { describe, expect, it } from "vitest";
import type { Health, OverviewJob } from "../../../src/control/answers.ts";
import { root, somebody, VirtualControl } from "../../support/virtual-control.ts";

const health = (control: VirtualControl, require: string[] = []): Health =>
  control.connect().result("health", { require }) as Health;

describe("health and requirements", () => {
  it("V1: a required task that is done is done", () => {
    const control = new VirtualControl({ migrate: "task\nexec true", web: "requires migrate\nexec sleep" });
    const client = control.connect();
    client.ask("start", { job: "web" });
    expect(health(control)).toMatchObject({ healthy: true, reason: "1 job running" });
    expect(health(control, ["migrate", "web"])).toMatchObject({ healthy: true });
    const rows = client.result("overview") as { name: string; why: string }[];
    expect(rows.find(({ name }) => name === "migrate")?.why).toBe("done");
  });

  it("V2: waiting for what is on its way is not ill, for what has failed or is down it is", () => {
    const control = new VirtualControl({
      db: "ready tcp 5432\nstart timeout 1000\nexec sleep",
      web: "requires db\nexec sleep",
    });
    const client = control.connect();
    client.ask("start", { job: "web", wait: false });
    control.pass(500_000);
    expect(health(control).reasons).toEqual([]);
    control.machine.probed("db", "good");
    control.machine.stop("db");
    expect(health(control).reasons).toEqual(["web is down, and waits for db"]);
    client.ask("stop", { job: "web" });
    expect(health(control).reasons).toEqual([]);
  });

  it("V2: a check that fails is ill also where nothing follows", () => {
    const control = new VirtualControl({
      web: "check tcp 80\ncheck failures 1\ncheck on failure none\nexec sleep",
    });
    control.connect().ask("start", { job: "web" });
    control.pass(11_000);
    control.machine.probed("web", "bad", "Connection refused");
    expect(health(control).reasons).toEqual(["web is unhealthy: check tcp 80: Connection refused"]);
  });

  it("V2: a job that never was ready is ill while it backs off", () => {
    const control = new VirtualControl({
      web: "ready tcp 80\nstart timeout 1\nrespawn\nrespawn backoff 30 60\nexec sleep",
    });
    control.connect().ask("start", { job: "web", wait: false });
    control.machine.probed("web", "bad", "Connection refused");
    control.pass(2_000);
    expect(health(control).reasons).toEqual(["web never was ready: tcp 80: Connection refused"]);
  });
});

describe("health names every reason", () => {
  it("a job file that cannot be read", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    control.problems = [{ path: "/etc/init/new.conf", line: 3, message: "Unknown stanza" }];
    expect(health(control).reasons).toEqual(["cannot read /etc/init/new.conf:3: Unknown stanza"]);
    expect(health(control, ["a"]).reasons).toEqual(["a is stop/waiting"]);
  });

  it("several at once, and of several required jobs", () => {
    const control = new VirtualControl({ a: "exec sleep", b: "exec exit 1", c: "exec missing" });
    const client = control.connect();
    client.ask("start", { job: "b" });
    client.ask("start", { job: "c" });
    const failed = [
      "b failed: main process: status 1",
      "c failed: main process: unable to execute: No such file or directory",
    ];
    expect(health(control).reasons).toEqual(failed);
    expect(health(control, ["a", "b"]).reasons).toEqual(["a is stop/waiting", failed[0]]);
    expect(health(control).reason).toBe(failed.join("; "));
  });

  it("the respawn limit, with the last status", () => {
    const control = new VirtualControl({ a: "respawn\nrespawn limit 2 60\nexec exit 3" });
    control.connect().ask("start", { job: "a" });
    expect(health(control).reasons).toEqual(["a failed: respawn limit, last status 3"]);
  });

  it("a job that is on its way up for too long, but no task that runs", () => {
    const control = new VirtualControl({
      a: "expect stop\nexec sleep",
      b: "start timeout 100\nexpect stop\nexec sleep",
      t: "task\nexec run",
    });
    const client = control.connect();
    for (const job of ["a", "b", "t"]) client.ask("start", { job, wait: false });
    control.pass(60_000);
    expect(health(control).reasons).toEqual([]);
    control.pass(1_000);
    expect(health(control).reasons).toEqual(["a has been starting for 61 seconds (spawned)"]);
  });

  it("a service that crash-loops under its limit", () => {
    const control = new VirtualControl({ a: "respawn\nexec run" });
    control.connect().ask("start", { job: "a" });
    for (let round = 0; round < 3; round++) {
      expect(health(control).reasons).toEqual([]);
      control.pass(10_000);
      control.machine.end("a", "main", 1);
    }
    expect(health(control).reasons).toEqual(["a crash-loops: 3 failed ends within the last minute"]);
    control.pass(60_000);
    expect(health(control).reasons).toEqual([]);
  });

  it("a service that another one took down, unless that one was stopped by hand", () => {
    const control = new VirtualControl({
      db: "exec sleep",
      web: "start on go\nstop on stopping db\nexec sleep",
    });
    const client = control.connect();
    client.ask("start", { job: "db" });
    client.ask("emit", { event: "go" });
    client.ask("restart", { job: "db" });
    expect(health(control).reasons).toEqual(["web is down since db went away"]);
    client.ask("stop", { job: "db" });
    expect(health(control).reasons).toEqual([]);
  });

  it("is well when a service was stopped by hand, and after a good run or reset-failed", () => {
    const control = new VirtualControl({ a: "exec sleep", b: "task\nexec run" });
    const client = control.connect();
    client.ask("start", { job: "a" });
    client.ask("stop", { job: "a" });
    expect(health(control).healthy).toBe(true);
    for (const status of [1, 0]) {
      client.ask("start", { job: "b" });
      control.pass(1_000);
      control.machine.end("b", "main", status);
      expect(health(control).healthy).toBe(status === 0);
    }
    client.ask("start", { job: "b" });
    control.machine.end("b", "main", 1);
    expect(health(control).healthy).toBe(false);
    client.ask("reset-failed", { job: "b" });
    expect(health(control).healthy).toBe(true);
  });
});

describe("overview", () => {
  const rows = (control: VirtualControl, peer = root): OverviewJob[] =>
    control.connect(peer).result("overview") as OverviewJob[];

  it("says why each job runs or does not", () => {
    const control = new VirtualControl({
      a: "start on go\nexec sleep",
      b: "exec exit 1",
      c: "exec sleep",
      d: "task\nexec true",
    });
    const client = control.connect();
    client.ask("emit", { event: "go" });
    client.ask("start", { job: "b" });
    client.ask("start", { job: "c" });
    client.ask("stop", { job: "c" });
    client.ask("start", { job: "d" });
    expect(rows(control).map(({ name, failed, why, lastEnd }) => [name, failed, why, lastEnd])).toEqual([
      ["a", false, "started by event go", ""],
      ["b", true, "failed: main process: status 1", "terminated with status 1"],
      ["c", false, "stopped by hand (stop, uid 0, pid 50: client 50)", "killed by TERM signal"],
      ["d", false, "done", "exited normally"],
    ]);
  });

  it("tells others only the kind of a cause", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    control.connect().ask("start", { job: "a" });
    expect(rows(control, somebody)[0]?.why).toBe("started by hand (start)");
  });
});

describe("causes", () => {
  it("are kept over a re-exec, without command lines", async () => {
    const { restore, snapshot } = await import("../../../src/jobs/snapshot.ts");
    const control = new VirtualControl({ a: "exec sleep" });
    control.connect().ask("start", { job: "a" });
    const state = JSON.stringify(snapshot(control.world));
    expect(state).not.toContain("client 50");
    const world = restore(JSON.parse(state), control.machine.options);
    expect(world.findJob("a", "")?.startCause).toMatchObject({ type: "hand", uid: 0, pid: 50 });
  });

  it.each([
    ["respawn\nexec run", "by its respawn"],
    ["run timeout 5\nrespawn\nexec sleep", "by its respawn"],
  ])("of a respawn: %j", (text, why) => {
    const control = new VirtualControl({ a: text });
    control.connect().ask("start", { job: "a" });
    if (text.includes("timeout")) control.pass(5_000);
    else control.machine.end("a", "main", 1);
    const [row] = control.connect().result("overview") as OverviewJob[];
    expect(row?.why).toBe(`started ${why}`);
  });

  it("name the job that an event tells of", () => {
    const control = new VirtualControl({ db: "exec sleep", web: "start on started db\nexec sleep" });
    control.connect().ask("start", { job: "db" });
    const explained = control.connect().result("explain", { job: "web" }) as {
      instances: { started: string }[];
      startOn: { value: boolean };
    };
    expect(explained.instances[0]?.started).toBe("by event started of db");
    expect(explained.startOn.value).toBe(true);
  });
});

describe("wait-boot", () => {
  it("answers at once after the boot, else when it is over, or at its timeout", () => {
    const control = new VirtualControl();
    expect(control.connect().result("wait-boot")).toBeNull();
    control.state = "booting";
    const waiting = control.connect();
    expect(waiting.ask("wait-boot")).toBeUndefined();
    const late = control.connect();
    late.ask("wait-boot", { timeout: 5 });
    control.pass(5_000);
    expect(late.take()[0]?.error).toMatchObject({ data: { name: "Timeout" } });
    control.enter("running");
    expect(waiting.take()[0]?.result).toBeNull();
    expect(control.held).toBe(0);
  });
});

describe("hints below Upstart's line", () => {
  it("name the failed process, the file with an error, or the nearest name", () => {
    const control = new VirtualControl({ web: "exec exit 7", other: "start on go\ntask\nexec exit 2" });
    control.problems = [{ path: "/etc/init/new.conf", line: 3, message: "Unknown stanza" }];
    const client = control.connect();
    const hint = (method: string, params: unknown) => {
      const answer = client.ask(method, params) ?? client.take().at(-1);
      return answer?.error?.data["hint"];
    };
    expect(hint("stop", { job: "wbe" })).toBe("did you mean web?");
    expect(hint("start", { job: "new" })).toBe("/etc/init/new.conf:3 has an error: Unknown stanza");
    expect(hint("status", { job: "nothing-like-it" })).toBeUndefined();
    expect(hint("emit", { event: "go" })).toBe("other main process terminated with status 2");
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Upstart's syntax
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { answers } from "../../../src/control/answers.ts";
import { turn, VirtualControl } from "../../support/virtual-control.ts";

const stopped = (name: string) => ({ name, instance: "", goal: "stop", state: "waiting", processes: [] });

describe("status and list", () => {
  const control = new VirtualControl({
    b: "exec sleep",
    a: "instance $N\nexec sleep",
    c: "instance fixed\nexec sleep",
  });
  const client = control.connect();

  it("show a job without an instance as stopped", () => {
    expect(client.result("status", { job: "b" })).toEqual(stopped("b"));
    expect(client.result("list")).toEqual([stopped("a"), stopped("b"), stopped("c")]);
  });

  it("take variables for an instance that has to be there", () => {
    expect(client.ask("status", { job: "b", env: ["X=1"] })?.error?.message).toBe("Unknown instance: ");
    expect(client.ask("status", { job: "a" })?.error?.message).toBe("Unknown parameter: N");
    expect(client.ask("status", { job: "b", env: ["X"] })?.error?.message).toBe(
      "Env must be KEY=VALUE pairs",
    );
    expect(client.ask("status", { job: "b", instance: "" })?.error?.message).toBe("Unknown instance: ");
  });

  it("show each instance with its processes", () => {
    client.result("start", { job: "a", env: ["N=2"] });
    client.result("start", { job: "a", env: ["N=1"] });
    const pid = control.machine.pid("a (1)");
    const one = {
      name: "a",
      instance: "1",
      goal: "start",
      state: "running",
      processes: [{ process: "main", pid }],
    };
    expect(client.result("status", { job: "a", env: ["N=1"] })).toEqual(one);
    expect(client.result("status", { job: "a", instance: "1" })).toEqual(one);
    expect(client.result("list")).toHaveLength(4);
  });
});

describe("start, stop and restart", () => {
  it("answer with the status reached", async () => {
    const control = new VirtualControl({ a: "exec sleep", t: "task\nexec run" });
    const client = control.connect();
    expect(client.result("start", { job: "a" })).toMatchObject({ state: "running" });
    expect(client.ask("start", { job: "a" })?.error).toMatchObject({
      code: 3,
      message: "Job is already running: a",
    });
    expect(client.result("restart", { job: "a" })).toMatchObject({ state: "running" });
    expect(client.result("stop", { job: "a" })).toEqual(stopped("a"));
    expect(client.ask("stop", { job: "a" })?.error).toMatchObject({ code: 2, message: "Unknown instance: " });
    client.take();
    expect(client.ask("start", { job: "t" })).toBeUndefined();
    control.machine.end("t", "main");
    control.settle();
    await turn();
    expect(client.take()[0]?.result).toEqual(stopped("t"));
  });

  it("answer without the instance's name when that is gone", () => {
    const client = new VirtualControl({ a: "instance $N\nexec sleep" }).connect();
    client.result("start", { job: "a", env: ["N=1"] });
    expect(client.result("stop", { job: "a", env: ["N=1"] })).toEqual(stopped("a"));
  });

  it("answer at once when asked not to wait", () => {
    const client = new VirtualControl({ a: "pre-start exec run\nexec sleep" }).connect();
    expect(client.result("start", { job: "a", wait: false })).toMatchObject({
      goal: "start",
      state: "pre-start",
    });
  });

  it("answer with the failure", async () => {
    const control = new VirtualControl({ a: "pre-start exec exit 1\nexec sleep" });
    const client = control.connect();
    expect(client.ask("start", { job: "a" })?.error).toMatchObject({
      code: 6,
      message: "Job failed to start",
    });
  });

  it("inside a job never wait", () => {
    const control = new VirtualControl({ a: "pre-start exec run\nexec sleep" });
    const client = control.connect();
    client.result("start", { job: "a", wait: false });
    expect(client.result("stop", { job: "a", instance: "" })).toMatchObject({
      goal: "stop",
      state: "pre-start",
    });
    expect(client.ask("stop", { job: "a", instance: "7" })?.error?.message).toBe("Unknown instance: 7");
  });

  it("tell the usage of the job when an argument is wrong", () => {
    const client = new VirtualControl({ a: 'usage "N=number"\ninstance $N\nexec sleep' }).connect();
    expect(client.ask("start", { job: "a" })?.error?.data).toEqual({
      name: "InvalidArgs",
      usage: "N=number",
    });
  });

  it("start nothing while init is stopping", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    control.state = "stopping";
    expect(control.connect().ask("start", { job: "a" })?.error?.message).toBe(
      "Unable to start a job: init is stopping",
    );
    expect(control.machine.ran).toEqual([]);
  });
});

describe("emit", () => {
  it("waits for what the event starts", async () => {
    const control = new VirtualControl({ a: "start on go\ntask\nexec run" });
    const client = control.connect();
    expect(client.ask("emit", { event: "go", env: ["A=1"] })).toBeUndefined();
    control.machine.end("a", "main", 1);
    control.settle();
    await turn();
    expect(client.take()[0]?.error).toMatchObject({ code: 7, message: "Event failed" });
    expect(client.result("emit", { event: "go", wait: false })).toBeNull();
  });

  it.each([
    [{ event: "" }, "Name may not be empty string"],
    [{ event: "go", env: ["X"] }, "Env must be KEY=VALUE pairs"],
  ])("refuses %j", (params, message) => {
    expect(new VirtualControl().connect().ask("emit", params)?.error?.message).toBe(message);
  });

  it("only tells what it would do", () => {
    const control = new VirtualControl({
      a: "start on go\nexec sleep",
      b: "start on go and more\nexec sleep",
    });
    const answer = control.connect().result("preview", { event: "go" });
    expect(answer).toEqual({
      event: "go",
      steps: [{ job: "a", instance: "", action: "start" }],
      partly: ["b"],
      refused: [],
    });
    expect(control.machine.ran).toEqual([]);
  });
});

describe("wait", () => {
  it("returns when the state is reached", async () => {
    const control = new VirtualControl({ a: "pre-start exec run\nexec sleep" });
    const client = control.connect();
    client.ask("wait", { job: "a" });
    control.connect().ask("start", { job: "a" });
    expect(client.received).toEqual([]);
    control.machine.end("a", "pre-start");
    control.settle();
    expect(client.received[0]?.result).toMatchObject({ state: "running" });
    expect(control.connect().result("wait", { job: "a" })).toMatchObject({ state: "running" });
  });

  it("waits for any state, and for the end", () => {
    const control = new VirtualControl({ a: "pre-start exec run\nexec sleep" });
    const [early, late] = [control.connect(), control.connect()];
    early.ask("wait", { job: "a", for: "pre-start" });
    expect(late.result("wait", { job: "a", for: "stopped" })).toEqual(stopped("a"));
    control.connect().ask("start", { job: "a" });
    expect(early.received).toHaveLength(1);
    late.ask("wait", { job: "a", for: "stopped" });
    control.connect().ask("stop", { job: "a" });
    control.machine.end("a", "pre-start");
    control.settle();
    expect(late.received.at(-1)?.result).toEqual(stopped("a"));
  });

  it("gives up after its time", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    const client = control.connect();
    client.ask("wait", { job: "a", timeout: 5 });
    control.pass(4_999);
    expect(client.received).toEqual([]);
    control.pass(1);
    expect(client.received[0]?.error).toMatchObject({
      code: 10,
      message: "Timed out waiting for a to be running",
      data: { name: "Timeout", status: stopped("a") },
    });
    expect(control.held).toBe(0);
  });
});

describe("environment", () => {
  it("of PID 1 is read and not changed", () => {
    const client = new VirtualControl({ a: "env X=conf\nexec sleep" }).connect();
    expect(client.result("get-env", { variable: "TERM" })).toEqual({ value: "linux" });
    expect(client.result("list-env")).toEqual(["PATH=/bin", "TERM=linux"]);
    expect(client.ask("get-env", { variable: "NOPE" })?.error).toMatchObject({
      code: 9,
      message: "No such variable: NOPE",
    });
    for (const [method, params] of [
      ["set-env", { entries: ["A=1"] }],
      ["unset-env", { variables: ["TERM"] }],
      ["reset-env", {}],
    ] as const) {
      expect(client.ask(method, params)?.error?.message).toBe(
        "Not permissible to modify PID 1 job environment",
      );
    }
  });

  it("of an instance is asked for inside the job", () => {
    const client = new VirtualControl({ a: "env X=conf\nexec sleep" }).connect();
    client.result("start", { job: "a" });
    const own = { job: "a", instance: "" };
    expect(client.result("get-env", { ...own, variable: "X" })).toEqual({ value: "conf" });
    expect(client.ask("get-env", { job: "a", instance: "1", variable: "X" })?.error?.message).toBe(
      "Unknown instance: 1 of job a",
    );
  });

  it("of a session can be changed", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    control.userMode = true;
    const client = control.connect();
    client.result("set-env", { entries: ["A=1", "B"] });
    client.result("set-env", { entries: ["A=2"], retain: true });
    expect(client.result("list-env")).toEqual(["A=1", "B=", "PATH=/bin", "TERM=linux"]);
    client.result("unset-env", { variables: ["A"] });
    expect(client.ask("set-env", { entries: ["=x"] })?.error?.message).toBe(
      "Variable may not be empty string",
    );
    client.result("reset-env");
    expect(client.result("list-env")).toEqual(["PATH=/bin", "TERM=linux"]);
  });
});

describe("run levels and the stop", () => {
  it("emit the event with the level before", () => {
    const control = new VirtualControl();
    const client = control.connect();
    expect(client.result("runlevel")).toEqual({ previous: "N", current: null });
    client.result("change-runlevel", { level: "2" });
    client.result("change-runlevel", { level: "3", env: ["A=b"] });
    expect(client.result("runlevel")).toEqual({ previous: "2", current: "3" });
    expect(control.machine.events).toEqual([
      "runlevel RUNLEVEL=2 PREVLEVEL=N",
      "runlevel RUNLEVEL=3 PREVLEVEL=2 A=b",
    ]);
  });

  it.each([
    ["change-runlevel", { level: "0" }, "0"],
    ["change-runlevel", { level: "6" }, "6"],
    ["shutdown", {}, "0"],
    ["shutdown", { reboot: true }, "6"],
  ])("stop the container by %s %j", (method, params, runlevel) => {
    const control = new VirtualControl();
    expect(control.connect().result(method, params)).toBeNull();
    expect(control.stops).toMatchObject([{ runlevel }]);
  });
});

describe("health", () => {
  const jobs = { a: "exec sleep", bad: "exec exit 1" };
  const health = (control: VirtualControl, require?: string[]) =>
    control.connect().result("health", { require });

  it("is good when nothing has failed", () => {
    const control = new VirtualControl(jobs);
    expect(health(control)).toMatchObject({ healthy: true, reason: "0 jobs running" });
    control.connect().result("start", { job: "a" });
    expect(health(control)).toMatchObject({ healthy: true, reason: "1 job running" });
    expect(health(control, ["a"])).toMatchObject({ healthy: true, reason: "a running" });
  });

  it("is bad when something required doesn't run, or something has failed", () => {
    const control = new VirtualControl(jobs);
    expect(health(control, ["a"])).toMatchObject({ healthy: false, reason: "a is stop/waiting" });
    expect(health(control, ["x"])).toMatchObject({ healthy: false, reason: "Unknown job: x" });
    control.connect().ask("start", { job: "bad" });
    expect(health(control)).toMatchObject({
      healthy: false,
      reason: "bad failed: main process: status 1",
    });
    control.waitsFor = "bad";
    control.state = "stopping";
    expect(health(control)).toMatchObject({ healthy: false, reason: "init is stopping" });
  });

  it("is bad while the main command is held back", () => {
    const control = new VirtualControl();
    control.waitsFor = "migrate";
    expect(health(control)).toMatchObject({ healthy: false, reason: "the main command waits for migrate" });
  });
});

describe("what is answered", () => {
  const control = new VirtualControl({
    a: "start on go and (more or never)\nstop on halt\nrespawn\ndescription hello\nexec sleep",
    b: "start on starting a\npre-start exec run\nexec sleep",
    c: "pre-start exec exit 2\nexec sleep",
  });
  const client = control.connect();
  control.output.set("c", ["one", "two"]);
  client.result("emit", { event: "go", wait: false });
  client.result("start", { job: "a", wait: false });
  client.ask("start", { job: "c" });

  it.each([
    ["version", {}],
    ["list", {}],
    ["status", { job: "a" }],
    ["usage", { job: "a" }],
    ["show-config", {}],
    ["health", {}],
    ["wait", { job: "c", for: "stopped" }],
    ["log-priority", {}],
    ["preview", { event: "go" }],
    ["get-env", { variable: "PATH" }],
    ["list-env", {}],
    ["explain", { job: "a" }],
    ["explain", { job: "b" }],
    ["explain", { job: "c" }],
    ["log", { job: "c" }],
    ["boot", {}],
    ["top", {}],
    ["runlevel", {}],
  ] as const)("to %s %j is what its schema says, and no more", (method, params) => {
    const result = client.result(method, params);
    const parsed = z.safeParse(answers[method] as z.ZodMiniType, result);
    expect(parsed.error?.issues).toBeUndefined();
    expect(parsed.data).toEqual(result);
  });

  it("explains what a job waits for, what holds it, and why it failed", () => {
    expect(client.result("explain", { job: "a" })).toMatchObject({
      description: "hello",
      startOn: {
        type: "and",
        value: false,
        left: { type: "match", event: "go", value: true },
        right: { type: "or", value: false, left: { event: "more", emitters: [] } },
      },
      instances: [
        { state: "starting", blockedBy: { event: "starting", jobs: ["b"] }, stopOn: { event: "halt" } },
      ],
    });
    expect(client.result("explain", { job: "c" })).toMatchObject({
      instances: [],
      lastFailure: { process: "pre-start", reason: "terminated with status 2", respawnLimit: false },
      exits: [{ process: "pre-start", type: "exited", status: 2 }],
      output: ["one", "two"],
    });
  });
});

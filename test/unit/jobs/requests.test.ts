// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const ok = { ok: true };

describe("requests", () => {
  it("need a job that is loaded", () => {
    const machine = new VirtualMachine();
    const unknown = { ok: false, error: "UnknownJob", message: "Unknown job: nope" };
    for (const what of ["start", "stop", "restart"] as const)
      expect(machine[what]("nope").outcome).toEqual(unknown);
    expect(machine.world.requests.lookup("nope", [])).toEqual(unknown);
    expect(machine.world.requests.reload("nope", [])).toEqual(unknown);
    expect(machine.inside("start", "nope")).toEqual(unknown);
  });

  it("need variables that are KEY=VALUE", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    const wrong = { ok: false, error: "InvalidArgs", message: "Env must be KEY=VALUE pairs" };
    expect(machine.start("a", "A=1", "FOO").outcome).toEqual(wrong);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.start("a", "=x").outcome).toEqual(ok);
  });

  it("need the variables that name the instance", () => {
    const machine = new VirtualMachine({ a: "instance $N\nusage N=1\nexec sleep" });
    const unknown = { ok: false, error: "InvalidArgs", message: "Unknown parameter: N" };
    for (const what of ["start", "stop", "restart"] as const)
      expect(machine[what]("a").outcome).toEqual(unknown);
    expect(machine.world.requests.lookup("a", ["M=1"])).toEqual(unknown);
  });

  it("name an instance that is there", () => {
    const machine = new VirtualMachine({ a: "instance $N\nexec sleep", b: "exec sleep" });
    machine.start("a", "N=1");
    const unknown = { ok: false, error: "UnknownInstance", message: "Unknown instance: 2" };
    expect(machine.stop("a", "N=2").outcome).toEqual(unknown);
    expect(machine.restart("a", "N=2").outcome).toEqual(unknown);
    expect(machine.world.requests.reload("a", ["N=2"])).toEqual(unknown);
    expect(machine.stop("b").outcome).toEqual({
      ok: false,
      error: "UnknownInstance",
      message: "Unknown instance: ",
    });
    expect(machine.inside("stop", "a", "7")).toEqual({
      ok: false,
      error: "UnknownInstance",
      message: "Unknown instance: 7",
    });
  });

  it("don't start twice what has goal start", () => {
    const machine = new VirtualMachine({
      a: "instance ${N:-none}\nexec sleep",
      b: "exec sleep\npre-start exec run",
    });
    machine.start("a");
    expect(machine.start("a", "N=").outcome).toEqual({
      ok: false,
      error: "AlreadyStarted",
      message: "Job is already running: a (none)",
    });
    machine.start("b");
    expect(machine.start("b").outcome).toEqual({
      ok: false,
      error: "AlreadyStarted",
      message: "Job is already running: b",
    });
    expect(machine.inside("start", "b").ok).toBe(false);
  });

  it("take the last of two variables of one name", () => {
    const machine = new VirtualMachine({ a: "instance $N\nexec sleep" });
    machine.start("a", "N=b", "N=z");
    expect(machine.list()).toEqual(["a (z) start/running, process PID"]);
  });

  it("reload main alone, in whatever state, when there is one", () => {
    const machine = new VirtualMachine({ a: "reload signal USR1\npre-start exec run\nexec ignore" });
    machine.start("a");
    expect(machine.world.requests.reload("a", [])).toEqual({
      ok: false,
      error: "NotRunning",
      message: "Job is not running: a",
    });
    machine.end("a", "pre-start");
    machine.stop("a");
    expect(machine.world.requests.reload("a", []).ok).toBe(true);
    machine.settle();
    expect(machine.effects.at(-1)).toMatchObject({ type: "kill", signal: 10, group: false });
  });

  it("release who waits for the contrary", () => {
    const machine = new VirtualMachine({ a: "pre-start exec run\nexec ignore" });
    const start = machine.start("a");
    const stop = machine.stop("a");
    expect([start.outcome, stop.outcome]).toEqual([ok, null]);
    const again = machine.start("a");
    expect([stop.outcome, again.outcome]).toEqual([ok, null]);
    machine.end("a", "pre-start");
    expect(again.outcome).toEqual(ok);
  });

  it("know names that mean something to JavaScript", () => {
    const machine = new VirtualMachine({
      ["__proto__"]: "exec sleep",
      constructor: "instance $N\nexec sleep",
    });
    expect(machine.start("constructor", "N=__proto__").outcome).toEqual(ok);
    expect(machine.status("constructor", "__proto__")).toBe(
      "constructor (__proto__) start/running, process PID",
    );
    expect(machine.start("toString").outcome).toMatchObject({ error: "UnknownJob" });
  });
});

describe("a fault of upinit itself", () => {
  it("costs the job that it concerns, and nobody else", () => {
    const machine = new VirtualMachine({ a: "exec run", b: "start on started a\nexec sleep" });
    machine.start("a");
    const broken = machine.job("a");
    Object.defineProperty(broken, "killReason", {
      get: () => {
        throw new Error("no such luck");
      },
    });
    machine.end("a", "main", 1);
    expect(
      machine.log.some((line) => line.startsWith("error: Internal error at message process: no such")),
    ).toBe(true);
    expect(machine.stop("b").outcome).toEqual(ok);
    expect(machine.emit("anything").outcome).toEqual(ok);
  });
});

describe("a definition that changes", () => {
  it("is taken at once without instances", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    machine.load("a", "pre-start exec true\nexec sleep");
    machine.start("a");
    expect(machine.ran).toEqual(["a pre-start", "a main"]);
  });

  it("waits for the last instance, restarts included", () => {
    const machine = new VirtualMachine({ a: "instance $N\nexec sleep" });
    machine.start("a", "N=1");
    machine.load("a", "pre-start exec true\nexec sleep");
    machine.restart("a", "N=1");
    machine.start("a", "N=2");
    expect(machine.ran).toEqual(["a (1) main", "a (1) main", "a (2) main"]);
    machine.stop("a", "N=1");
    machine.stop("a", "N=2");
    machine.start("a");
    expect(machine.ran.slice(3)).toEqual(["a pre-start", "a main"]);
  });

  it("keeps a class that was deleted until its last instance is gone", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    machine.start("a");
    machine.unload("a");
    expect(machine.list()).toEqual(["a start/running, process PID"]);
    machine.stop("a");
    expect(machine.list()).toEqual([]);
    expect(machine.start("a").outcome).toMatchObject({ error: "UnknownJob" });
  });

  it("lets an event that ends the last instance of a deleted class start no other", () => {
    const machine = new VirtualMachine({
      a: "start on go\nstop on go\nrespawn\nrespawn backoff 1 4\nexec run",
    });
    machine.emit("go");
    machine.end("a", "main", 1);
    machine.unload("a");
    machine.emit("go");
    expect(machine.list()).toEqual([]);
    expect(machine.processes.size).toBe(0);
  });

  it("revives a class that was deleted and comes back", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    machine.start("a");
    machine.unload("a");
    machine.load("a", "exec run");
    machine.stop("a");
    expect(machine.list()).toEqual(["a stop/waiting"]);
  });

  it("carries held events over to the new condition", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one", ["K=1"]);
    machine.load("a", "start on one and three\nexec sleep");
    expect(one.outcome).toBeNull();
    machine.emit("three");
    expect(one.outcome).toEqual(ok);
    expect(machine.env("a")).toEqual(["K=1", "UPSTART_EVENTS=one three"]);
  });

  it("lets go of held events that the new condition does not want", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one");
    machine.load("a", "start on three\nexec sleep");
    expect(one.outcome).toEqual(ok);
  });

  it("starts the job if the held events are all that the new condition wants", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one");
    machine.load("a", "start on one\nexec sleep");
    expect(one.outcome).toEqual(ok);
    expect(machine.env("a")).toEqual(["UPSTART_EVENTS=one"]);
  });

  it("lets go of held events with the class", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one");
    machine.unload("a");
    expect(one.outcome).toEqual(ok);
  });

  it("listens to the new events and no more to the old ones", () => {
    const machine = new VirtualMachine({ a: "start on old" });
    machine.load("a", "start on new");
    machine.emit("old");
    expect(machine.status("a")).toBe("a stop/waiting");
    machine.emit("new");
    expect(machine.status("a")).toBe("a start/running");
  });
});

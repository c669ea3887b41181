import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const ok = { ok: true };

function die(machine: VirtualMachine, times: number, apart = 0): void {
  for (let count = 0; count < times; count++) {
    machine.pass(apart);
    machine.end("a", "main", 1);
  }
}

// The rules of docs/upstart.md#48-respawn.
describe("respawn", () => {
  it.each<[string, number | { signal: number }, string]>([
    ["", 0, "a stop/waiting"],
    ["", 1, "a stop/waiting"],
    ["respawn", 0, "a start/running, process PID"],
    ["respawn", 1, "a start/running, process PID"],
    ["respawn", { signal: 15 }, "a start/running, process PID"],
    ["respawn\nnormal exit 0 3 TERM", 0, "a stop/waiting"],
    ["respawn\nnormal exit 0 3 TERM", 3, "a stop/waiting"],
    ["respawn\nnormal exit 0 3 TERM", { signal: 15 }, "a stop/waiting"],
    ["respawn\nnormal exit 0 3 TERM", 4, "a start/running, process PID"],
    ["task\nrespawn", 0, "a stop/waiting"],
    ["task\nrespawn", 1, "a start/running, process PID"],
    ["task\nrespawn", { signal: 9 }, "a start/running, process PID"],
    ["respawn limit 3 60", 1, "a stop/waiting"],
  ])("with %j after an end by %j: %s (90, 6.5)", (stanzas, status, expected) => {
    const machine = new VirtualMachine({ a: `${stanzas}\nexec run` });
    machine.start("a");
    machine.end("a", "main", status);
    expect(machine.status("a")).toBe(expected);
  });

  it("V3: gives up after ten in five seconds, if not told otherwise", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec exit 1" });
    machine.start("a");
    expect(machine.ran).toHaveLength(11);
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=respawn LAST_EXIT_STATUS=1",
    ]);
    const warnings = machine.log.filter((line) => !line.startsWith("info"));
    expect(warnings.slice(-3)).toEqual([
      "a main process ended, respawning",
      "a main process (111) terminated with status 1",
      "a respawning too fast, stopped",
    ]);
  });

  it("counts in a window that the first respawn opens", () => {
    const machine = new VirtualMachine({ a: "respawn\nrespawn limit 5 10\nexec run" });
    machine.start("a");
    die(machine, 5, 1_000);
    expect(machine.status("a")).toBe("a start/running, process PID");
    die(machine, 1, 1_000);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("opens another window when one is over", () => {
    const machine = new VirtualMachine({ a: "respawn\nrespawn limit 2 10\nexec run" });
    machine.start("a");
    for (let round = 0; round < 5; round++) {
      die(machine, 2, 100);
      machine.pass(10_000);
    }
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it.each(["0 0", "0 5", "3 0", "unlimited"])("knows no limit with %j", (limit) => {
    const machine = new VirtualMachine({ a: `respawn\nrespawn limit ${limit}\nexec run` });
    machine.start("a");
    die(machine, 50);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("counts anew after a stop, but not after a restart", () => {
    const machine = new VirtualMachine({ a: "respawn\nrespawn limit 2 60\nexec run" });
    machine.start("a");
    die(machine, 2);
    machine.restart("a");
    machine.end("a", "main", { signal: 15 });
    expect(machine.status("a")).toBe("a start/running, process PID");
    die(machine, 1);
    expect(machine.status("a")).toBe("a stop/waiting");
    machine.start("a");
    die(machine, 2);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("runs all but pre-stop again, and emits all but `stopped`", () => {
    const machine = new VirtualMachine({
      a: "respawn\npre-start exec true\nexec run\npost-start exec true\npre-stop exec true\npost-stop exec true",
    });
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.ran).toEqual([
      "a pre-start",
      "a main",
      "a post-start",
      "a post-stop",
      "a pre-start",
      "a main",
      "a post-start",
    ]);
    expect(machine.takeEvents()).toEqual([
      "starting JOB=a INSTANCE=",
      "started JOB=a INSTANCE=",
      "stopping JOB=a INSTANCE= RESULT=ok",
      "starting JOB=a INSTANCE=",
      "started JOB=a INSTANCE=",
    ]);
  });

  it("keeps the environment", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run" });
    machine.start("a", "X=1");
    machine.end("a", "main", 1);
    expect(machine.env("a")).toEqual(["X=1"]);
  });

  it("ends with a stop while it comes up", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run\npost-stop exec run" });
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.status("a")).toBe("a start/post-stop, process PID");
    const stop = machine.stop("a");
    machine.end("a", "post-stop");
    expect(stop.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });
});

describe("respawn backoff", () => {
  const backoff = { a: "respawn\nrespawn limit unlimited\nrespawn backoff 1 8\nexec run" };

  it("waits longer each time, up to the limit, in post-stop", () => {
    const machine = new VirtualMachine(backoff, { random: () => 1 - 2 ** -53 });
    machine.start("a");
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      machine.end("a", "main", 1);
      expect(machine.status("a")).toBe("a start/post-stop");
      const before = machine.time;
      while (machine.status("a") === "a start/post-stop") machine.pass(500);
      waits.push(machine.time - before);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it("spreads by up to the half", () => {
    const machine = new VirtualMachine(backoff, { random: () => 0 });
    machine.start("a");
    machine.end("a", "main", 1);
    machine.pass(499);
    expect(machine.status("a")).toBe("a start/post-stop");
    machine.pass(1);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("begins anew after a run that lasted", () => {
    const machine = new VirtualMachine(backoff);
    machine.start("a");
    for (let round = 0; round < 4; round++) {
      machine.end("a", "main", 1);
      machine.pass(8_000);
    }
    machine.pass(8_000);
    machine.end("a", "main", 1);
    machine.pass(1_000);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("can be stopped while it waits", () => {
    const machine = new VirtualMachine(backoff);
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.stop("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.timers).toBe(0);
  });

  it("is cut short by a restart", () => {
    const machine = new VirtualMachine(backoff);
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.restart("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(machine.timers).toBe(0);
  });

  it("counts for the limit, too", () => {
    const machine = new VirtualMachine({
      a: "respawn\nrespawn limit 3 600\nrespawn backoff 1 8\nexec exit 1",
    });
    machine.start("a");
    machine.pass(600_000);
    expect(machine.ran).toHaveLength(4);
    expect(machine.finished).toEqual([{ job: "a", failed: true, exitStatus: 1 }]);
  });
});

describe("watchdog", () => {
  const notify = { a: "expect notify\nwatchdog 10\nkill timeout 3\nexec ignore" };

  it("aborts and then kills a process that gives no sign of life", () => {
    const machine = new VirtualMachine(notify);
    machine.start("a");
    machine.ready("a");
    for (let round = 0; round < 5; round++) {
      machine.pass(9_000);
      machine.world.tell({ type: "alive", job: machine.job("a") });
      machine.settle();
    }
    machine.pass(9_999);
    expect(machine.effects.filter(({ type }) => type === "kill")).toEqual([]);
    machine.pass(1);
    machine.pass(3_000);
    const signals = machine.effects.flatMap((effect) => (effect.type === "kill" ? [effect.signal] : []));
    expect(signals).toEqual([6, 9]);
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=main EXIT_SIGNAL=KILL",
    ]);
    expect(machine.timers).toBe(0);
  });

  it("takes even a good end after that for a bad one", () => {
    const machine = new VirtualMachine({ a: "expect notify\nwatchdog 10\nnormal exit 0\nexec trap 0" });
    machine.start("a");
    machine.ready("a");
    machine.pass(10_000);
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=main EXIT_STATUS=0",
    ]);
  });

  it("respawns", () => {
    const machine = new VirtualMachine({ a: "respawn\nexpect notify\nwatchdog 10\nexec sleep" });
    machine.start("a");
    machine.ready("a");
    machine.pass(10_000);
    expect(machine.status("a")).toBe("a start/spawned, process PID");
    machine.pass(100_000);
    expect(machine.ran).toHaveLength(2);
  });

  it("does not bark at a job that is being stopped", () => {
    const machine = new VirtualMachine({ ...notify, b: "start on stopping a\ntask\nexec run" });
    machine.start("a");
    machine.ready("a");
    machine.stop("a");
    machine.pass(60_000);
    expect(machine.effects.filter(({ type }) => type === "kill")).toEqual([]);
  });
});

describe("how a job ended", () => {
  it.each<[string, string, number | { signal: number }, { failed: boolean; exitStatus: number }]>([
    ["a service that ends well", "exec run", 0, { failed: false, exitStatus: 0 }],
    ["a service that fails", "exec run", 7, { failed: true, exitStatus: 7 }],
    ["one that is killed", "exec run", { signal: 9 }, { failed: true, exitStatus: 137 }],
    ["an end that is listed as normal", "normal exit 7\nexec run", 7, { failed: false, exitStatus: 7 }],
    ["a task", "task\nexec run", 0, { failed: false, exitStatus: 0 }],
  ])("is told of %s", (_, text, status, expected) => {
    const machine = new VirtualMachine({ a: text });
    machine.start("a");
    machine.end("a", "main", status);
    expect(machine.finished).toEqual([{ job: "a", ...expected }]);
  });

  it.each([
    ["exec missing", 127],
    ["pre-start exec exit 3\nexec sleep", 3],
    ["pre-start exec missing\nexec sleep", 127],
    ["respawn\nexec exit 9", 9],
    ["task\nrespawn\nexec die 6", 134],
  ])("is told of %j once it gave up, with status %i", (text, exitStatus) => {
    const machine = new VirtualMachine({ a: text });
    machine.start("a");
    expect(machine.finished).toEqual([{ job: "a", failed: true, exitStatus }]);
  });

  it("is told before those who wait for the job", () => {
    const machine = new VirtualMachine({ a: "start on go\ntask\nexec run" });
    machine.emit("go");
    machine.end("a", "main", 1);
    const kinds = machine.effects.map(({ type }) => type);
    expect(kinds.indexOf("finished")).toBeGreaterThan(0);
    expect(kinds.indexOf("finished")).toBeLessThan(kinds.indexOf("answer"));
  });

  it("is not told of a stop that somebody asked for, or of a restart", () => {
    const machine = new VirtualMachine({
      a: "stop on halt\nexec sleep",
      b: "pre-start exec run\nexec sleep",
    });
    machine.start("a");
    machine.restart("a");
    machine.stop("a");
    machine.start("a");
    machine.emit("halt");
    machine.start("b");
    machine.stop("b");
    machine.end("b", "pre-start", 1);
    expect(machine.finished).toEqual([]);
  });

  it("is not told of one that somebody started again before it was down", () => {
    const machine = new VirtualMachine({ a: "exec run\npost-stop exec run" });
    machine.start("a");
    machine.end("a", "main", 1);
    machine.start("a");
    machine.end("a", "post-stop");
    expect(machine.finished).toEqual([]);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });
});

describe("the stop of everything", () => {
  it("respawns nothing, and brings down what was about to come up again", () => {
    const machine = new VirtualMachine({
      a: "respawn\nexec run",
      b: "respawn\nrespawn backoff 5 60\nexec run",
      c: "exec run\npost-stop exec run",
    });
    for (const name of ["a", "b", "c"]) machine.start(name);
    machine.end("b", "main", 1);
    const restart = machine.restart("c");
    machine.end("c", "main");
    machine.world.quiesce();
    machine.settle();
    expect(restart.outcome).toEqual(ok);
    machine.end("c", "post-stop");
    machine.end("a", "main", 0);
    expect(machine.list()).toEqual(["a stop/waiting", "b stop/waiting", "c stop/waiting"]);
  });

  it("starts nothing new, but what its own events start, and what follows from that", () => {
    const machine = new VirtualMachine({
      save: "start on shutdown\ntask\nexec true",
      after: "start on stopped save\nexec sleep",
      other: "start on runlevel or deploy\nexec sleep",
      loop: "start on stopped loop or deploy\ntask\nexec true",
      hook: "start on stopping web\ntask\nexec true",
      web: "exec sleep",
    });
    machine.start("web");
    machine.world.quiesce();
    machine.emit("deploy");
    machine.emit("shutdown", [], { ofShutdown: true });
    machine.stop("web");
    expect(machine.ran).toEqual(["web main", "loop main", "save main", "after main", "hook main"]);
    expect(machine.status("after")).toBe("after start/running, process PID");
  });
});

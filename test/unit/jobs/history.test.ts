import { describe, expect, it } from "vitest";
import { stopOrder } from "../../../src/jobs/stop-order.ts";
import { displayName } from "../../../src/jobs/world.ts";
import { VirtualMachine } from "../../support/virtual-machine.ts";

describe("the history of a class", () => {
  it("holds the last ends of processes, and the last failure", () => {
    const machine = new VirtualMachine({ a: "respawn\nrespawn limit 6 60\nexec exit 3", b: "exec missing" });
    machine.start("a");
    const entry = machine.world.findClass("a");
    expect(entry?.exits.map(({ pid }) => pid)).toEqual([103, 104, 105, 106, 107]);
    expect(entry?.lastFailure).toMatchObject({
      process: "respawn",
      status: { type: "exited", status: 3 },
      reason: null,
    });
    machine.start("b");
    expect(machine.world.findClass("b")?.lastFailure).toMatchObject({
      process: "main",
      reason: "unable to execute: No such file or directory",
    });
  });
});

describe("preview", () => {
  it("says what an event would start and stop, and changes nothing", () => {
    const machine = new VirtualMachine({
      a: "start on go\nexec sleep",
      b: "stop on go\nexec sleep",
      c: "start on go and more",
      d: "start on go\nstop on go\ninstance $N\nexec sleep",
      e: "start on go\ninstance $NOPE",
      f: "start on first and go\ninstance $K",
      g: "start on go\nexec sleep",
    });
    machine.emit("first", ["K=k"]);
    for (const name of ["b", "g"]) machine.start(name);
    machine.start("d", "N=1");
    const before = machine.list();
    expect(machine.world.preview("go", ["N=1"])).toEqual({
      event: "go",
      steps: [
        { job: "a", instance: "", action: "start" },
        { job: "b", instance: "", action: "stop" },
        { job: "d", instance: "1", action: "stop" },
        { job: "d", instance: "1", action: "start" },
        { job: "f", instance: "k", action: "start" },
      ],
      partly: ["c"],
      refused: [{ job: "e", reason: "Unknown parameter: NOPE" }],
    });
    machine.settle();
    expect(machine.list()).toEqual(before);
    expect(machine.status("c")).toBe("c stop/waiting");
    machine.emit("go", ["N=1"]);
    expect(machine.list()).toEqual([
      "a start/running, process PID",
      "b stop/waiting",
      "c stop/waiting",
      "d (1) start/running, process PID",
      "e stop/waiting",
      "f (k) start/running",
      "g start/running, process PID",
    ]);
  });
});

describe("stopOrder", () => {
  function order(jobs: Record<string, string>): string[][] {
    const machine = new VirtualMachine(jobs);
    for (const name of Object.keys(jobs)) if (machine.status(name).includes("stop")) machine.start(name);
    return stopOrder(machine.world.jobs()).map((wave) => wave.map(displayName));
  }

  it("stops at the same time what does not depend on each other", () => {
    expect(order({ a: "exec sleep", b: "exec sleep" })).toEqual([["a", "b"]]);
  });

  it("stops first what was started after another", () => {
    const jobs = {
      database: "exec sleep",
      web: "start on started database\nexec sleep",
      proxy: "start on (started web and started cache) or starting JOB=web\nexec sleep",
      cache: "exec sleep",
    };
    expect(order(jobs)).toEqual([["proxy"], ["cache", "web"], ["database"]]);
  });

  it("knows patterns, and takes all instances", () => {
    const machine = new VirtualMachine({
      w: "instance $N\nexec sleep",
      last: "start on started w*\nexec sleep",
    });
    machine.start("w", "N=1");
    machine.start("w", "N=2");
    const waves = stopOrder(machine.world.jobs()).map((wave) => wave.map(displayName));
    expect(waves).toEqual([["last"], ["w (1)", "w (2)"]]);
  });

  it("stops a circle together, last", () => {
    const jobs = {
      a: "start on started b\nexec sleep",
      b: "start on started a\nexec sleep",
      c: "start on started a\nexec sleep",
      d: "start on started $X and started d\nexec sleep",
    };
    expect(order(jobs)).toEqual([
      ["c", "d"],
      ["a", "b"],
    ]);
  });
});

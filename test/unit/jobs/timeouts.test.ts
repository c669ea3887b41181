import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const ok = { ok: true };
const failed = { ok: false, error: "JobFailed" };
const signalsOf = (machine: VirtualMachine): [number, boolean][] =>
  machine.effects.flatMap((effect): [number, boolean][] =>
    effect.type === "kill" ? [[effect.signal, effect.group]] : [],
  );

describe("a hook that outlives its reason", () => {
  it.each(["pre-start", "post-start"] as const)(
    "%s: has kill timeout to end, then TERM, then SIGKILL",
    (hook) => {
      const machine = new VirtualMachine({ a: `${hook} exec run\nexec sleep\nkill timeout 3` });
      machine.start("a");
      const stop = machine.stop("a");
      machine.pass(2_999);
      expect(signalsOf(machine)).toEqual([]);
      machine.pass(1);
      expect(signalsOf(machine)).toEqual([[15, true]]);
      expect(stop.outcome).toBeNull();
      machine.pass(3_000);
      expect(stop.outcome).toEqual(ok);
      expect(machine.status("a")).toBe("a stop/waiting");
      expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
    },
  );

  it("gets TERM at once while the container stops", () => {
    const machine = new VirtualMachine({ a: "post-start exec sleep\nexec sleep" });
    machine.start("a");
    machine.stop("a");
    machine.world.quiesce();
    machine.settle();
    machine.pass(0);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("does not hold up a respawn", () => {
    const machine = new VirtualMachine({ a: "respawn\npost-start exec sleep\nexec run" });
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.status("a")).toMatch(/^a respawn\/post-start/);
    machine.pass(5_000);
    expect(machine.ran).toEqual(["a main", "a post-start", "a main", "a post-start"]);
  });

  it("does not hold up `shutdown on failure`", () => {
    const machine = new VirtualMachine({ a: "shutdown on failure\npost-start exec ignore\nexec run" });
    machine.start("a");
    machine.end("a", "main", 7);
    machine.pass(10_000);
    expect(machine.finished).toEqual([{ job: "a", failed: true, exitStatus: 7 }]);
  });

  it("is left alone while the job is on its way up", () => {
    const machine = new VirtualMachine({ a: "post-start exec run\nexec sleep" });
    const start = machine.start("a");
    machine.pass(1_000_000);
    expect(signalsOf(machine)).toEqual([]);
    machine.end("a", "post-start");
    expect(start.outcome).toEqual(ok);
  });
});

describe("start timeout", () => {
  it.each([
    ["expect stop\nexec sleep", "spawned"],
    ["post-start exec run\nexec sleep", "post-start"],
    ["pre-start exec run\nexec sleep", "pre-start"],
  ])("fails a job that is not running in time: %j", (text, state) => {
    const machine = new VirtualMachine({ a: `start timeout 10\n${text}` });
    const start = machine.start("a");
    machine.pass(9_999);
    expect(machine.status("a")).toContain(`a start/${state}`);
    machine.pass(1);
    machine.pass(10_000);
    expect(start.outcome).toMatchObject(failed);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.world.findClass("a")?.lastFailure).toMatchObject({ reason: "start timeout" });
    expect(machine.takeEvents("stopped")[0]).toContain("RESULT=failed");
    expect(machine.log).toContain("a start timeout: not running after 10 seconds");
  });

  it("counts from the end of starting", () => {
    const machine = new VirtualMachine({
      a: "start timeout 10\nexpect stop\nexec run",
      b: "start on starting a\ntask\nexec run",
    });
    machine.start("a");
    machine.pass(60_000);
    machine.end("b", "main");
    machine.pass(9_000);
    expect(machine.status("a")).toBe("a start/spawned, process PID");
  });

  it("is that of --start-timeout where the job has none, and none without either", () => {
    const text = "expect stop\nexec sleep";
    const machine = new VirtualMachine(
      { a: text, b: `start timeout 50\n${text}` },
      { defaultStartTimeout: 20 },
    );
    machine.start("a");
    machine.start("b");
    machine.pass(20_000);
    expect(machine.list()).toEqual(["a stop/waiting", "b start/spawned, process PID"]);
    const unbounded = new VirtualMachine({ a: text });
    unbounded.start("a");
    unbounded.pass(10_000_000);
    expect(unbounded.status("a")).toBe("a start/spawned, process PID");
  });

  it.each(["expect stop\nexec sleep", "pre-start exec sleep\nexec run"])(
    "starts a job that respawns again, five times in a row at most: %j",
    (text) => {
      const machine = new VirtualMachine({ a: `respawn\nstart timeout 10\n${text}` });
      machine.start("a");
      machine.pass(49_000);
      expect(machine.ran.length).toBe(5);
      expect(machine.status("a")).toMatch(/^a start\//);
      machine.pass(2_000);
      expect(machine.status("a")).toBe("a stop/waiting");
      expect(machine.ran.length).toBe(5);
    },
  );

  it("counts once for a main process that is forked late, and ends that one", () => {
    const machine = new VirtualMachine(
      { a: "respawn\nstart timeout 10\nexpect stop\nexec sleep" },
      { slowSpawn: true },
    );
    machine.start("a");
    machine.pass(14_500);
    const [late] = machine.pendingSpawns();
    if (late === undefined) throw new Error("main is not asked for");
    machine.execute(late);
    machine.settle();
    machine.pass(1_000);
    expect(machine.job("a").startTimeouts).toBe(1);
    expect(machine.log.filter((line) => line.startsWith("a start timeout"))).toHaveLength(1);
    expect(machine.pendingSpawns().map(({ process }) => process)).toEqual(["main"]);
  });

  it("is over once the job runs", () => {
    const machine = new VirtualMachine({ a: "start timeout 10\nexec run" });
    machine.start("a");
    expect(machine.timers).toBe(0);
  });
});

describe("run timeout", () => {
  it("stops a task that runs for too long, which fails it", () => {
    const machine = new VirtualMachine({ a: "task\nrun timeout 60\nexec trap 0" });
    const start = machine.start("a");
    machine.pass(59_000);
    expect(start.outcome).toBeNull();
    machine.pass(1_000);
    expect(start.outcome).toMatchObject(failed);
    expect(machine.world.findClass("a")?.lastFailure).toMatchObject({ reason: "run timeout" });
  });

  it("ends with SIGKILL what does not end", () => {
    const machine = new VirtualMachine({ a: "task\nrun timeout 60\nexec ignore" });
    const start = machine.start("a");
    machine.pass(65_000);
    expect(start.outcome).toMatchObject(failed);
  });

  it("is a failed main process where the job respawns", () => {
    const machine = new VirtualMachine({ a: "respawn\nrun timeout 60\nexec sleep" });
    machine.start("a");
    machine.pass(60_000);
    expect(machine.ran).toEqual(["a main", "a main"]);
  });
});

describe("stop timeout", () => {
  it.each([
    ["pre-stop exec ignore\nexec sleep"],
    ["exec ignore\nkill timeout 1000"],
    ["post-stop exec ignore\nexec sleep"],
  ])("bounds what a stop waits for: %j", (text) => {
    const machine = new VirtualMachine({ a: `${text}\nstop timeout 10` });
    machine.start("a");
    const stop = machine.stop("a");
    machine.pass(9_999);
    expect(stop.outcome).toBeNull();
    machine.pass(5_001);
    machine.pass(1_000_000);
    expect(stop.outcome).toMatchObject(failed);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.takeEvents("stopped")[0]).toContain("RESULT=failed");
    expect(machine.world.findClass("a")?.lastFailure).toMatchObject({ reason: "stop timeout" });
  });

  it("bounds a stopping event that another job holds", () => {
    const machine = new VirtualMachine({
      a: "exec sleep\nstop timeout 10",
      b: "start on stopping a\ntask\nexec run",
    });
    machine.start("a");
    const stop = machine.stop("a");
    machine.pass(10_000);
    expect(stop.outcome).toMatchObject(failed);
    expect(machine.status("b")).toBe("b start/running, process PID");
    machine.end("b", "main");
    expect([...machine.world.queue.events]).toEqual([]);
  });
});

describe("stop --force", () => {
  it.each([
    "pre-start exec sleep\nexec run",
    "exec sleep\npost-start exec sleep",
    "exec sleep\npre-stop exec sleep",
    "exec ignore",
    "exec sleep\npost-stop exec sleep",
    "expect stop\nexec ignore",
  ])("ends the stop of %j without waiting", (text) => {
    const machine = new VirtualMachine({ a: `${text}\nkill timeout 1000` });
    machine.start("a");
    const client = machine.client();
    expect(machine.world.requests.forceStop("a", [], client).ok).toBe(true);
    machine.settle();
    machine.pass(0);
    expect(client.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("joins a stop that is under way", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec sleep" });
    machine.start("a");
    const stop = machine.stop("a");
    const client = machine.client();
    machine.world.requests.forceStop("a", [], client);
    machine.settle();
    machine.pass(0);
    expect([stop.outcome, client.outcome]).toEqual([ok, ok]);
  });
});

describe("kill mode", () => {
  it.each([
    ["group", true, true],
    ["process", false, false],
    ["mixed", false, true],
  ])("%s", (mode, signalToGroup, killToGroup) => {
    const machine = new VirtualMachine({ a: `exec ignore\nkill mode ${mode}` });
    machine.start("a");
    machine.stop("a");
    machine.pass(5_000);
    expect(signalsOf(machine)).toEqual([
      [15, signalToGroup],
      [9, killToGroup],
    ]);
  });
});

describe("what no signal ends", () => {
  it("fails its job, and is not started a second time beside itself", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run" });
    machine.start("a");
    const pid = machine.pid("a");
    // As in uninterruptible sleep, or without CAP_KILL: no signal has an effect.
    const process = machine.processes.get(pid);
    machine.processes.set(pid, { ...(process as NonNullable<typeof process>), command: "stuck" });
    const restart = machine.restart("a");
    machine.pass(10_000);
    expect(restart.outcome).toMatchObject(failed);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.ran).toEqual(["a main"]);
    expect(machine.log.join("\n")).toContain(`a main process (${pid}) is still there after SIGKILL`);
  });
});

describe("a deadline that passed while upinit did not run", () => {
  it("counts once more from then: watchdog", () => {
    const machine = new VirtualMachine({ a: "expect notify\nwatchdog 10\nexec sleep" });
    machine.start("a");
    machine.ready("a");
    machine.freeze(60_000);
    expect(machine.status("a")).toBe("a start/running, process PID");
    machine.pass(9_000);
    machine.world.tell({ type: "alive", job: machine.job("a") });
    machine.settle();
    machine.pass(9_000);
    expect(signalsOf(machine)).toEqual([]);
    machine.pass(2_000);
    expect(signalsOf(machine)).toEqual([[6, true]]);
    expect(machine.world.findClass("a")?.lastFailure).toMatchObject({ reason: "watchdog timeout" });
  });

  it.each([
    ["start timeout 10\nexpect stop\nexec sleep", "start"],
    ["run timeout 10\nexec sleep", "start"],
  ])("counts once more from then: %j", (text) => {
    const machine = new VirtualMachine({ a: text });
    machine.start("a");
    machine.freeze(60_000);
    expect(machine.status("a")).toMatch(/^a start\//);
    machine.pass(10_000);
    expect(machine.status("a")).toBe("a stop/waiting");
  });
});

describe("the end of the container", () => {
  it("lets what starts on the failure run to its end", () => {
    const machine = new VirtualMachine(
      {
        a: "exec run\nshutdown on failure",
        alarm: "start on stopped a RESULT=failed\ntask\nexec run",
      },
      { endsContainer: (job, bad) => bad && job.jobClass.shutdownOn === "failure" },
    );
    machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.job("alarm").ofShutdown).toBe(true);
  });
});

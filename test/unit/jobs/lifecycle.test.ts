import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const ok = { ok: true };
const failedToStart = expect.objectContaining({
  ok: false,
  error: "JobFailed",
  message: "Job failed to start",
});

/** State changes of a job from the log, as one line. */
function path(machine: VirtualMachine, name = "a"): string {
  const pattern = new RegExp(`^info: ${name} state changed from \\S+ to (\\S+)$`);
  return machine.log.flatMap((line) => pattern.exec(line)?.[1] ?? []).join(" ");
}

const wholeWayUp =
  "starting security-spawning security pre-starting pre-start spawning spawned post-starting post-start running";
const wayDown = "stopping killed post-stopping post-stop waiting";

// The rules of docs/upstart.md#4-states.
describe("the way of a job", () => {
  it("goes up through all states and down again, with all five processes", () => {
    const machine = new VirtualMachine({
      a: `pre-start exec true
          exec sleep
          post-start exec true
          pre-stop exec true
          post-stop exec true`,
    });
    expect(machine.start("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(path(machine)).toBe(wholeWayUp);
    expect(machine.stop("a").outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a pre-start", "a main", "a post-start", "a pre-stop", "a post-stop"]);
    expect(path(machine)).toBe(`${wholeWayUp} pre-stopping pre-stop ${wayDown}`);
    expect(machine.takeEvents()).toEqual([
      "starting JOB=a INSTANCE=",
      "started JOB=a INSTANCE=",
      "stopping JOB=a INSTANCE= RESULT=ok",
      "stopped JOB=a INSTANCE= RESULT=ok",
    ]);
  });

  it("needs no process at all", () => {
    const machine = new VirtualMachine({
      a: "pre-start exec true\npost-start exec true\npre-stop exec true\npost-stop exec true",
    });
    expect(machine.start("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running");
    expect(machine.stop("a").outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a pre-start", "a post-start", "a post-stop"]);
  });

  it("fails when pre-start does, and runs post-stop all the same", () => {
    const machine = new VirtualMachine({ a: "pre-start exec exit 1\nexec sleep\npost-stop exec true" });
    expect(machine.start("a").outcome).toEqual(failedToStart);
    expect(machine.ran).toEqual(["a pre-start", "a post-stop"]);
    expect(machine.takeEvents("stopping", "stopped")).toEqual([
      "stopping JOB=a INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=1",
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=1",
    ]);
    expect(machine.log).toContain("a pre-start process (101) terminated with status 1");
  });

  it("names the signal that killed pre-start", () => {
    const machine = new VirtualMachine({ a: "pre-start exec die 15\nexec sleep" });
    machine.start("a");
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=pre-start EXIT_SIGNAL=TERM",
    ]);
  });

  it("does not ask `normal exit` about pre-start, but for the log", () => {
    const machine = new VirtualMachine({ a: "normal exit 1\npre-start exec exit 1\nexec sleep" });
    expect(machine.start("a").outcome).toEqual(failedToStart);
    expect(machine.log).toContain("info: a pre-start process (101) terminated with status 1");
  });

  it.each(["exit 1", "missing"])("ignores a post-start that does %s", (command) => {
    const machine = new VirtualMachine({ a: `exec sleep\npost-start exec ${command}` });
    expect(machine.start("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running, process PID");
    machine.stop("a");
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it.each(["exit 1", "missing"])("goes on stopping after a pre-stop that does %s", (command) => {
    const machine = new VirtualMachine({ a: `exec sleep\npre-stop exec ${command}` });
    machine.start("a");
    expect(machine.stop("a").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("fails when post-stop does, after the `stopping` event said ok", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npost-stop exec exit 1" });
    machine.start("a");
    const stop = machine.stop("a");
    expect(stop.outcome).toMatchObject({
      ok: false,
      error: "JobFailed",
      message: "Job failed while stopping",
    });
    expect(machine.takeEvents("stopping", "stopped")).toEqual([
      "stopping JOB=a INSTANCE= RESULT=ok",
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=post-stop EXIT_STATUS=1",
    ]);
  });

  it("ends a restart in waiting when post-stop fails", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npost-stop exec exit 1" });
    machine.start("a");
    expect(machine.restart("a").outcome).toMatchObject({
      ok: false,
      error: "JobFailed",
      message: "Job failed to restart",
    });
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("stops well when the main process of a service ends well", () => {
    const machine = new VirtualMachine({ a: "exec run\npre-stop exec true\npost-stop exec true" });
    machine.start("a");
    machine.end("a", "main");
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.ran).toEqual(["a main", "a post-stop"]);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it.each([
    ["", 99, " RESULT=failed PROCESS=main EXIT_STATUS=99"],
    ["normal exit 99", 99, " RESULT=ok"],
    ["", { signal: 2 }, " RESULT=failed PROCESS=main EXIT_SIGNAL=INT"],
    ["normal exit INT", { signal: 2 }, " RESULT=ok"],
    ["normal exit 99", { signal: 33 }, " RESULT=failed PROCESS=main EXIT_SIGNAL=33"],
  ])("with %j takes an end of main by %j for%s", (stanza, status, result) => {
    const machine = new VirtualMachine({ a: `exec run\n${stanza}` });
    machine.start("a");
    machine.end("a", "main", status);
    expect(machine.takeEvents("stopped")).toEqual([`stopped JOB=a INSTANCE=${result}`]);
  });

  it.each(["sleep", "trap 3"])("never takes the end of main in a stop for a failure: %s", (command) => {
    const machine = new VirtualMachine({ a: `exec ${command}` });
    machine.start("a");
    expect(machine.stop("a").outcome).toEqual(ok);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it("finishes a task when its main process does", () => {
    const machine = new VirtualMachine({ a: "task\nexec run" });
    const start = machine.start("a");
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(start.outcome).toBeNull();
    machine.end("a", "main");
    expect(start.outcome).toEqual(ok);
  });

  it("keeps a task without a main process in running (5.9)", () => {
    const machine = new VirtualMachine({ a: "task\npre-start exec true" });
    const start = machine.start("a");
    expect(machine.status("a")).toBe("a start/running");
    expect(start.outcome).toBeNull();
    machine.stop("a");
    expect(start.outcome).toEqual(ok);
  });

  it("waits for post-start when main dies meanwhile", () => {
    const machine = new VirtualMachine({ a: "exec run\npost-start exec run\npost-stop exec true" });
    const start = machine.start("a");
    expect(machine.status("a")).toBe("a start/post-start, process PID\n\tpost-start process PID");
    machine.end("a", "main", { signal: 9 });
    expect(machine.status("a")).toBe("a stop/post-start, (post-start) process PID");
    expect(start.outcome).toEqual(failedToStart);
    machine.end("a", "post-start");
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("shows goal respawn while post-start is waited for", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run\npost-start exec run" });
    machine.start("a");
    machine.end("a", "main", { signal: 9 });
    expect(machine.status("a")).toBe("a respawn/post-start, (post-start) process PID");
    machine.end("a", "post-start");
    expect(machine.status("a")).toBe("a start/post-start, process PID\n\tpost-start process PID");
    machine.end("a", "post-start");
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("takes no main that dies during pre-stop for a failure, and awaits pre-stop", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run\npre-stop exec run" });
    machine.start("a");
    const stop = machine.stop("a");
    machine.end("a", "main", 1);
    expect(machine.status("a")).toBe("a stop/pre-stop, (pre-stop) process PID");
    machine.end("a", "pre-stop");
    expect(stop.outcome).toEqual(ok);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it("lets pre-stop cancel the stop", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec run" });
    machine.start("a");
    const pid = machine.pid("a");
    machine.takeEvents();
    const stop = machine.stop("a");
    expect(machine.status("a")).toBe("a stop/pre-stop, process PID\n\tpre-stop process PID");
    expect(machine.inside("start", "a").ok).toBe(true);
    expect(stop.outcome).toEqual(ok);
    machine.end("a", "pre-stop");
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(machine.pid("a")).toBe(pid);
    expect(machine.takeEvents()).toEqual([]);
  });

  it("lets pre-start stop its own job without a failure", () => {
    const machine = new VirtualMachine({ a: "pre-start exec run\nexec sleep\npost-stop exec true" });
    const start = machine.start("a");
    machine.inside("stop", "a");
    expect(start.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/pre-start, process PID");
    machine.end("a", "pre-start");
    expect(machine.ran).toEqual(["a pre-start", "a post-stop"]);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it("waits for a pre-start that ends within its kill timeout", () => {
    const machine = new VirtualMachine({ a: "pre-start exec run\nexec sleep\nkill timeout 100" });
    machine.start("a");
    const stop = machine.stop("a");
    machine.pass(99_000);
    expect(stop.outcome).toBeNull();
    expect(machine.status("a")).toBe("a stop/pre-start, process PID");
    machine.end("a", "pre-start");
    expect(stop.outcome).toEqual(ok);
  });

  it("does not run pre-stop when stopped during post-start", () => {
    const machine = new VirtualMachine({
      a: "exec sleep\npost-start exec run\npre-stop exec true\npost-stop exec true",
    });
    const start = machine.start("a");
    const stop = machine.stop("a");
    expect(start.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/post-start, process PID\n\tpost-start process PID");
    machine.end("a", "post-start");
    expect(stop.outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a main", "a post-start", "a post-stop"]);
  });

  it("says that a program could not be executed, and respawns nothing", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec missing\npost-stop exec true" });
    expect(machine.start("a").outcome).toEqual(failedToStart);
    expect(machine.takeEvents()).toEqual([
      "starting JOB=a INSTANCE=",
      "stopping JOB=a INSTANCE= RESULT=failed PROCESS=main",
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=main",
    ]);
    expect(machine.log).toContain(
      "Failed to spawn a main process: unable to execute: No such file or directory",
    );
  });

  it.each(["pre-start", "post-stop"])("fails when %s can't be executed (5.5)", (process) => {
    const machine = new VirtualMachine({ a: `exec sleep\n${process} exec missing` });
    machine.start("a");
    machine.stop("a");
    expect(machine.takeEvents("stopped")).toEqual([
      `stopped JOB=a INSTANCE= RESULT=failed PROCESS=${process}`,
    ]);
  });

  it("comes up again when started while it is going down, without a `stopped` event (5.3)", () => {
    const machine = new VirtualMachine({ a: "pre-start exec true\nexec ignore\npost-stop exec true" });
    machine.start("a");
    const stop = machine.stop("a");
    expect(machine.status("a")).toBe("a stop/killed, process PID");
    const start = machine.start("a");
    expect(stop.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/killed, process PID");
    machine.end("a", "main");
    expect(start.outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a pre-start", "a main", "a post-stop", "a pre-start", "a main"]);
    expect(machine.takeEvents("stopped")).toEqual([]);
  });

  it("records only the first failure of a run (5.6)", () => {
    const machine = new VirtualMachine({ a: "pre-start exec exit 1\npost-stop exec exit 2\nexec sleep" });
    machine.start("a");
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=a INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=1",
    ]);
  });

  it("logs what becomes of processes in Upstart's words", () => {
    const machine = new VirtualMachine({ a: "exec run" });
    machine.start("a");
    const pid = machine.pid("a");
    machine.world.tell({ type: "process", pid, status: { type: "stopped", signal: 20 } });
    machine.world.tell({ type: "process", pid, status: { type: "continued" } });
    machine.end("a", "main", { signal: 11 });
    machine.start("a");
    machine.end("a", "main", { signal: 34 });
    machine.start("a");
    machine.end("a", "main");
    expect(machine.log.filter((line) => line.includes("main process"))).toEqual([
      `info: a main process (${pid})`,
      `info: a main process (${pid}) stopped by TSTP signal`,
      `info: a main process (${pid}) continued by CONT signal`,
      `a main process (${pid}) killed by SEGV signal`,
      "info: a main process (102)",
      "a main process (102) killed by signal 34",
      "info: a main process (103)",
      "info: a main process (103) exited normally",
    ]);
  });

  it("logs a process before the state that waits for it", () => {
    const machine = new VirtualMachine({ a: "pre-start exec run\nexec sleep" });
    machine.start("a");
    expect(machine.log.slice(-3)).toEqual([
      "info: a state changed from security to pre-starting",
      "info: a pre-start process (101)",
      "info: a state changed from pre-starting to pre-start",
    ]);
  });

  it("does not mind a process that is forked again in another way", () => {
    const machine = new VirtualMachine({ a: "exec sleep" }, { slowSpawn: true });
    const start = machine.start("a");
    const job = machine.job("a");
    machine.world.tell({ type: "started", job, process: "main", pid: 71 });
    machine.settle();
    expect(machine.status("a")).toBe("a start/spawned, process PID");
    machine.world.tell({ type: "withdrawn", job, process: "main" });
    machine.world.tell({ type: "process", pid: 71, status: { type: "exited", status: 255 } });
    machine.settle();
    expect(machine.status("a")).toBe("a start/spawned");
    machine.world.tell({ type: "started", job, process: "main", pid: 72 });
    machine.world.tell({ type: "executed", job, process: "main" });
    machine.settle();
    expect(start.outcome).toEqual(ok);
    expect(job.pids.get("main")).toBe(72);
  });

  it.each(["stop", "restart"] as const)("waits for the fork of pre-stop in a %s", (what) => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec run" }, { slowSpawn: true });
    const execute = (): void => {
      for (const each of machine.pendingSpawns()) machine.execute(each);
      machine.settle();
    };
    machine.start("a");
    execute();
    const request = machine[what]("a");
    expect(machine.status("a")).toContain("/pre-stopping, process PID");
    execute();
    machine.end("a", "pre-stop");
    execute();
    expect(request.outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a main", "a pre-stop", ...(what === "restart" ? ["a main"] : [])]);
  });

  it("logs goals and states", () => {
    const machine = new VirtualMachine({ a: "instance $N\nexec sleep" });
    machine.start("a", "N=1");
    expect(machine.log.slice(0, 4)).toEqual([
      "info: a (1) goal changed from stop to start",
      "info:   a (1) started by hand (start, uid -1, pid 0)",
      "info: a (1) state changed from waiting to starting",
      "info: Handling starting event",
    ]);
  });
});

describe("stopping", () => {
  it("sends the kill signal to the group, and SIGKILL after the timeout", () => {
    const machine = new VirtualMachine({ a: "kill signal INT\nexec ignore" });
    machine.start("a");
    const stop = machine.stop("a");
    const signals = (): unknown[] =>
      machine.effects.flatMap((effect) => (effect.type === "kill" ? [[effect.signal, effect.group]] : []));
    expect(signals()).toEqual([[2, true]]);
    machine.pass(4_999);
    expect(stop.outcome).toBeNull();
    machine.pass(1);
    expect(signals()).toEqual([
      [2, true],
      [9, true],
    ]);
    expect(stop.outcome).toEqual(ok);
    expect(machine.log.filter((line) => line.includes("Sending"))).toEqual([
      "info: Sending INT signal to a main process (101)",
      "info: Sending KILL signal to a main process (101)",
    ]);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=a INSTANCE= RESULT=ok"]);
  });

  it("kills at once with `kill timeout 0`", () => {
    const machine = new VirtualMachine({ a: "kill timeout 0\nexec ignore" });
    machine.start("a");
    expect(machine.stop("a").outcome).toEqual(ok);
  });

  it("cancels the timer when main ends in time", () => {
    const machine = new VirtualMachine({ a: "exec ignore" });
    machine.start("a");
    machine.stop("a");
    expect(machine.timers).toBe(1);
    machine.end("a", "main");
    expect(machine.timers).toBe(0);
  });

  it("does not wait for a process that is gone without a word", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    machine.start("a");
    machine.processes.clear();
    expect(machine.stop("a").outcome).toEqual(ok);
  });
});

describe("expect", () => {
  it("holds `started` back until the process has stopped itself, and continues it", () => {
    const machine = new VirtualMachine({ a: "expect stop\nexec run" });
    const start = machine.start("a");
    const pid = machine.pid("a");
    machine.world.tell({ type: "process", pid, status: { type: "stopped", signal: 20 } });
    machine.settle();
    expect(machine.status("a")).toBe("a start/spawned, process PID");
    expect(start.outcome).toBeNull();
    machine.world.tell({ type: "process", pid, status: { type: "stopped", signal: 19 } });
    machine.settle();
    expect(start.outcome).toEqual(ok);
    expect(machine.effects).toContainEqual(
      expect.objectContaining({ type: "kill", pid, signal: 18, group: false }),
    );
  });

  it("follows the process that stands for the job", () => {
    const machine = new VirtualMachine({ a: "expect fork\nexec run" });
    const start = machine.start("a");
    const job = machine.job("a");
    machine.world.tell({ type: "main-pid", job, pid: 4242 });
    machine.world.tell({ type: "ready", job });
    machine.settle();
    expect(start.outcome).toEqual(ok);
    expect(job.pids.get("main")).toBe(4242);
    expect(machine.log).toContain("info: a main process (101) became new process (4242)");
    machine.endPid(101);
    expect(machine.status("a")).toBe("a start/running, process PID");
    machine.endPid(4242);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it.each([
    [0, ok],
    [1, failedToStart],
  ])("ends the job when main exits %j before it is ready", (status, outcome) => {
    const machine = new VirtualMachine({ a: "expect fork\nexec run" });
    const start = machine.start("a");
    machine.end("a", "main", status);
    expect(start.outcome).toEqual(outcome);
    expect(machine.status("a")).toBe("a stop/waiting");
    expect(machine.takeEvents("started")).toEqual([]);
  });

  it.each(["fork", "daemon", "stop", "notify"])(
    "can be stopped while %s has not come about",
    (expectation) => {
      const machine = new VirtualMachine({ a: `expect ${expectation}\nexec sleep` });
      machine.start("a");
      expect(machine.status("a")).toBe("a start/spawned, process PID");
      expect(machine.stop("a").outcome).toEqual(ok);
      expect(machine.status("a")).toBe("a stop/waiting");
    },
  );

  it("respawns one that dies before it is ready, instead of running without it", () => {
    const machine = new VirtualMachine({ a: "respawn\nexpect fork\nexec run\npost-stop exec true" });
    const start = machine.start("a");
    machine.end("a", "main", 1);
    expect(machine.status("a")).toBe("a start/spawned, process PID");
    expect(machine.ran).toEqual(["a main", "a post-stop", "a main"]);
    expect(start.outcome).toBeNull();
    machine.ready("a");
    expect(start.outcome).toEqual(ok);
  });

  it("waits without `expect` until main is executed, also with a stop", () => {
    const machine = new VirtualMachine({ a: "exec sleep" }, { slowSpawn: true });
    machine.start("a");
    const stop = machine.stop("a");
    expect(machine.status("a")).toBe("a stop/spawning");
    expect(stop.outcome).toBeNull();
    machine.execute({ job: machine.job("a"), process: "main", env: [] });
    machine.settle();
    expect(stop.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });
});

describe("restart", () => {
  it("goes down and up again without a `stopped` event, with another environment (5.8)", () => {
    const machine = new VirtualMachine({ a: "pre-start exec true\nexec sleep\npost-stop exec true" });
    machine.emit("unrelated");
    machine.start("a", "X=1");
    const first = machine.pid("a");
    machine.takeEvents();
    expect(machine.restart("a", "Y=2").outcome).toEqual(ok);
    expect(machine.pid("a")).not.toBe(first);
    expect(machine.env("a")).toEqual(["Y=2"]);
    expect(machine.takeEvents()).toEqual([
      "stopping JOB=a INSTANCE= RESULT=ok",
      "starting JOB=a INSTANCE=",
      "started JOB=a INSTANCE=",
    ]);
  });

  it("does restart a job with a pre-stop", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec run" });
    machine.start("a");
    const first = machine.pid("a");
    const restart = machine.restart("a");
    expect(machine.status("a")).toBe("a respawn/pre-stop, process PID\n\tpre-stop process PID");
    machine.end("a", "pre-stop");
    expect(restart.outcome).toEqual(ok);
    expect(machine.pid("a")).not.toBe(first);
  });

  it("takes a second restart during that pre-stop for the same", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec run" });
    machine.start("a");
    const first = machine.restart("a");
    const second = machine.restart("a");
    expect(first.outcome).toEqual(ok);
    machine.end("a", "pre-stop");
    expect(second.outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a main", "a pre-stop", "a main"]);
  });

  it("can be stopped during that pre-stop", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npre-stop exec run" });
    machine.start("a");
    machine.restart("a");
    const stop = machine.stop("a");
    machine.end("a", "pre-stop");
    expect(stop.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("changes nothing in the state of a job that is starting (5.8)", () => {
    const machine = new VirtualMachine({ a: "pre-start exec run\nexec sleep" });
    machine.start("a");
    const restart = machine.restart("a");
    machine.end("a", "pre-start");
    expect(restart.outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a pre-start", "a main"]);
  });

  it("is refused while the job is stopping, naming the instance as Upstart does", () => {
    const machine = new VirtualMachine({ a: "exec sleep\npost-stop exec run" });
    machine.start("a");
    machine.stop("a");
    expect(machine.restart("a").outcome).toEqual({
      ok: false,
      error: "AlreadyStopped",
      message: "Job has already been stopped: ",
    });
    expect(machine.stop("a").outcome).toEqual({
      ok: false,
      error: "AlreadyStopped",
      message: "Job has already been stopped: a",
    });
  });

  it("keeps the environment when asked for from inside", () => {
    const machine = new VirtualMachine({ a: "exec sleep" });
    machine.start("a", "X=1");
    machine.inside("restart", "a");
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(machine.env("a")).toEqual(["X=1"]);
  });
});

describe("start while main is dead", () => {
  it("goes down first after a failure during post-start", () => {
    const machine = new VirtualMachine({ a: "exec run\npost-start exec run" });
    machine.start("a");
    machine.end("a", "main", 1);
    const start = machine.start("a");
    machine.end("a", "post-start");
    machine.end("a", "post-start");
    expect(start.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(machine.ran).toEqual(["a main", "a post-start", "a main", "a post-start"]);
  });

  it("goes down first when pre-stop calls it off too late", () => {
    const machine = new VirtualMachine({ a: "exec run\npre-stop exec run" });
    machine.start("a");
    machine.stop("a");
    machine.end("a", "main");
    machine.inside("start", "a");
    machine.end("a", "pre-stop");
    expect(machine.status("a")).toBe("a start/running, process PID");
    expect(machine.ran).toEqual(["a main", "a pre-stop", "a main"]);
  });
});

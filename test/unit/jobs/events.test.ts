// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const ok = { ok: true };
const eventFailed = expect.objectContaining({ ok: false, error: "EventFailed", message: "Event failed" });

// The rules of docs/upstart.md#5-events and docs/upstart.md#32-variables-of-a-job.
describe("events and jobs", () => {
  it("finishes an event that nobody listens to at once", () => {
    expect(new VirtualMachine().emit("nothing").outcome).toEqual(ok);
  });

  it("waits for a service to run, and for a task to end", () => {
    const machine = new VirtualMachine({
      a: "start on go\npre-start exec run\nexec sleep",
      b: "start on work\ntask\nexec run",
    });
    const go = machine.emit("go");
    expect(go.outcome).toBeNull();
    machine.end("a", "pre-start");
    expect(go.outcome).toEqual(ok);
    const work = machine.emit("work");
    expect(machine.status("b")).toBe("b start/running, process PID");
    expect(work.outcome).toBeNull();
    machine.end("b", "main");
    expect(work.outcome).toEqual(ok);
  });

  it("holds one side of an `and` until the other comes", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one");
    expect(one.outcome).toBeNull();
    expect(machine.emit("unrelated").outcome).toEqual(ok);
    expect(machine.emit("two").outcome).toEqual(ok);
    expect(one.outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("holds only the first of the same event", () => {
    const machine = new VirtualMachine({ a: "start on one and two" });
    expect(machine.emit("one").outcome).toBeNull();
    expect(machine.emit("one").outcome).toEqual(ok);
    expect(machine.status("a")).toBe("a stop/waiting");
  });

  it("fails with the task that it started, and is followed by its failure", () => {
    const machine = new VirtualMachine({ a: "start on go\ntask\nexec exit 1" });
    expect(machine.emit("go", ["X=1"]).outcome).toEqual(eventFailed);
    expect(machine.takeEvents("go", "go/failed")).toEqual(["go X=1", "go/failed X=1"]);
  });

  it("is followed by no failure of a failure", () => {
    const machine = new VirtualMachine({
      a: "start on go\ntask\nexec exit 1",
      b: "start on go/failed\ntask\nexec exit 1",
    });
    machine.emit("go");
    expect(machine.takeEvents().filter((event) => event.includes("failed/failed"))).toEqual([]);
  });

  it("does nothing to a job that runs", () => {
    const machine = new VirtualMachine({ a: "start on go\nexec sleep" });
    machine.emit("go");
    const pid = machine.pid("a");
    expect(machine.emit("go").outcome).toEqual(ok);
    expect(machine.pid("a")).toBe(pid);
  });

  it("succeeds with a service that dies after it was running", () => {
    const machine = new VirtualMachine({ a: "start on go\nexec run" });
    const go = machine.emit("go");
    machine.end("a", "main", 3);
    expect(go.outcome).toEqual(ok);
    expect(machine.takeEvents("go/failed")).toEqual([]);
  });

  it("waits for a stop to be complete, and fails with post-stop", () => {
    const machine = new VirtualMachine({ a: "stop on halt\nexec sleep\npost-stop exec run" });
    machine.start("a");
    const halt = machine.emit("halt");
    expect(machine.status("a")).toBe("a stop/post-stop, process PID");
    expect(halt.outcome).toBeNull();
    machine.end("a", "post-stop", 1);
    expect(halt.outcome).toEqual(eventFailed);
  });

  it("lets go of an event when somebody else stops the job", () => {
    const machine = new VirtualMachine({ a: "start on go\ntask\nexec sleep" });
    const go = machine.emit("go");
    machine.stop("a");
    expect(go.outcome).toEqual(ok);
  });

  it("waits for what blocks the jobs that it starts: a task on `starting`", () => {
    const machine = new VirtualMachine({
      y: "start on go\nexec sleep",
      x: "start on starting y\ntask\nexec run",
    });
    const go = machine.emit("go");
    expect(machine.list()).toEqual(["x start/running, process PID", "y start/starting"]);
    expect(go.outcome).toBeNull();
    machine.end("x", "main", 1);
    expect(go.outcome).toEqual(ok);
    expect(machine.status("y")).toBe("y start/running, process PID");
    expect(machine.takeEvents("starting/failed")).toEqual(["starting/failed JOB=y INSTANCE="]);
  });

  it("stops a dependent job before main is killed", () => {
    const machine = new VirtualMachine({
      y: "exec sleep",
      x: "start on started y\nstop on stopping y\nexec ignore",
    });
    machine.start("y");
    const stop = machine.stop("y");
    expect(machine.list()).toEqual(["x stop/killed, process PID", "y stop/stopping, process PID"]);
    machine.end("x", "main");
    expect(stop.outcome).toEqual(ok);
    expect(machine.list()).toEqual(["x stop/waiting", "y stop/waiting"]);
  });

  it.each([
    ["started", "start"],
    ["stopped", "stop"],
  ] as const)("does not wait for what `%s` starts", (event, request) => {
    const machine = new VirtualMachine({ a: "exec sleep", b: `start on ${event} a\ntask\nexec run` });
    const start = machine.start("a");
    const stop = machine.stop("a");
    expect(request === "start" ? start.outcome : stop.outcome).toEqual(ok);
    expect(machine.status("b")).toBe("b start/running, process PID");
  });

  it("fires `started` with each respawn", () => {
    const machine = new VirtualMachine({ a: "respawn\nexec run", b: "start on started a\nexec sleep" });
    machine.start("a");
    machine.stop("b");
    machine.end("a", "main", 1);
    expect(machine.status("b")).toBe("b start/running, process PID");
  });

  it("restarts a job that the same event stops and starts", () => {
    const machine = new VirtualMachine({
      a: "start on toggle\nstop on toggle\npre-start exec true\nexec sleep",
    });
    machine.emit("toggle", ["N=1"]);
    machine.takeEvents();
    expect(machine.emit("toggle", ["N=2"]).outcome).toEqual(ok);
    expect(machine.ran).toEqual(["a pre-start", "a main", "a pre-start", "a main"]);
    expect(machine.env("a")).toEqual(["N=2", "UPSTART_EVENTS=toggle"]);
    expect(machine.takeEvents("stopped")).toEqual([]);
  });

  it("warns of an instance without a name, and goes on with the other classes", () => {
    const machine = new VirtualMachine({
      a: "start on up\ninstance $TTY\nexec sleep",
      b: "start on up\nexec sleep",
    });
    expect(machine.emit("up").outcome).toEqual(ok);
    expect(machine.log).toContain("Failed to obtain a instance: Unknown parameter: TTY");
    expect(machine.list()).toEqual(["a stop/waiting", "b start/running, process PID"]);
    machine.emit("up", ["TTY=1"]);
    expect(machine.status("a", "1")).toBe("a (1) start/running, process PID");
  });

  it("makes an instance for each name", () => {
    const machine = new VirtualMachine({ a: "start on up\ninstance $TTY\nexec sleep" });
    machine.emit("up", ["TTY=1"]);
    machine.emit("up", ["TTY=2"]);
    expect(machine.list()).toEqual(["a (1) start/running, process PID", "a (2) start/running, process PID"]);
    machine.stop("a", "TTY=1");
    expect(machine.list()).toEqual(["a (2) start/running, process PID"]);
  });

  it("stops the instance that an event names", () => {
    const machine = new VirtualMachine({
      a: "start on added\nstop on removed DEVPATH=$DEVPATH\ninstance $DEVPATH\nexec sleep",
    });
    machine.emit("added", ["DEVPATH=/x"]);
    machine.emit("added", ["DEVPATH=/y"]);
    machine.emit("removed", ["DEVPATH=/x"]);
    expect(machine.list()).toEqual(["a (/y) start/running, process PID"]);
  });

  it("expands nothing in `start on`, but for a default", () => {
    const machine = new VirtualMachine({
      a: "env WHAT=this\nstart on up X=$WHAT",
      b: "start on up X=${NOPE:-this}",
    });
    machine.emit("up", ["X=this"]);
    expect(machine.list()).toEqual(["a stop/waiting", "b start/running"]);
  });

  it("keeps a half-fulfilled condition over a start and stop by hand", () => {
    const machine = new VirtualMachine({ a: "start on one and two\nexec sleep" });
    const one = machine.emit("one");
    machine.start("a");
    machine.stop("a");
    expect(one.outcome).toBeNull();
    machine.emit("two");
    expect(one.outcome).toEqual(ok);
    expect(machine.env("a")).toEqual(["UPSTART_EVENTS=one two"]);
  });

  it("lets go of the events of a condition that fired in vain", () => {
    const machine = new VirtualMachine({ a: "start on (p1 and p2) or baz\nexec sleep" });
    const p1 = machine.emit("p1");
    expect(p1.outcome).toBeNull();
    machine.emit("baz");
    expect(p1.outcome).toEqual(ok);
    expect(machine.env("a")).toEqual(["UPSTART_EVENTS=baz"]);
  });

  it("forgets what `stop on` has seen with the instance", () => {
    const machine = new VirtualMachine({ a: "stop on one and two\nexec sleep" });
    machine.start("a");
    const one = machine.emit("one");
    machine.stop("a");
    expect(one.outcome).toEqual(ok);
    machine.start("a");
    expect(machine.emit("two").outcome).toBeNull();
    expect(machine.status("a")).toBe("a start/running, process PID");
  });

  it("keeps what `stop on` has seen over a respawn", () => {
    const machine = new VirtualMachine({ a: "respawn\nstop on one and two\nexec run" });
    machine.start("a");
    machine.emit("one");
    machine.end("a", "main", 1);
    machine.emit("two");
    expect(machine.status("a")).toBe("a stop/killed, process PID");
  });

  it("does not serialise events behind one that is blocked", () => {
    const machine = new VirtualMachine({
      a: "start on one\ntask\nexec run",
      b: "start on two\ntask\nexec true",
    });
    const one = machine.emit("one");
    expect(machine.emit("two").outcome).toEqual(ok);
    expect(one.outcome).toBeNull();
  });

  it("handles classes by name, whatever the order of loading", () => {
    const names = ["zeta", "a", "b2", "b10", "\u{1f600}", "\ufffd", "B"];
    const machine = new VirtualMachine(
      Object.fromEntries(names.map((name) => [name, "start on go\nexec sleep"])),
    );
    machine.emit("go");
    const bytewise = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    expect(machine.ran).toEqual(bytewise.map((name) => `${name} main`));
    expect(machine.world.classes().map(({ jobClass }) => jobClass.name)).toEqual(bytewise);
  });

  it("tells a boot that no job holds an event, though half a condition does", () => {
    const machine = new VirtualMachine({
      half: "start on filesystem and net-up\nexec sleep",
      gate: "start on filesystem\ntask\nexec run",
    });
    const early = machine.emit("filesystem", [], { ignoreHalfConditions: true });
    expect(early.outcome).toBeNull();
    machine.end("gate", "main");
    expect(early.outcome).toEqual(ok);
    expect(machine.world.queue.size).toBe(1);
    const none = machine.emit("net-up", [], { ignoreHalfConditions: true });
    expect(none.outcome).toEqual(ok);
    expect(machine.status("half")).toBe("half start/running, process PID");
    expect(machine.world.queue.size).toBe(0);
  });

  it("tells a boot of a failed task, too", () => {
    const machine = new VirtualMachine({
      half: "start on fs and net",
      gate: "start on fs\ntask\nexec exit 1",
    });
    expect(machine.emit("fs", [], { ignoreHalfConditions: true }).outcome).toEqual(eventFailed);
  });

  it("forgets a client that went away, and nothing else", () => {
    const machine = new VirtualMachine({ a: "start on go\ntask\nexec run" });
    const go = machine.emit("go");
    machine.world.tell({ type: "abandoned", waiter: go });
    machine.settle();
    machine.end("a", "main");
    expect(go.outcome).toBeNull();
    expect(machine.status("a")).toBe("a stop/waiting");
    const start = machine.start("a");
    machine.world.tell({ type: "abandoned", waiter: start });
    machine.settle();
    machine.end("a", "main");
    expect(start.outcome).toBeNull();
  });

  it("plays the whole chain of dependent jobs", () => {
    const machine = new VirtualMachine({
      a: "start on go\nexec sleep",
      b: "start on started a\nstop on stopping a\nexec sleep",
      c: "start on started b\nstop on stopped b\nexec sleep",
    });
    machine.emit("go");
    expect(machine.ran).toEqual(["a main", "b main", "c main"]);
    machine.stop("a");
    expect(machine.list()).toEqual(["a stop/waiting", "b stop/waiting", "c stop/waiting"]);
    expect(machine.log.filter((line) => line.includes("Sending")).map((line) => line.split(" ")[5])).toEqual([
      "b",
      "a",
      "c",
    ]);
  });

  it("keeps two jobs that exclude each other apart", () => {
    const machine = new VirtualMachine({
      a: "stop on starting b\nexec sleep\npost-stop exec true",
      b: "stop on starting a\npre-start exec true\nexec sleep",
    });
    machine.start("a");
    machine.start("b");
    expect(machine.list()).toEqual(["a stop/waiting", "b start/running, process PID"]);
    expect(machine.ran).toEqual(["a main", "a post-stop", "b pre-start", "b main"]);
  });

  it("deadlocks as Upstart does when a hook waits for the stop of what waits for it", () => {
    const machine = new VirtualMachine({ j2: "exec sleep", j: "start on starting j2\ntask\nexec run" });
    const start = machine.start("j2");
    const stop = machine.stop("j2");
    expect(start.outcome).toEqual(ok);
    expect(stop.outcome).toBeNull();
    expect(machine.status("j2")).toBe("j2 stop/starting");
    machine.end("j", "main");
    expect(stop.outcome).toEqual(ok);
  });
});

describe("jobs that follow each other without end", () => {
  it("leave a pause for everything else", () => {
    const machine = new VirtualMachine();
    machine.load("a", "start on go or stopped a\nstop on started a");
    const { world } = machine;
    world.emit("go", [], null);
    expect(world.run().length).toBeLessThan(200_000);
    expect(world.isBusy).toBe(true);
    world.removeClass("a");
    while (world.isBusy) world.run();
    expect(machine.list()).toEqual([]);
  });

  it("hold no event for ever: who waits for one is told, and they don't become ever more", () => {
    const machine = new VirtualMachine();
    machine.load("a", "start on go or stopped a\nstop on started a");
    const { world } = machine;
    world.emit("go", [], { id: 1 });
    const types = new Set<string>();
    for (let run = 0; run < 50; run++) for (const { type } of world.run()) types.add(type);
    expect(world.isBusy).toBe(true);
    expect(types).toContain("answer");
    expect(world.queue.size).toBeLessThan(500);
  });
});

describe("variables of jobs", () => {
  it("come from the events in the order of the condition", () => {
    const machine = new VirtualMachine({
      a: "start on a and b\ntask\nexec true",
      c: "start on x or y\ntask\nexec true",
    });
    machine.emit("b", ["K=2", "B=1"]);
    machine.emit("a", ["K=1", "A=1"]);
    expect(machine.env("a")).toEqual(["K=2", "A=1", "B=1", "UPSTART_EVENTS=a b"]);
    machine.emit("y");
    expect(machine.env("c")).toEqual(["UPSTART_EVENTS=y"]);
  });

  it("come from the command, without UPSTART_EVENTS", () => {
    const machine = new VirtualMachine({ a: "task\nexec true" });
    machine.start("a", "X=1");
    expect(machine.environments.get("a main")).toEqual([
      "PATH=/bin",
      "TERM=linux",
      "X=1",
      "UPSTART_JOB=a",
      "UPSTART_INSTANCE=",
    ]);
  });

  it("begin with the `env` stanzas", () => {
    const machine = new VirtualMachine({
      a: "env X=0\nenv Y=$X\nenv FROM_INIT\nenv NOPE\ntask\nexec true",
      b: "env PATH\ntask\nexec true",
    });
    machine.start("a", "X=1");
    expect(machine.env("a")).toEqual(["X=1", "Y=$X", "FROM_INIT=yes"]);
    machine.start("b");
    expect(machine.env("b")).toEqual(["PATH=/init"]);
  });

  it("of a stop reach pre-stop and post-stop only", () => {
    const machine = new VirtualMachine({
      a: "start on go\nstop on halt\nexec sleep\npre-stop exec true\npost-stop exec true",
    });
    machine.emit("go", ["X=start"]);
    machine.stop("a", "X=stop", "Y=2");
    expect(machine.env("a", "pre-stop")).toEqual(["X=stop", "UPSTART_EVENTS=go", "Y=2"]);
    expect(machine.env("a", "post-stop")).toEqual(["X=stop", "UPSTART_EVENTS=go", "RESULT=ok", "Y=2"]);
    expect(machine.env("a")).toEqual(["X=start", "UPSTART_EVENTS=go"]);
    machine.emit("go");
    machine.emit("halt", ["Z=3"]);
    expect(machine.env("a", "post-stop")).toEqual([
      "UPSTART_EVENTS=go",
      "RESULT=ok",
      "Z=3",
      "UPSTART_STOP_EVENTS=halt",
    ]);
  });

  it("tell post-stop how this run ended, not the one that started it", () => {
    const machine = new VirtualMachine({
      a: "start on stopped b\nexec run\npost-stop exec true",
      b: "task\nexec exit 3",
    });
    machine.start("b");
    expect(machine.env("a")).toContain("EXIT_STATUS=3");
    machine.end("a", "main");
    expect(machine.env("a", "post-stop")).toEqual([
      "JOB=b",
      "INSTANCE=",
      "UPSTART_EVENTS=stopped",
      "RESULT=ok",
    ]);
    machine.start("b");
    machine.end("a", "main", { signal: 9 });
    const failed = ["RESULT=failed", "PROCESS=main", "EXIT_SIGNAL=KILL"];
    expect(machine.env("a", "post-stop").slice(3)).toEqual(failed);
  });

  it("of the event that stops a job win over how the run ended", () => {
    const machine = new VirtualMachine({ a: "stop on halt\nexec sleep\npost-stop exec true" });
    machine.start("a");
    machine.emit("halt", ["RESULT=odd"]);
    expect(machine.env("a", "post-stop")).toEqual(["RESULT=odd", "UPSTART_STOP_EVENTS=halt"]);
  });

  it("hold nothing of a stop that did not happen", () => {
    const machine = new VirtualMachine({ a: "exec run\npre-stop exec run\npost-stop exec true" });
    machine.start("a");
    machine.stop("a", "Y=2");
    machine.inside("start", "a");
    machine.end("a", "pre-stop");
    machine.end("a", "main");
    expect(machine.env("a", "post-stop")).toEqual(["RESULT=ok"]);
  });

  it("can't hide the name of the job", () => {
    const machine = new VirtualMachine({ a: "env UPSTART_JOB=env\ntask\nexec true" });
    machine.start("a", "UPSTART_JOB=x", "UPSTART_INSTANCE=y");
    expect(machine.environments.get("a main")?.slice(2)).toEqual(["UPSTART_JOB=a", "UPSTART_INSTANCE="]);
  });

  it("go into the job's events when exported", () => {
    const machine = new VirtualMachine({
      a: "env X=one\nexport X\nexport NOPE JOB\ninstance $N\nexport N\nexec run",
    });
    machine.start("a", "N=1", "JOB=mine");
    machine.end("a (1)", "main", 3);
    expect(machine.takeEvents()).toEqual([
      "starting JOB=a INSTANCE=1 X=one N=1",
      "started JOB=a INSTANCE=1 X=one N=1",
      "stopping JOB=a INSTANCE=1 RESULT=failed PROCESS=main EXIT_STATUS=3 X=one N=1",
      "stopped JOB=a INSTANCE=1 RESULT=failed PROCESS=main EXIT_STATUS=3 X=one N=1",
    ]);
  });

  it("of the user that init runs as are not for a job of somebody else", () => {
    const machine = new VirtualMachine(
      {
        a: "setuid daemon\ntask\nexec true",
        b: "task\nexec true",
        c: "setuid daemon\nenv HOME=/srv\ntask\nexec true",
      },
      { defaultEnvironment: ["PATH=/bin", "TERM=linux", "HOME=/root", "USER=root", "LANG=C"] },
    );
    for (const name of ["a", "b", "c"]) machine.start(name);
    expect(machine.env("a")).toEqual(["LANG=C"]);
    expect(machine.env("b")).toEqual(["HOME=/root", "USER=root", "LANG=C"]);
    expect(machine.env("c")).toEqual(["LANG=C", "HOME=/srv"]);
  });

  it("of a session come last", () => {
    const machine = new VirtualMachine({ a: "task\nexec true" }, { extraEnvironment: ["UPSTART_SESSION=x"] });
    machine.start("a");
    expect(machine.environments.get("a main")?.at(-1)).toBe("UPSTART_SESSION=x");
  });

  it("can be changed for one job or for all (8.2)", () => {
    const machine = new VirtualMachine({ a: "exec sleep", b: "exec sleep" });
    const { world } = machine;
    machine.start("a");
    world.setVariable(null, "G=1", true);
    world.setVariable(machine.job("a"), "J=1", true);
    world.setVariable(null, "TERM=other", false);
    machine.start("b");
    expect(machine.env("b")).toEqual(["G=1"]);
    expect(world.variables(machine.job("a"))).toEqual(["PATH=/bin", "TERM=linux", "G=1", "J=1"]);
    expect(world.variable(machine.job("b"), "J")).toBeUndefined();
    world.unsetVariable(null, "TERM");
    expect(world.variable(machine.job("a"), "TERM")).toBeUndefined();
    world.resetVariables(null);
    world.resetVariables(machine.job("a"));
    expect(world.variables(machine.job("a"))).toEqual(["PATH=/bin", "TERM=linux"]);
  });
});

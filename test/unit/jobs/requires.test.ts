import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const up = (name: string): string => `${name} start/running, process PID`;
const down = (name: string): string => `${name} stop/waiting`;
const web = "requires db\nexec sleep";

/** Main processes in the order in which they were executed. */
const ran = (machine: VirtualMachine): string[] =>
  machine.ran.splice(0).map((line) => line.replace(" main", ""));

describe("requires", () => {
  it("R1 R2: a start pulls what it requires, also a manual job, and waits for it", () => {
    const machine = new VirtualMachine({
      db: "manual\npre-start exec wait\nexec sleep",
      web: `${web}\nstart on never`,
    });
    const client = machine.start("web");
    expect(machine.list()).toEqual([
      "db start/pre-start, process PID".replace("process", "process"),
      "web start/waiting",
    ]);
    expect(machine.world.levels.waitsFor(machine.job("web"))).toEqual(["db"]);
    expect(machine.job("db").startCause).toEqual({ type: "required", by: "web" });
    expect(client.outcome).toBeNull();
    machine.end("db", "pre-start");
    expect(machine.list()).toEqual([up("db"), up("web")]);
    expect(client.outcome).toEqual({ ok: true });
  });

  it("R1: holds the event that started it", () => {
    const machine = new VirtualMachine({ db: "pre-start exec wait\nexec sleep", web: `${web}\nstart on go` });
    const client = machine.emit("go");
    expect(client.outcome).toBeNull();
    machine.end("db", "pre-start");
    expect(client.outcome).toEqual({ ok: true });
  });

  it("R2: a pull for an event leaves alone what was stopped by hand", () => {
    const machine = new VirtualMachine({ db: "exec sleep", web: `${web}\nstart on go` });
    machine.start("db");
    machine.stop("db");
    machine.takeEvents();
    const client = machine.emit("go");
    expect(machine.list()).toEqual([down("db"), down("web")]);
    expect(client.outcome).toEqual({ ok: true });
    expect(machine.takeEvents("stopped", "starting")).toEqual(["stopped JOB=web INSTANCE= RESULT=ok"]);
    machine.start("db");
    expect(machine.list()).toEqual([up("db"), up("web")]);
  });

  it("R2: by hand it starts that too", () => {
    const machine = new VirtualMachine({ db: "exec sleep", web: `${web}\nmanual` });
    machine.start("db");
    machine.stop("db");
    machine.start("web");
    expect(machine.list()).toEqual([up("db"), up("web")]);
  });

  it("R3: the wait lasts through respawns, and fails with the chain and the status of the first cause", () => {
    const machine = new VirtualMachine({
      db: "respawn\nrespawn limit 3 10\nexpect fork\nexec wait",
      app: "requires db\nmanual\nexec sleep",
      web: "requires app\nmanual\nshutdown on failure\nexec sleep",
    });
    const client = machine.start("web");
    for (let time = 0; time < 3; time += 1) {
      machine.end("db", "main", 7);
      expect(machine.status("web")).toBe("web start/waiting");
    }
    machine.end("db", "main", 7);
    expect(machine.list()).toEqual([down("app"), down("db"), down("web")]);
    expect(client.outcome).toMatchObject({ ok: false, message: "Job failed to start" });
    expect((client.outcome as { hint?: string }).hint).toMatch(
      /^web: it requires app, which failed: it requires db, which failed: was respawned too often \(respawn limit\), the last time it terminated with status 7/,
    );
    expect(machine.finished.at(-1)).toEqual({ job: "web", failed: true, exitStatus: 7 });
    expect(machine.takeEvents("starting", "stopped").filter((event) => event.includes("JOB=web"))).toEqual([
      "stopped JOB=web INSTANCE= RESULT=failed PROCESS=requires",
    ]);
  });

  it("R3: a program that is missing fails it at once", () => {
    const machine = new VirtualMachine({ db: "exec missing", web: `${web}\nmanual` });
    expect(machine.start("web").outcome).toMatchObject({ ok: false });
    expect(machine.list()).toEqual([down("db"), down("web")]);
  });

  it("R3: a stop of what it waits for stops it, which is no failure; it comes with it later", () => {
    const machine = new VirtualMachine({ db: "expect fork\nexec sleep", web: `${web}\nmanual` });
    const client = machine.start("web");
    machine.stop("db");
    expect(machine.list()).toEqual([down("db"), down("web")]);
    expect(client.outcome).toMatchObject({
      ok: false,
      hint: "web waits: it requires db, which was stopped by hand (stop)",
    });
    machine.start("db");
    machine.ready("db");
    expect(machine.list()).toEqual([up("db"), up("web")]);
  });

  it("R4: dependents stop first, in reverse order, and db waits in stop/running", () => {
    const machine = new VirtualMachine({
      db: "pre-stop exec true\nexec sleep",
      app: "requires db\nexec trap 0\npre-stop exec wait",
      edge: "requires app\nexec sleep\npre-stop exec wait",
    });
    machine.start("edge");
    machine.takeEvents();
    const client = machine.stop("db");
    expect(machine.list()).toEqual([
      "app stop/running, process PID",
      "db stop/running, process PID",
      "edge stop/pre-stop, (pre-stop) process PID\n\tmain process PID".replace(
        "(pre-stop) process PID\n\tmain process PID",
        "process PID\n\tpre-stop process PID",
      ),
    ]);
    machine.end("edge", "pre-stop");
    machine.end("app", "pre-stop");
    expect(machine.list()).toEqual([down("app"), down("db"), down("edge")]);
    expect(client.outcome).toEqual({ ok: true });
    expect(machine.takeEvents("stopped").map((event) => event.split(" ")[1])).toEqual([
      "JOB=edge",
      "JOB=app",
      "JOB=db",
    ]);
  });

  it("R4: where db failed for good, they are stopped as failed; its own goal is not changed by them", () => {
    const machine = new VirtualMachine({ db: "exec run", web });
    machine.start("web");
    machine.end("db", "main", 3);
    expect(machine.list()).toEqual([down("db"), down("web")]);
    expect(machine.takeEvents("stopped").sort()).toEqual([
      "stopped JOB=db INSTANCE= RESULT=failed PROCESS=main EXIT_STATUS=3",
      "stopped JOB=web INSTANCE= RESULT=failed PROCESS=requires",
    ]);
    expect(machine.world.findClass("web")?.lastStop?.cause).toMatchObject({ type: "requires", job: "db" });
  });

  it("R5: a respawn restarts hard dependents without a stopped event, and leaves soft ones alone", () => {
    const machine = new VirtualMachine({
      db: "respawn\nexec run",
      hard: "requires db\nexec sleep",
      soft: "requires soft db\nexec sleep",
      other: "exec sleep",
    });
    for (const name of ["hard", "soft", "other"]) machine.start(name);
    const pids = ["hard", "soft", "other"].map((name) => machine.pid(name));
    machine.takeEvents();
    machine.end("db", "main", { signal: 9 });
    expect(machine.list()).toEqual([up("db"), up("hard"), up("other"), up("soft")]);
    expect(["soft", "other"].map((name) => machine.pid(name))).toEqual(pids.slice(1));
    expect(machine.pid("hard")).not.toBe(pids[0]);
    expect(machine.job("hard").respawnCount).toBe(0);
    expect(machine.takeEvents("stopped")).toEqual([]);
  });

  it("R5: while db crash-loops a dependent is down, and starts at most once for each db that is there", () => {
    const machine = new VirtualMachine({
      db: "respawn\nrespawn limit unlimited\nexpect fork\nexec run",
      web,
    });
    machine.start("web");
    machine.ready("db");
    ran(machine);
    for (let round = 0; round < 3; round += 1) {
      machine.end("db", "main", 1);
      expect(machine.status("web")).toBe("web start/waiting");
      machine.end("db", "main", 1);
      machine.ready("db");
      expect(machine.status("web")).toBe(up("web"));
    }
    expect(ran(machine).filter((name) => name === "web")).toHaveLength(3);
    expect(machine.job("web").respawnCount).toBe(0);
  });

  it("R5: a dependent that dies with db is not at fault", () => {
    const machine = new VirtualMachine({
      db: "respawn\nexpect fork\nexec run",
      web: "requires db\nexec run",
    });
    machine.start("web");
    machine.ready("db");
    machine.end("db", "main", 1);
    // It was told to stop, and ended with an error of its own.
    expect(machine.status("web")).toBe("web start/killed, process PID");
    machine.end("web", "main", 5);
    machine.ready("db");
    expect(machine.list()).toEqual([up("db"), up("web")]);
    expect(machine.job("web").failure).toBeNull();
  });

  it("R6: a level, not an edge: what is wanted comes back with db, but not what was stopped by hand, also while down", () => {
    const machine = new VirtualMachine({
      db: "exec sleep",
      web,
      other: "requires db\nexec sleep",
      third: "requires db\nexec sleep",
    });
    for (const name of ["web", "other", "third"]) machine.start(name);
    machine.stop("other");
    machine.stop("db");
    expect(machine.stop("third").outcome).toMatchObject({ ok: false, error: "UnknownInstance" });
    expect(machine.list()).toEqual([down("db"), down("other"), down("third"), down("web")]);
    machine.start("db");
    expect(machine.list()).toEqual([up("db"), down("other"), down("third"), up("web")]);
    expect(machine.job("web").startCause).toEqual({ type: "back", job: "db", first: false });
  });

  it("R6: it keeps the variables of its start", () => {
    const machine = new VirtualMachine({ db: "exec sleep", web: "requires db\ninstance $N\nexec sleep" });
    machine.start("web", "N=1", "X=y");
    machine.stop("db");
    machine.start("db");
    expect(machine.list()).toEqual([up("db"), up("web (1)")]);
    expect(machine.env("web (1)")).toEqual(["N=1", "X=y"]);
  });

  it("R7: a required task runs once for many dependents and restarts, and again after a failure", () => {
    const machine = new VirtualMachine({
      migrate: "task\nexec run",
      a: "requires migrate\nexec sleep",
      b: "requires migrate\nexec sleep",
    });
    machine.start("a");
    machine.start("b");
    expect(machine.status("a")).toBe("a start/waiting");
    machine.end("migrate", "main", 0);
    expect(machine.list()).toEqual([up("a"), up("b"), down("migrate")]);
    for (let round = 0; round < 10; round += 1) machine.restart("a");
    expect(ran(machine).filter((name) => name === "migrate")).toHaveLength(1);
    machine.start("migrate");
    machine.end("migrate", "main", 4);
    expect(machine.list()).toEqual([up("a"), up("b"), down("migrate")]);
    const client = machine.restart("a");
    machine.end("migrate", "main", 4);
    expect(client.outcome).toMatchObject({
      ok: false,
      hint: expect.stringContaining("it requires migrate, which failed"),
    });
    expect(machine.list()).toEqual([down("a"), up("b"), down("migrate")]);
  });

  it("R8: a job that nothing else starts is started once what it requires is there, and pulls nothing", () => {
    const machine = new VirtualMachine({
      db: "exec sleep",
      web,
      manual: "manual\nrequires db\nexec sleep",
      event: "start on x\nrequires db\nexec sleep",
    });
    expect(machine.list()).toEqual([down("db"), down("event"), down("manual"), down("web")]);
    machine.start("db");
    expect(machine.list()).toEqual([up("db"), down("event"), down("manual"), up("web")]);
    machine.load("late", "requires db\nexec sleep");
    expect(machine.status("late")).toBe(up("late"));
  });

  it("R9: after is order alone, decided when the event has reached every job", () => {
    const machine = new VirtualMachine({
      first: "after last nosuch\nstart on go\nexec sleep",
      last: "start on go\npre-start exec wait\nexec sleep",
    });
    machine.emit("go");
    expect(machine.list()).toEqual(["first start/waiting", "last start/pre-start, process PID"]);
    machine.end("last", "pre-start", 1);
    expect(machine.list()).toEqual([up("first"), down("last")]);
    machine.stop("first");
    machine.start("first");
    expect(machine.list()).toEqual([up("first"), down("last")]);
  });

  it("R11: all jobs of a cycle, and with an unknown name, fail with that message; others go on", () => {
    const machine = new VirtualMachine({
      a: "requires b\nexec sleep",
      b: "requires c\nexec sleep",
      c: "requires a\nexec sleep",
      lost: "requires nosuch\nexec sleep",
      on: "requires lost\nexec sleep",
      good: "exec sleep",
    });
    for (const name of ["a", "b", "c"]) {
      expect(machine.start(name).outcome).toMatchObject({
        ok: false,
        hint: expect.stringContaining("a cycle of requirements: a -> b -> c -> a"),
      });
    }
    expect(machine.start("on").outcome).toMatchObject({
      ok: false,
      hint: expect.stringContaining(
        "it requires lost, which failed: it requires nosuch, and there is no such job",
      ),
    });
    machine.start("good");
    expect(machine.status("good")).toBe(up("good"));
    machine.load("nosuch", "exec sleep");
    machine.start("nosuch");
    expect(machine.status("lost")).toBe(up("lost"));
  });

  it("R11: a start that would wait for itself fails at once", () => {
    const machine = new VirtualMachine({
      db: "exec sleep",
      web: "start on starting db\nrequires db\nexec sleep",
      soon: "start on starting db\nafter db\nexec sleep",
    });
    expect(machine.start("db").outcome).toEqual({ ok: true });
    // It is wanted all the same, and db is there by now.
    expect(machine.list()).toEqual([up("db"), up("soon"), up("web")]);
    expect(machine.log.join("\n")).toContain("it would wait for itself: it holds the event starting of db");
  });

  it("R11: a start that holds what a process of its requirement waits for fails at once", () => {
    const machine = new VirtualMachine({
      db: "pre-start exec wait\nexec sleep",
      web: "start on prepared\nrequires db\nexec sleep",
    });
    machine.start("db");
    expect(machine.emit("prepared", [], {}, "db").outcome).toMatchObject({ ok: false, error: "EventFailed" });
    expect(machine.log.join("\n")).toContain("it holds the event prepared, for which a process of db waits");
  });

  it("wanted: a stop on that comes true while it is down ends the wish, but not the end of what it requires", () => {
    const machine = new VirtualMachine({
      db: "exec sleep",
      web: "stop on stopping db or enough\nrequires db\nexec sleep",
    });
    machine.start("web");
    machine.stop("db");
    machine.start("db");
    expect(machine.status("web")).toBe(up("web"));
    machine.stop("db");
    machine.emit("enough");
    machine.start("db");
    expect(machine.status("web")).toBe("web stop/waiting");
  });

  it("R10: a job that only waits is stopped at once, and runs no hook", () => {
    const machine = new VirtualMachine({
      db: "expect fork\nexec sleep",
      web: "requires db\npre-start exec true\npost-stop exec true\nexec sleep",
    });
    machine.start("web");
    ran(machine);
    expect(machine.stop("web").outcome).toEqual({ ok: true });
    expect(machine.status("web")).toBe(down("web"));
    expect(ran(machine)).toEqual([]);
    expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=web INSTANCE= RESULT=ok"]);
  });

  it("R14: a running instance keeps what it was started with; files that change together are judged together", () => {
    const machine = new VirtualMachine({ db: "exec sleep", web: "exec sleep" });
    machine.start("db");
    machine.start("web");
    machine.load("web", "requires db\nexec sleep");
    machine.restart("db");
    expect(machine.takeEvents("stopping").map((event) => event.split(" ")[1])).toEqual(["JOB=db"]);
    machine.stop("web");
    machine.start("web");
    machine.takeEvents();
    machine.stop("db");
    expect(machine.takeEvents("stopping").map((event) => event.split(" ")[1])).toEqual(["JOB=web", "JOB=db"]);
    machine.load("late", "requires new\nexec sleep");
    machine.load("new", "start on never\nexec sleep");
    machine.start("late");
    expect(machine.list()).toContain(up("late"));
  });

  it("R16: the events of a job are the same in the same order, only later", () => {
    const eventsOf = (stanza: string): string[] => {
      const machine = new VirtualMachine({
        db: "start on go\npre-start exec wait\nexec sleep",
        prepare: "task\nstart on go\nexec prepare",
        web: `start on go\n${stanza}post-start exec true\nexec sleep`,
      });
      machine.emit("go");
      machine.end("prepare", "main");
      machine.end("db", "pre-start");
      machine.stop("web");
      return machine.takeEvents();
    };
    const [without, withThem] = [eventsOf(""), eventsOf("requires db prepare\n")];
    const ofWeb = (events: string[]): string[] => events.filter((event) => event.includes("JOB=web"));
    expect(ofWeb(withThem)).toEqual(ofWeb(without));
    expect([...withThem].sort()).toEqual([...without].sort());
    const place = (text: string): number => withThem.findIndex((event) => event.startsWith(text));
    expect(place("starting JOB=web")).toBeGreaterThan(place("started JOB=db"));
    expect(place("starting JOB=web")).toBeGreaterThan(place("stopped JOB=prepare"));
  });

  it("N4: events and failures are those of one replica", () => {
    const machine = new VirtualMachine({ web: "replicas 2\nrespawn\nrespawn limit 1 60\nexec run" });
    machine.start("web", "REPLICA=1");
    machine.start("web", "REPLICA=2");
    expect(machine.takeEvents("started")).toEqual([
      "started JOB=web INSTANCE=1 REPLICA=1",
      "started JOB=web INSTANCE=2 REPLICA=2",
    ]);
    const dies = (): void => machine.endPid(machine.job("web", "2").pids.get("main") as number, 1);
    dies();
    dies();
    expect(machine.takeEvents("stopped")).toEqual([
      expect.stringMatching(/^stopped JOB=web INSTANCE=2 RESULT=failed PROCESS=respawn/),
    ]);
    expect(machine.status("web", "1")).toMatch(/^web \(1\) start\/running/);
  });

  it("R12: any instance counts, and dependents go with the last of them", () => {
    const machine = new VirtualMachine({ db: "instance $N\nexec sleep", web });
    expect(machine.start("web").outcome).toMatchObject({ ok: false });
    machine.start("db", "N=1");
    machine.start("db", "N=2");
    expect(machine.status("web")).toBe(up("web"));
    machine.stop("db", "N=1");
    expect(machine.status("web")).toBe(up("web"));
    machine.stop("db", "N=2");
    expect(machine.status("web")).toBe(down("web"));
  });

  it("R13: a restart takes the whole chain down in reverse, and brings it back", () => {
    const machine = new VirtualMachine({
      db: "exec sleep",
      app: "requires db\nexec sleep",
      edge: "requires app\nexec sleep",
    });
    machine.start("edge");
    machine.takeEvents();
    const client = machine.restart("db");
    expect(machine.list()).toEqual([up("app"), up("db"), up("edge")]);
    expect(client.outcome).toEqual({ ok: true });
    expect(
      machine.takeEvents("stopping", "started").map((event) => event.split(" ").slice(0, 2).join(" ")),
    ).toEqual([
      "stopping JOB=edge",
      "stopping JOB=app",
      "stopping JOB=db",
      "started JOB=db",
      "started JOB=app",
      "started JOB=edge",
    ]);
  });

  it("trap 1.4: a restart while db is on its way is passed on: web starts once", () => {
    const machine = new VirtualMachine({ db: "expect fork\nexec sleep", web });
    machine.start("web");
    machine.restart("db");
    expect(machine.status("web")).toBe("web start/waiting");
    machine.ready("db");
    expect(machine.list()).toEqual([up("db"), up("web")]);
    expect(ran(machine).filter((name) => name === "web")).toHaveLength(1);
  });

  it("trap 1.9: dependents that stop do not cancel the respawn of db", () => {
    const machine = new VirtualMachine({ db: "respawn\npost-stop exec true\nexec run", web });
    machine.start("web");
    for (let round = 0; round < 9; round += 1) {
      machine.end("db", "main", { signal: 11 });
      expect(machine.list()).toEqual([up("db"), up("web")]);
    }
  });

  it("the trap of events: a restart of the cache leaves no web server down", () => {
    const machine = new VirtualMachine({
      cache: "exec sleep",
      migrate: "task\nexec true",
      web: "requires cache migrate\nstart on go\nexec sleep",
    });
    machine.emit("go");
    machine.restart("cache");
    expect(machine.list()).toEqual([up("cache"), down("migrate"), up("web")]);
  });
});

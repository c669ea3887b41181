import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const up = (name: string): string => `${name} start/running, process PID`;
const tried = (machine: VirtualMachine): string[] => machine.probes.map(({ text }) => text);

describe("ready", () => {
  it("D1 D2: the job runs when it succeeds; tries come at once, then ever more slowly up to a second", () => {
    const machine = new VirtualMachine({ web: "env PORT=8080\nready tcp $PORT\nexec sleep" });
    const client = machine.start("web");
    expect(machine.status("web")).toBe("web start/spawned, process PID");
    expect(tried(machine)).toEqual(["tcp 8080"]);
    for (const pause of [100, 150, 225, 337, 506, 759, 1000, 1000]) {
      machine.probed("web", "bad", "Connection refused");
      machine.pass(pause - 2);
      expect(tried(machine)).toEqual([]);
      machine.pass(3);
      expect(tried(machine)).toEqual(["tcp 8080"]);
    }
    expect(client.outcome).toBeNull();
    machine.probed("web", "good");
    expect(client.outcome).toEqual({ ok: true });
    expect(machine.status("web")).toBe(up("web"));
    machine.pass(100_000);
    expect(tried(machine)).toEqual([]);
  });

  it("D2: `ready every` fixes the pause", () => {
    const machine = new VirtualMachine({ web: "ready unix /x\nready every 3\nexec sleep" });
    machine.start("web");
    machine.probed("web", "bad");
    machine.pass(2_999);
    expect(tried(machine)).toEqual([]);
    machine.pass(1);
    expect(tried(machine)).toEqual(["unix /x"]);
  });

  it("D1: with expect fork it is tried once the daemon is followed", () => {
    const machine = new VirtualMachine({ web: "expect fork\nready tcp 80\nexec sleep" });
    machine.start("web");
    expect(tried(machine)).toEqual([]);
    machine.ready("web");
    machine.probed("web", "good");
    expect(machine.status("web")).toBe(up("web"));
  });

  it("D3: a minute is enough by default; with respawn it respawns, and five in a row are for good", () => {
    const machine = new VirtualMachine({ web: "respawn\nready tcp 80\nexec sleep" });
    const client = machine.start("web");
    for (let time = 0; time < 5; time += 1) {
      machine.probed("web", "bad", "Connection refused");
      machine.pass(60_000);
    }
    expect(machine.status("web")).toBe("web stop/waiting");
    expect(machine.ran).toHaveLength(5);
    expect(client.outcome).toMatchObject({
      ok: false,
      hint: expect.stringContaining("start timeout (tcp 80: Connection refused)"),
    });
    expect(machine.log.join("\n")).toContain(
      "  web is not ready (tcp 80: Connection refused); `start timeout` says how long it may take",
    );
  });

  it("D3: a written start timeout replaces the minute, and without respawn it is a failure for good", () => {
    const machine = new VirtualMachine({ web: "start timeout 5\nready tcp 80\nexec sleep" });
    machine.start("web");
    machine.pass(5_000);
    expect(machine.status("web")).toBe("web stop/waiting");
    expect(machine.takeEvents("stopped")).toEqual([
      "stopped JOB=web INSTANCE= RESULT=failed PROCESS=main EXIT_SIGNAL=TERM",
    ]);
  });

  it("D3: post-start is not counted", () => {
    const machine = new VirtualMachine({ web: "ready tcp 80\nexec sleep\npost-start exec wait" });
    machine.start("web");
    machine.probed("web", "good");
    machine.pass(600_000);
    expect(machine.status("web")).toMatch(/^web start\/post-start/);
  });

  it("D4: where main ends meanwhile the probe is dropped", () => {
    const machine = new VirtualMachine({ web: "ready tcp 80\nexec wait" });
    const client = machine.start("web");
    machine.end("web", "main", 3);
    expect(tried(machine)).toEqual([]);
    expect(client.outcome).toMatchObject({ ok: false });
    expect(machine.status("web")).toBe("web stop/waiting");
  });

  it("a stop ends it at once", () => {
    const machine = new VirtualMachine({ web: "ready tcp 80\nexec sleep" });
    machine.start("web");
    machine.stop("web");
    expect([tried(machine), machine.status("web")]).toEqual([[], "web stop/waiting"]);
  });

  it("R3: a dependent waits for it", () => {
    const machine = new VirtualMachine({ db: "ready tcp 5432\nexec sleep", web: "requires db\nexec sleep" });
    machine.start("web");
    expect(machine.status("web")).toBe("web start/waiting");
    machine.probed("db", "good");
    expect(machine.status("web")).toBe(up("web"));
  });
});

describe("check", () => {
  const text = "check tcp 80\nexec sleep";

  it("C1: only while it runs, the first at most ten seconds and a tenth after it began", () => {
    const machine = new VirtualMachine({ web: `check every 60\n${text}` });
    machine.start("web");
    machine.pass(9_999);
    expect(tried(machine)).toEqual([]);
    machine.pass(1);
    expect(tried(machine)).toEqual(["tcp 80"]);
    machine.pass(100_000);
    expect(tried(machine)).toEqual(["tcp 80"]);
    machine.probed("web", "good");
    machine.pass(59_999);
    expect(tried(machine)).toEqual([]);
    machine.pass(1);
    expect(tried(machine)).toEqual(["tcp 80"]);
    machine.stop("web");
    expect(tried(machine)).toEqual([]);
  });

  const fail = (machine: VirtualMachine, times: number, reason = "no"): void => {
    for (let time = 0; time < times; time += 1) {
      machine.pass(11_000);
      machine.probed("web", "bad", reason);
    }
  };

  it("C2 C3: three failures in a row restart it, also without respawn, and with a pause", () => {
    const machine = new VirtualMachine({ web: text });
    machine.start("web");
    const pid = machine.pid("web");
    fail(machine, 2);
    machine.pass(11_000);
    machine.probed("web", "good");
    fail(machine, 3, "refused");
    expect(machine.takeEvents("unhealthy", "healthy")).toEqual([
      "unhealthy JOB=web INSTANCE= CHECK=tcp 80 REASON=refused",
    ]);
    expect(machine.status("web")).toBe("web start/post-stop");
    machine.pass(1_000);
    expect(machine.status("web")).toBe(up("web"));
    expect(machine.pid("web")).not.toBe(pid);
    expect(machine.job("web").startCause).toEqual({ type: "check", why: "check tcp 80: refused" });
    expect(machine.job("web").respawnCount).toBe(0);
  });

  it("C3: five restarts without a minute of health are a failure for good", () => {
    const machine = new VirtualMachine({ web: `check every 1\n${text}` });
    machine.start("web");
    for (let round = 0; round < 5; round += 1) {
      for (let time = 0; time < 3; time += 1) {
        machine.pass(1_100);
        machine.probed("web", "bad", "refused");
      }
      machine.pass(31_000 - 3_300);
    }
    expect(machine.status("web")).toBe("web stop/waiting");
    expect(machine.world.findClass("web")?.lastFailure?.reason).toBe("check tcp 80: refused");
  });

  it("C2: `none` only tells, and the next success too", () => {
    const machine = new VirtualMachine({ web: `check on failure none\ncheck failures 2\n${text}` });
    machine.start("web");
    fail(machine, 4);
    machine.pass(11_000);
    machine.probed("web", "good");
    expect(machine.takeEvents("unhealthy", "healthy")).toEqual([
      "unhealthy JOB=web INSTANCE= CHECK=tcp 80 REASON=no",
      "healthy JOB=web INSTANCE= CHECK=tcp 80",
    ]);
    expect(machine.status("web")).toBe(up("web"));
  });

  it("C3: `stop` is a failure, `shutdown` ends the container", () => {
    for (const action of ["stop", "shutdown"]) {
      const machine = new VirtualMachine({ web: `check on failure ${action}\ncheck failures 1\n${text}` });
      machine.start("web");
      fail(machine, 1);
      expect(machine.status("web")).toBe("web stop/waiting");
      expect(machine.finished).toEqual([{ job: "web", failed: true, exitStatus: 1 }]);
      expect(machine.takeEvents("stopped")).toEqual(["stopped JOB=web INSTANCE= RESULT=failed PROCESS=main"]);
    }
  });

  it("C4: what upinit itself lacks is no failure of the service; a program that is missing restarts nothing", () => {
    const machine = new VirtualMachine({ web: "check exec look\ncheck failures 1\nexec sleep" });
    machine.start("web");
    const pid = machine.pid("web");
    for (let time = 0; time < 5; time += 1) {
      machine.pass(11_000);
      machine.probed("web", "unknown", "Resource temporarily unavailable");
    }
    expect(machine.log.filter((line) => line.includes("cannot be tried"))).toHaveLength(1);
    machine.pass(11_000);
    machine.probed("web", "error", "unable to execute: No such file or directory");
    expect(machine.pid("web")).toBe(pid);
    expect(machine.job("web").probes?.[0]).toMatchObject({ result: "bad" });
  });

  it("R5: a restart by a check takes hard dependents along", () => {
    const machine = new VirtualMachine({
      web: `check failures 1\n${text}`,
      edge: "requires web\nexec sleep",
    });
    machine.start("edge");
    const pid = machine.pid("edge");
    fail(machine, 1);
    expect(machine.status("edge")).toBe("edge start/waiting");
    machine.pass(1_000);
    expect(machine.status("edge")).toBe(up("edge"));
    expect(machine.pid("edge")).not.toBe(pid);
  });
});

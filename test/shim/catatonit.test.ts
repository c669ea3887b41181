/** What is known of catatonit's behaviour, against the real catatonit and upinit under its name. */
import { afterEach, describe, expect, it } from "vitest";
import * as harness from "./harness.ts";
import {
  asPid1,
  descendants,
  namespaceInit,
  onTerminal,
  printSignals,
  processRow,
  Running,
  run,
  statusField,
  until,
  within,
} from "./harness.ts";
import { programs } from "./programs.ts";

afterEach(harness.sweep);

describe.each(programs("catatonit"))("$label $missing", ({ path: catatonit, missing, ours }) => {
  describe.skipIf(missing !== undefined)("command line", () => {
    it.each([["-V"], ["--version"]])("%s", async (flag) => {
      const { status, stdout } = await run([catatonit, flag]);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^tini version \d+\.\d+\.\d+_catatonit\n$/);
    });

    it("-h on standard error", async () => {
      const { status, stdout, stderr } = await run([catatonit, "-h"]);
      expect([status, stdout]).toEqual([0, ""]);
      expect(stderr).toMatch(/^usage: catatonit \[-ghLPV\] \[--\] <progname> \[<arguments>\.\.\.\]\n/);
    });

    it("-L on standard output", async () => {
      const { status, stdout } = await run([catatonit, "-L"]);
      expect(status).toBe(0);
      expect(stdout).toContain("Copyright");
    });

    it.each([
      [[], "missing program name"],
      [["-x"], "invalid option -- 'x'"],
      [["--foo"], "unrecognized option '--foo'"],
    ])("%j is refused with 1 and the usage", async (given, message) => {
      const { status, stderr } = await run([catatonit, ...given]);
      expect(status).toBe(1);
      expect(stderr).toContain(message);
      expect(stderr).toMatch(/\nusage: catatonit \[-ghLPV\] \[--\] <progname> \[<arguments>\.\.\.\]\n$/);
    });

    it("refuses CATATONIT_LOG", async () => {
      const { status, stderr } = await run([catatonit, "true"], { env: { CATATONIT_LOG: "/dev/null" } });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^ERROR \(catatonit:\d+\): CATATONIT_LOG is reserved for future use\n$/);
    });

    it("CATATONIT_DEBUG tells what it does", async () => {
      const { status, stderr } = await run([catatonit, "true"], { env: { CATATONIT_DEBUG: "" } });
      expect(status).toBe(0);
      expect(stderr).toMatch(/DEBUG \(catatonit:\d+\): .*pid1 \(\d+\) spawned: true\n/s);
    });

    it("looks for options behind the program's name, unless --", async () => {
      expect((await run([catatonit, "echo", "-x"])).status).toBe(1);
      expect((await run([catatonit, "--", "echo", "-x"])).stdout).toBe("-x\n");
    });
  });

  describe.skipIf(missing !== undefined)("exit status", () => {
    it.each([0, 1, 2, 64, 127, 255])("exit %i", async (status) => {
      expect((await run([catatonit, "--", "sh", "-c", `exit ${status}`])).status).toBe(status);
    });

    it.each([1, 3, 9, 15])("killed by %i", async (signal) => {
      expect((await run([catatonit, "--", "sh", "-c", `kill -${signal} $$; sleep 100`])).status).toBe(
        128 + signal,
      );
    });

    it.each([
      ["/doesnotexist", "No such file or directory"],
      ["/etc", "Permission denied"],
    ])("%s can't be executed: 1", async (command, reason) => {
      const { status, stderr } = await run([catatonit, command]);
      expect(status).toBe(1);
      expect(stderr).toContain(`failed to exec pid1: ${reason}`);
    });
  });

  describe.skipIf(missing !== undefined)("signals", () => {
    it.each([15, 10, 12, 1])("passes %i to the program", async (signal) => {
      const running = new Running([catatonit, "--", "sh", "-c", "echo ready; read line"]);
      await running.printed("ready");
      running.signal(signal);
      expect((await within(running.ended, "catatonit ends")).status).toBe(128 + signal);
    });

    it("lets the signals pass by that a terminal stops a job with", async () => {
      const running = new Running([catatonit, "--", ...printSignals]);
      await running.printed("ready\n");
      for (const signal of [20, 21, 22, 10]) running.signal(signal);
      await running.printed("10\n");
      expect(running.stdout).toBe("ready\n10\n");
      running.signal(9);
      await running.ended;
    });

    it("-g reaches the group", async () => {
      const child = "trap : USR1; echo ready; env --default-signal=USR1 sleep 1000; echo over";
      const running = new Running([catatonit, "-g", "--", "sh", "-c", child]);
      await until("sleep runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.signal(10);
      expect((await within(running.ended, "catatonit ends")).stdout).toBe("ready\nover\n");
    });

    it.each([15, 2])("-P waits for %i and ends with 0", async (signal) => {
      const running = new Running(asPid1([catatonit, "-P"]));
      const init = await namespaceInit(running.pid);
      const name = catatonit.slice(catatonit.lastIndexOf("/") + 1);
      await until("it waits", () => statusField(init, "Name") === name && processRow(init)?.state === "S");
      process.kill(init, signal);
      expect((await within(running.ended, "the pause ends")).status).toBe(0);
    });
  });

  describe.skipIf(missing !== undefined)("children", () => {
    it("LISTEN_PID becomes the program's if it was catatonit's, and stays if it was another's", async () => {
      const inner =
        'test "$LISTEN_PID" = $$ && echo mine; echo "$LISTEN_FDS"; test "$LISTEN_PID" = 1 && echo kept';
      const command = [
        "sh",
        "-c",
        'LISTEN_PID=$$ LISTEN_FDS=2 exec "$@"',
        "sh",
        catatonit,
        "--",
        "sh",
        "-c",
        inner,
      ];
      expect((await run(command)).stdout).toBe("mine\n2\n");
      const env = { LISTEN_PID: "1", LISTEN_FDS: "2" };
      expect((await run([catatonit, "--", "sh", "-c", inner], { env })).stdout).toBe("2\nkept\n");
      expect((await run([catatonit, "--", "sh", "-c", 'echo "<$LISTEN_PID>"'])).stdout).toBe("<>\n");
    });

    it("-P reaps orphans where it is not PID 1, and lets go of descriptors", async () => {
      const pauseFor = 'exec 9</dev/null; (sleep 0.2; exit 0) & exec "$0" -P';
      const running = new Running(["sh", "-c", pauseFor, catatonit]);
      await until("there is no child left", () => {
        const name = statusField(running.pid, "Name");
        return name !== "sh" && descendants(running.pid).length === 0;
      });
      await until("it has let go", () => !harness.openDescriptors(running.pid).includes(9));
      running.signal(15);
      expect((await within(running.ended, "the pause ends")).status).toBe(0);
    });

    it("takes orphans in, whether PID 1 or not, and reaps them", async () => {
      const child = "sh -c 'sleep 0.3 <&- >&- 2>&- &'; echo left; while :; do read line && exit 0; done";
      const running = new Running([catatonit, "--", "sh", "-c", child]);
      await running.printed("left");
      expect(descendants(running.pid)).toHaveLength(2);
      await until("the orphan is gone", () => descendants(running.pid).length === 1);
      running.write("end\n");
      expect((await within(running.ended, "catatonit ends")).status).toBe(0);
    });

    it("keeps no descriptor that only the program is to have", async () => {
      const command = 'exec 9</dev/null; exec "$0" -- sh -c "echo ready; read line"';
      const running = new Running(["sh", "-c", command, catatonit]);
      await running.printed("ready");
      const child = descendants(running.pid)[0]?.pid ?? 0;
      const has = (pid: number) => harness.openDescriptors(pid).includes(9);
      expect(has(child)).toBe(true);
      await until("it has let go", () => !has(running.pid));
      running.write("end\n");
      await within(running.ended, "catatonit ends");
    });

    // catatonit starts its program with SIGTSTP blocked, so there Ctrl-Z does nothing.
    it.runIf(ours)("a shell on a terminal has job control", async () => {
      const running = new Running(onTerminal([catatonit, "--", "bash", "--norc", "-i"]));
      await until("the prompt", () => /[$#] $/.test(running.stdout));
      running.write("sleep 1000\n");
      await until("sleep runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.write("\x1a");
      await running.printed("Stopped");
      running.write("kill %1; exit 7\n");
      await until("a warning or the end", () => /stopped jobs|exit/.test(running.stdout));
      running.write("exit 7\n");
      expect((await within(running.ended, "script ends")).status).toBe(7);
    });
  });
});

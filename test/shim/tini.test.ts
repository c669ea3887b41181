/** What tini's own suite checks, row by row, against the real tini and upinit under its name. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import * as harness from "./harness.ts";
import {
  asNobody,
  asPid1,
  asSubreaper,
  descendants,
  hasSignal,
  isRoot,
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

const everyStatus = Array.from({ length: 256 }, (_, status) => status);

/** Leaves a hundred orphans that live for a while, says "left", and ends when its input does. */
const leaveOrphans = [
  "sh",
  "-c",
  `sh -c 'i=0; while [ $i -lt 100 ]; do sleep 0.$((i % 3 + 1)) <&- >&- 2>&- & i=$((i + 1)); done'
   echo left; read line; exit 0`,
];

afterEach(harness.sweep);

describe.each(programs("tini"))("$label $missing", ({ path: tini, missing, ours }) => {
  describe.skipIf(missing !== undefined)("smoke", () => {
    it("prints its version if that is all it is asked for", async () => {
      const { status, stdout } = await run([tini, "--version"]);
      expect(stdout).toMatch(/^tini version \d+\.\d+\.\d+/);
      expect(status).toBe(0);
    });

    it("does not print it when there are other arguments", async () => {
      const { status, stdout, stderr } = await run([tini, "--version", "--foo"]);
      expect(stdout).not.toMatch(/^tini version/);
      expect(stderr).toContain("invalid option");
      expect(status).toBe(1);
    });

    it("without a command: usage on standard error, 1", async () => {
      const { status, stdout, stderr } = await run([tini]);
      expect(stderr).toContain("supervision of a valid init process");
      expect(stdout).toBe("");
      expect(status).toBe(1);
    });

    it("-h prints its usage on standard output", async () => {
      const { status, stdout, stderr } = await run([tini, "-h"]);
      expect(stdout).toContain("supervision of a valid init process");
      expect(stdout).toContain("more verbose");
      expect(stdout).toContain("Usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version");
      expect(stderr).toBe("");
      expect(status).toBe(0);
    });

    it("-l prints the licence of the program that runs", async () => {
      const { status, stdout } = await run([tini, "-l"]);
      expect(stdout).toContain("Permission is hereby granted, free of charge");
      if (ours) expect(stdout).toBe(readFileSync(join(import.meta.dirname, "../../LICENSE"), "utf8"));
      expect(status).toBe(0);
    });

    it.each([
      ["true", 0],
      ["false", 1],
    ])("-vvv %s", async (command, expected) => {
      expect((await run([tini, "-vvv", command])).status).toBe(expected);
    });

    it("-- ends the options once", async () => {
      expect((await run([tini, "-vvv", "--", "true"])).status).toBe(0);
      expect((await run([tini, "-vvv", "--", "--", "true"])).status).not.toBe(0);
    });

    it("TINI_VERBOSITY=3 tells of SIGCHLD, and stays in the child's environment", async () => {
      const { stdout, stderr, status } = await run([tini, "--", "sh", "-c", "echo v=$TINI_VERBOSITY"], {
        env: { TINI_VERBOSITY: "3" },
      });
      expect(stdout + stderr).toContain("Received SIGCHLD");
      expect(stdout + stderr).toMatch(/\[INFO {2}tini \(\d+\)\] Spawned child process 'sh' with pid '\d+'/);
      expect(stdout).toContain("v=3\n");
      expect(status).toBe(0);
    });

    it.each([
      ["foobar123", 127, "No such file or directory"],
      ["/etc", 126, "Permission denied"],
    ])("%s can't be executed: %i", async (command, expected, reason) => {
      const { status, stderr } = await run([tini, command]);
      expect(status).toBe(expected);
      expect(stderr).toMatch(new RegExp(`\\[FATAL tini \\(\\d+\\)\\] exec ${command} failed: ${reason}`));
    });

    it("standard input reaches the child", async () => {
      expect((await run([tini, "sh"], { input: "exit 7\n" })).status).toBe(7);
    });

    it("a command may be called like an option, after --", async () => {
      const directory = mkdtempSync(join(tmpdir(), "upinit-tini-"));
      try {
        for (const name of ["-h", "-s", "-w", "-x", "--version"]) {
          symlinkSync("/bin/true", join(directory, name));
          const { status } = await run([tini, "--", name], {
            env: { PATH: `${directory}:${process.env["PATH"]}` },
          });
          expect([name, status]).toEqual([name, 0]);
        }
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  });

  describe.skipIf(missing !== undefined)("options", () => {
    it.each([
      [["-e", "300", "true"], "[FATAL"],
      [["-e", "-1", "true"], "Not a valid option for -e: -1"],
      [["-e", "3x", "true"], "Not a valid option for -e: 3x"],
      [["-e", "+", "true"], "Not a valid option for -e: +"],
      [["-e", " ", "true"], "Not a valid option for -e:  "],
      [["-e", "5 ", "true"], "Not a valid option for -e: 5 "],
      [["-p", "FOO", "true"], "Not a valid option for -p: FOO"],
      [["-p", "KILL", "true"], "Not a valid option for -p: KILL"],
      [["-p", "9", "true"], "Not a valid option for -p: 9"],
      [["-p", "SIGIO", "true"], "Not a valid option for -p: SIGIO"],
      [["-p", "SIGSTKFLT", "true"], "Not a valid option for -p: SIGSTKFLT"],
      [["-p", "SIGCLD", "true"], "Not a valid option for -p: SIGCLD"],
      [["-e"], "option requires an argument -- 'e'"],
      [["-z"], "invalid option -- 'z'"],
      [["--help"], "invalid option -- '-'"],
    ])("%j is refused with 1", async (given, message) => {
      const { status, stderr, stdout } = await run([tini, ...given]);
      expect(stderr + stdout).toContain(message);
      expect(status).toBe(1);
    });

    it.each(["05", " 5", "+5", "0000000000005"])("-e %j is 5", async (value) => {
      expect((await run([tini, "-s", "-e", value, "--", "sh", "-c", "exit 5"])).status).toBe(0);
    });

    it.each(["", "-0"])("-e %j is 0", async (value) => {
      expect((await run([tini, "-s", "-e", value, "true"])).status).toBe(0);
    });

    it("-p knows the 28 names of tini", async () => {
      const names =
        "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT TSTP TTIN TTOU URG XCPU XFSZ " +
        "VTALRM PROF WINCH SYS KILL STOP";
      for (const name of names.split(" ")) {
        expect([name, (await run([tini, "-s", "-p", `SIG${name}`, "true"])).status]).toEqual([name, 0]);
      }
    });

    it.each([
      ["0", ""],
      ["x", ""],
      ["2", "INFO"],
      ["3", "DEBUG"],
      ["-1", "TRACE"],
    ])("TINI_VERBOSITY=%s outranks -v", async (verbosity, level) => {
      const { stdout, stderr } = await run([tini, "-s", "-v", "true"], {
        env: { TINI_VERBOSITY: verbosity },
      });
      const levels = ["INFO", "DEBUG", "TRACE"];
      const said = levels.filter((each) => stdout.includes(`[${each.padEnd(5)} tini (`));
      expect([said, stderr]).toEqual([levels.slice(0, levels.indexOf(level) + 1), ""]);
    });

    it("-vvv tells everything", async () => {
      const { stdout } = await run([tini, "-s", "-vvv", "--", "sh", "-c", "kill -9 $$"]);
      expect(stdout.replace(/\(\d+\)/g, "(1)").replace(/pid(:?) '\d+'/g, "pid$1 '2'")).toBe(
        [
          "[TRACE tini (1)] Registered as child subreaper",
          "[INFO  tini (1)] Spawned child process 'sh' with pid '2'",
          "[DEBUG tini (1)] Received SIGCHLD",
          "[DEBUG tini (1)] Reaped child with pid: '2'",
          "[INFO  tini (1)] Main child exited with signal (with signal 'Killed')",
          "[TRACE tini (1)] No child to wait",
          "[TRACE tini (1)] Exiting: child has exited",
          "",
        ].join("\n"),
      );
    });

    it("-v tells the status of what could not be executed", async () => {
      const { stdout, status } = await run([tini, "-s", "-v", "does-not-exist"]);
      expect(stdout).toContain("Main child exited normally (with status '127')");
      expect(status).toBe(127);
    });

    it("-vvv calls signals by what they mean", async () => {
      const running = new Running([tini, "-s", "-vvv", "--", "sh", "-c", "echo ready; exec sleep 1000"]);
      await until("sleep runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.signal(15);
      const { stdout } = await within(running.ended, "tini ends");
      expect(stdout).toContain("Passing signal: 'Terminated'\n");
      expect(stdout).toContain("Main child exited with signal (with signal 'Terminated')\n");
    });

    it("-w alone is no command: 1", async () => {
      expect((await run([tini, "-w"])).status).toBe(1);
    });

    it("looks for options behind the command, as getopt does, unless -- or POSIXLY_CORRECT", async () => {
      const silent = { TINI_SUBREAPER: "" };
      const late = await run([tini, "sh", "-e", "5", "-c", "exit 5"], { env: silent });
      expect(late.stderr).toContain("invalid option -- 'c'");
      expect(late.status).toBe(1);
      expect((await run([tini, "echo", "-w"], { env: silent })).stdout).toBe("\n");
      expect((await run([tini, "echo", "a", "-s", "b", "--", "-w"], { env: silent })).stdout).toBe(
        "a b -w\n",
      );
      expect((await run([tini, "--", "echo", "-w"], { env: silent })).stdout).toBe("-w\n");
      expect((await run([tini, "echo", "-w"], { env: { ...silent, POSIXLY_CORRECT: "1" } })).stdout).toBe(
        "-w\n",
      );
    });

    it("takes options in one word, and arguments without a space", async () => {
      const { status, stderr } = await run([tini, "-sge5", "--", "sh", "-c", "exit 5"]);
      expect([status, stderr]).toEqual([0, ""]);
    });
  });

  describe.skipIf(missing !== undefined)("inner", () => {
    it("I1 -e N makes 0 of each status", async () => {
      for (const status of everyStatus) {
        const outcome = await run([tini, "-s", "-e", String(status), "--", "sh", "-c", `exit ${status}`]);
        expect([status, outcome.status]).toEqual([status, 0]);
      }
    });

    it("I2 -e leaves every other status alone", async () => {
      for (const status of everyStatus) {
        const others = everyStatus
          .filter((other) => other !== status)
          .flatMap((other) => ["-e", String(other)]);
        const outcome = await run([tini, "-s", ...others, "sh", "-c", `exit ${status}`], {
          env: { POSIXLY_CORRECT: "1" },
        });
        expect([status, outcome.status]).toEqual([status, status]);
      }
    });

    it.each([
      ["-s", [tini, "-s"], {}],
      ["TINI_SUBREAPER", [tini], { TINI_SUBREAPER: "" }],
      ["-w", [tini, "-s", "-w"], {}],
    ])("I3 and I4 reaps a hundred orphans (%s)", async (how, command, env) => {
      const running = new Running([...command, "--", ...leaveOrphans], { env });
      await running.printed("left");
      const below = descendants(running.pid);
      const groups = new Set([running.pid, ...below.map((row) => row.group)].map(String));
      const child = await until("the child is all that is left", () => {
        const rows = descendants(running.pid);
        return rows.length === 1 ? rows[0] : undefined;
      });
      expect(child.group).toBe(child.pid);
      expect(processRow(running.pid)?.group).not.toBe(child.group);
      expect(groups.has(String(child.pid))).toBe(true);
      running.closeInput();
      const { status, stderr } = await within(running.ended, "tini ends");
      expect(stderr).not.toContain("zombie reaping won't work");
      if (how === "-w") expect(stderr).toContain("Reaped zombie process with pid=");
      else expect(stderr).not.toContain("Reaped zombie process with pid=");
      expect(status).toBe(0);
      expect(descendants(process.pid).filter((row) => row.group === child.group)).toEqual([]);
    });

    it.each([15, 10, 12])("I5 a child that signal %i ends gives 128 + it", async (signal) => {
      const running = new Running([tini, "-s", "--", "sh", "-c", "echo ready; sleep 100 >&- 2>&-; :"]);
      await running.printed("ready");
      await until("the grandchild is there", () => descendants(running.pid).length > 1);
      running.signal(signal);
      expect((await within(running.ended, "tini ends")).status).toBe(128 + signal);
    });

    it.each([
      ["-g", ["-g"], {}],
      ["TINI_KILL_PROCESS_GROUP", [], { TINI_KILL_PROCESS_GROUP: "1" }],
    ])("I6 %s signals the whole group", async (_how, given, env) => {
      const child = "trap : USR1; echo ready; env --default-signal=USR1 sleep 1000; echo over";
      const running = new Running([tini, "-s", ...given, "--", "sh", "-c", child], { env });
      await until("the grandchild runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.signal(10);
      const { status, stdout } = await within(running.ended, "tini ends");
      expect(stdout).toBe("ready\nover\n");
      expect(status).toBe(0);
    });

    it("I6 without -g only the child gets it", async () => {
      const child = "trap 'echo caught' USR1; echo ready; while :; do read line && exit 0; done";
      const running = new Running([tini, "-s", "--", "sh", "-c", `sleep 1000 >&- 2>&- & ${child}`]);
      await running.printed("ready");
      running.signal(10);
      await running.printed("caught");
      const sleeping = descendants(running.pid).filter((row) => statusField(row.pid, "Name") === "sleep");
      expect(sleeping).toHaveLength(1);
      running.write("end\n");
      expect((await within(running.ended, "tini ends")).status).toBe(0);
    });

    it("I7 says when it can't reap: not PID 1 and no subreaper", async () => {
      const running = new Running([tini, "--", ...leaveOrphans], { env: { TINI_VERBOSITY: "1" } });
      await running.printed("left");
      await until("the orphans are somebody else's", () => descendants(running.pid).length === 1);
      running.closeInput();
      const { stderr } = await within(running.ended, "tini ends");
      expect(stderr).toContain("zombie reaping won't work");
      expect(stderr).toMatch(/\[WARN {2}tini \(\d+\)\] Tini is not running as PID 1/);
    });

    it("I3 does not complain where it was made a subreaper by who executed it", async () => {
      const running = new Running(asSubreaper([tini, "-w", "--", ...leaveOrphans]));
      await running.printed("left");
      await until("the child is all that is left", () => descendants(running.pid).length === 1);
      running.closeInput();
      const { stderr, status } = await within(running.ended, "tini ends");
      expect(stderr).not.toContain("zombie reaping won't work");
      expect(stderr).toContain("Reaped zombie process with pid=");
      expect(status).toBe(0);
    });

    it("ignores SIGTTIN and SIGTTOU, which would stop the child", async () => {
      const running = new Running([tini, "-s", "--", ...printSignals]);
      await running.printed("ready\n");
      for (const signal of [21, 22, 20, 10]) running.signal(signal);
      await running.printed("10\n");
      await running.printed("20\n");
      expect(running.stdout.split("\n")).not.toContain("21");
      expect(running.stdout.split("\n")).not.toContain("22");
      running.signal(9);
      await running.ended;
    });

    it("I7 says nothing with TINI_VERBOSITY=0", async () => {
      expect((await run([tini, "true"], { env: { TINI_VERBOSITY: "0" } })).stderr).toBe("");
    });

    it("I8 the child has the ignored and blocked signals that it would have had without tini", async () => {
      const given = ["--ignore-signal=TTOU,SEGV,INT", "--block-signal=TTIN,ILL,TERM"];
      const { stdout, status } = await run(["env", ...given, tini, "-s", "cat", "/proc/self/status"]);
      expect(status).toBe(0);
      const set = (field: string) => new RegExp(`${field}:\\s*([0-9a-f]+)`).exec(stdout)?.[1] ?? "0";
      for (const signal of [22, 11, 2])
        expect([signal, hasSignal(set("SigIgn"), signal)]).toEqual([signal, true]);
      for (const signal of [21, 4, 15])
        expect([signal, hasSignal(set("SigBlk"), signal)]).toEqual([signal, true]);
      expect(hasSignal(set("SigBlk"), 10)).toBe(false);
      expect(hasSignal(set("SigIgn"), 10)).toBe(false);
    });

    it("I9 -p sends the child a signal when the parent dies", async () => {
      const inner = "trap 'echo told; exit 3' USR1; echo ready; while :; do sleep 0.05; done";
      const running = new Running([
        "sh",
        "-c",
        '"$@"; :',
        "sh",
        tini,
        "-s",
        "-p",
        "SIGUSR1",
        "--",
        "sh",
        "-c",
        inner,
      ]);
      await running.printed("ready");
      running.signal(9);
      await running.printed("told");
    });
  });

  describe.skipIf(missing !== undefined)("outer", () => {
    it("reaps as PID 1, where it needs no option", async () => {
      const running = new Running(asPid1([tini, "--", ...leaveOrphans]));
      await running.printed("left");
      const init = await namespaceInit(running.pid);
      await until("the child is all that is left", () => descendants(init).length === 1);
      running.closeInput();
      const { status, stderr } = await within(running.ended, "the container ends");
      expect([status, stderr]).toEqual([0, ""]);
    });

    it.each([15, 10, 12])("a signal %i from outside ends the container with 128 + it", async (signal) => {
      const running = new Running(asPid1([tini, "--", "sh", "-c", "echo ready; exec sleep 1000"]));
      await running.printed("ready");
      const init = await namespaceInit(running.pid);
      await until("sleep runs", () =>
        descendants(init).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      process.kill(init, signal);
      expect((await within(running.ended, "the container ends")).status).toBe(128 + signal);
    });

    it.each([
      [["-z"], 1],
      [["-h"], 0],
      [["zzzz"], 127],
    ])("%j as PID 1: %i", async (given, expected) => {
      expect((await run(asPid1([tini, ...given]))).status).toBe(expected);
    });

    it.skipIf(spawnSync("valgrind", ["--version"]).error !== undefined)("loses no memory", async () => {
      const valgrind = ["valgrind", "-q", "--leak-check=full", "--error-exitcode=99"];
      expect((await run([...valgrind, tini, "-s", "ls", "/"])).status).toBe(0);
    });

    it("a shell on a terminal ends with exit 0", async () => {
      const running = new Running(onTerminal([tini, "-s", "--", "sh", "-i"]));
      await until("the prompt", () => /[$#] $/.test(running.stdout));
      running.write("exit 0\n");
      expect((await within(running.ended, "script ends")).status).toBe(0);
    });

    it("Ctrl-C on a terminal ends the child: 130", async () => {
      const running = new Running(
        onTerminal([tini, "-s", "--", "sh", "-c", "echo ready; while :; do sleep 1; done"]),
      );
      await running.printed("ready");
      running.write("\x03");
      expect((await within(running.ended, "script ends")).status).toBe(130);
    });

    it.skipIf(!isRoot)("does all that without rights", async () => {
      const { status, stderr, stdout } = await run(asNobody([tini, "-s", "--", "sh", "-c", "id -u; exit 9"]));
      expect([status, stdout, stderr]).toEqual([9, "65534\n", ""]);
    });
  });
});

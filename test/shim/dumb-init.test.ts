/** What dumb-init's own suite checks, row by row, against the real dumb-init and upinit under its name. */
import { afterEach, describe, expect, it } from "vitest";
import * as harness from "./harness.ts";
import {
  asPid1,
  descendants,
  hasSignal,
  namespaceInit,
  onTerminal,
  printSignals,
  processRow,
  Running,
  run,
  statusField,
  taggedProcesses,
  until,
  within,
} from "./harness.ts";
import { programs } from "./programs.ts";

const HUP = 1;
const INT = 2;
const QUIT = 3;
const KILL = 9;
const TERM = 15;
const CHLD = 17;
const CONT = 18;
const STOP = 19;
const TSTP = 20;
const TTIN = 21;
const TTOU = 22;
const WINCH = 28;
const terminalStops = [TSTP, TTIN, TTOU];

type Environment = Readonly<Record<string, string>>;
const withSession: readonly (readonly [string, Environment])[] = [
  ["", { DUMB_INIT_SETSID: "1" }],
  ["debug, ", { DUMB_INIT_DEBUG: "1" }],
];
const withoutSession: readonly (readonly [string, Environment])[] = [
  ["SETSID=0, ", { DUMB_INIT_SETSID: "0" }],
  ["SETSID=0, debug, ", { DUMB_INIT_SETSID: "0", DUMB_INIT_DEBUG: "1" }],
];
const modes = [...withSession, ...withoutSession];

/** Every row in each of the four modes. */
function inEachMode<Row>(rows: readonly Row[]): [string, Row, Environment][] {
  return modes.flatMap(([name, env]) => rows.map((row): [string, Row, Environment] => [name, row, env]));
}

const rewriteComplaint =
  "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n" +
  "This option can be specified multiple times.\n" +
  "Use --help for full usage.\n";

/** Sends one signal after another, each when the one before it came out as `expected` says. */
async function sendEach(
  running: Running,
  pairs: readonly (readonly [sent: number, seen: number])[],
): Promise<void> {
  let output = "ready\n";
  await until("the child is ready", () => running.stdout === output);
  for (const [sent, seen] of pairs) {
    running.signal(sent);
    output += `${seen}\n`;
    const wanted = output;
    await until(`signal ${sent} arrives as ${seen}`, () => running.stdout === wanted);
  }
}

function child(running: Running): Promise<number> {
  return until(
    "the child runs",
    () => descendants(running.pid).find((row) => ["sh", "sleep"].includes(statusField(row.pid, "Name")))?.pid,
  );
}

function stateBecomes(pid: number, states: string): Promise<unknown> {
  return until(`process ${pid} is in state ${states}`, () => states.includes(processRow(pid)?.state ?? "?"));
}

afterEach(harness.sweep);

describe.each(programs("dumb-init"))("$label $missing", ({ path: dumbInit, missing }) => {
  const end = async (running: Running) => {
    running.signal(KILL);
    await running.ended.catch(() => undefined);
  };

  describe.skipIf(missing !== undefined)("command line", () => {
    it.each(modes)("%sno arguments", async (_mode, env) => {
      const { status, stderr } = await run([dumbInit], { env });
      expect(status).not.toBe(0);
      expect(stderr).toBe(
        `Usage: ${dumbInit} [option] program [args]\nTry ${dumbInit} --help for full usage.\n`,
      );
    });

    it.each(modes)("%sinvalid arguments", async (_mode, env) => {
      const { status, stderr } = await run([dumbInit, "--yolo", "/bin/true"], { env });
      expect(status).toBe(1);
      expect(stderr).toBe(`${dumbInit}: unrecognized option '--yolo'\n`);
    });

    it.each(inEachMode(["-h", "--help"]))("%s%s %s", async (_mode, flag, env) => {
      const { status, stderr, stdout } = await run([dumbInit, flag], { env });
      expect([status, stdout]).toEqual([0, ""]);
      expect(stderr).toMatch(/^dumb-init v1\.2\.5\nUsage: \S+ \[option\] command \[\[arg\] \.\.\.\]\n\n/);
      expect(
        stderr
          .split("\n")
          .map((line) => /-(\w), --([\w-]+)/.exec(line)?.[0])
          .filter(Boolean),
      ).toEqual(["-c, --single-child", "-r, --rewrite", "-v, --verbose", "-h, --help", "-V, --version"]);
    });

    it.each(inEachMode(["-V", "--version"]))("%s%s %s", async (_mode, flag, env) => {
      const { status, stderr, stdout } = await run([dumbInit, flag], { env });
      expect([status, stdout, stderr]).toEqual([0, "", "dumb-init v1.2.5\n"]);
    });

    it.each(["-v", "--verbose"])("%s tells what it does", async (flag) => {
      const { status, stderr, stdout } = await run([dumbInit, flag, "echo", "oh,", "hi"]);
      expect([status, stdout]).toEqual([0, "oh, hi\n"]);
      expect(stderr).toMatch(/(^|\n)\[dumb-init\] setsid complete\.\n/);
      // Child and parent race between the fork and here, so its own lines may come among these.
      expect(stderr).toMatch(
        new RegExp(
          "(^|\\n)\\[dumb-init\\] Child spawned with PID [0-9]+\\.\\n" +
            "[^]*" +
            `\\[dumb-init\\] Received signal ${CHLD}\\.\\n` +
            "\\[dumb-init\\] A child with PID [0-9]+ exited with exit status 0\\.\\n" +
            "\\[dumb-init\\] Forwarded signal 15 to children\\.\\n" +
            "\\[dumb-init\\] Child exited with status 0\\. Goodbye\\.\\n$",
        ),
      );
    });

    it.each([
      ["-v", "-c"],
      ["-v", "--single-child"],
      ["--verbose", "-c"],
      ["--verbose", "--single-child"],
    ])("%s %s", async (verbose, single) => {
      const { status, stderr, stdout } = await run([dumbInit, verbose, single, "echo", "oh,", "hi"]);
      expect([status, stdout]).toEqual([0, "oh, hi\n"]);
      expect(stderr).toMatch(
        new RegExp(
          "^\\[dumb-init\\] Child spawned with PID [0-9]+\\.\\n" +
            `\\[dumb-init\\] Received signal ${CHLD}\\.\\n` +
            "\\[dumb-init\\] A child with PID [0-9]+ exited with exit status 0\\.\\n" +
            "\\[dumb-init\\] Forwarded signal 15 to children\\.\\n" +
            "\\[dumb-init\\] Child exited with status 0\\. Goodbye\\.\\n$",
        ),
      );
    });

    it("tells what its variables made it do", async () => {
      const env = { DUMB_INIT_DEBUG: "1", DUMB_INIT_SETSID: "0" };
      const { stderr } = await run([dumbInit, "true"], { env });
      expect(stderr).toMatch(
        /^\[dumb-init\] Running in debug mode\.\n\[dumb-init\] Not running in setsid mode\.\n\[dumb-init\] Child spawned/,
      );
      expect((await run([dumbInit], { env })).stderr).not.toContain("debug mode");
    });

    it("-v tells the end of what could not be executed", async () => {
      const { status, stderr } = await run([dumbInit, "-v", "/doesnotexist"]);
      expect(status).toBe(2);
      expect(stderr).toContain("[dumb-init] /doesnotexist: No such file or directory\n");
      expect(stderr).toMatch(
        /A child with PID \d+ exited with exit status 2\.\n\[dumb-init\] Forwarded signal 15 to children\.\n\[dumb-init\] Child exited with status 2\. Goodbye\.\n$/,
      );
    });

    it.each(
      inEachMode([
        ["-r", "", "true"],
        ["-r", "herp", "true"],
        ["-r", "herp:derp", "true"],
        ["-r", "15", "true"],
        ["-r", "15::12", "true"],
        ["-r", "15:derp", "true"],
        ["-r", "15:12", "-r", "0", "true"],
        ["-r", "15:12", "-r", "1:32", "true"],
        ["-r", "0:1", "true"],
        ["-r", "32:1", "true"],
      ]),
    )("%s%s bad rewriting %j", async (_mode, given, env) => {
      const { status, stderr } = await run([dumbInit, ...given], { env });
      expect([status, stderr]).toEqual([1, rewriteComplaint]);
    });

    it.each(["15:3x", " 15: 3", "+15:+3", "15:3:4", "015:03"])("-r %j is 15:3", async (rewrite) => {
      const running = new Running([dumbInit, "-r", rewrite, ...printSignals]);
      await sendEach(running, [[TERM, QUIT]]);
      await end(running);
    });

    it.each(["15 :3", "15:-3", "-15:3", ":3", "15:"])("-r %j is refused", async (rewrite) => {
      const { status, stderr } = await run([dumbInit, "-r", rewrite, "true"]);
      expect([status, stderr]).toEqual([1, rewriteComplaint]);
    });

    it.each([[["-r"]], [["-r", "15:12", "-r"]]])("%j without its argument", async (given) => {
      const { status, stderr } = await run([dumbInit, ...given]);
      expect([status, stderr]).toEqual([1, `${dumbInit}: option requires an argument -- 'r'\n`]);
    });

    it("refuses an argument for a flag, and takes unambiguous beginnings of names", async () => {
      expect((await run([dumbInit, "--verbose=3", "true"])).stderr).toBe(
        `${dumbInit}: option '--verbose' doesn't allow an argument\n`,
      );
      expect((await run([dumbInit, "--rew=15:3", "--sing", "echo", "-v"])).stdout).toBe("-v\n");
    });
  });

  describe.skipIf(missing !== undefined)("exit status", () => {
    it.each(inEachMode([0, 1, 2, 32, 64, 127, 254, 255]))("%s%s exit %i", async (_mode, expected, env) => {
      expect((await run([dumbInit, "sh", "-c", `exit ${expected}`], { env })).status).toBe(expected);
    });

    it.each(inEachMode([TERM, HUP, QUIT, KILL]))("%s%s killed by %i", async (_mode, signal, env) => {
      const { status } = await run([dumbInit, "sh", "-c", `kill -${signal} $$; sleep 100`], { env });
      expect(status).toBe(128 + signal);
    });

    it.each(
      inEachMode([
        ["/doesnotexist"],
        ["--", "/doesnotexist"],
        ["-c", "/doesnotexist"],
        ["--single-child", "--", "/doesnotexist"],
      ]),
    )("%s%s can't be executed: %j", async (_mode, given, env) => {
      const { status, stderr } = await run([dumbInit, ...given], { env });
      expect(status).toBe(2);
      expect(stderr).toContain("[dumb-init] /doesnotexist: No such file or directory\n");
    });
  });

  describe.skipIf(missing !== undefined)("forwarding", () => {
    const forwarded = Array.from({ length: 31 }, (_, index) => index + 1).filter(
      (signal) => ![KILL, STOP, CHLD, ...terminalStops].includes(signal),
    );

    it.each(inEachMode<string[]>([[], ["-c"]]))(
      "%s%s every signal arrives in order, %j",
      async (_mode, given, env) => {
        const running = new Running([dumbInit, ...given, ...printSignals], { env });
        await sendEach(
          running,
          forwarded.map((signal) => [signal, signal]),
        );
        await end(running);
      },
    );

    it("real-time signals too", async () => {
      const running = new Running([dumbInit, ...printSignals]);
      await sendEach(
        running,
        [34, 35, 40, 63, 64].map((signal) => [signal, signal]),
      );
      await end(running);
    });

    const cases: readonly Readonly<Record<number, number>>[] = [
      {},
      { [TERM]: INT },
      { [TERM]: INT, [INT]: TERM, [QUIT]: QUIT },
      { 1: 31, 31: 1 },
    ];
    it.each(inEachMode(cases))("%s%s rewritten by %j", async (_mode, map, env) => {
      const given = Object.entries(map).flatMap(([from, to]) => ["-r", `${from}:${to}`]);
      const running = new Running([dumbInit, ...given, ...printSignals], { env });
      const sent = [TERM, QUIT, CONT, INT, 1, 31];
      await sendEach(
        running,
        sent.map((signal) => [signal, map[signal] ?? signal]),
      );
      await end(running);
    });

    it.each(withSession)(
      "%sthe default rewriting of terminal stops can be overridden",
      async (_mode, env) => {
        const given = ["-r", `${TTIN}:${TERM}`, "-r", `${TTOU}:${INT}`, "-r", `${TSTP}:${HUP}`];
        const running = new Running([dumbInit, ...given, ...printSignals], { env });
        let output = "ready\n";
        await until("ready", () => running.stdout === output);
        for (const [sent, seen] of [
          [TTIN, TERM],
          [TTOU, INT],
          [TSTP, HUP],
        ] as const) {
          running.signal(sent);
          await stateBecomes(running.pid, "T");
          output += `${seen}\n`;
          await until(`${sent} arrives as ${seen}`, () => running.stdout === output);
          running.signal(CONT);
          output += `${CONT}\n`;
          await until("CONT wakes both", () => running.stdout === output);
          await stateBecomes(running.pid, "SR");
        }
        await end(running);
      },
    );

    it.each(modes)("%s0 drops a signal", async (_mode, env) => {
      const given = ["-r", `${TERM}:${QUIT}`, "-r", `${INT}:0`, "-r", `${WINCH}:0`];
      const running = new Running([dumbInit, ...given, ...printSignals], { env });
      await sendEach(running, [[TERM, QUIT]]);
      running.signal(INT);
      running.signal(WINCH);
      running.signal(HUP);
      await until("HUP arrives", () => running.stdout.endsWith(`${HUP}\n`));
      expect(running.stdout).toBe(`ready\n${QUIT}\n${HUP}\n`);
      if (env["DUMB_INIT_DEBUG"] !== undefined) {
        await running.printed(`[dumb-init] Translating signal ${INT} to 0.\n`);
        await running.printed("[dumb-init] Not forwarding signal 0 to children (ignored).\n");
      }
      await end(running);
    });
  });

  describe.skipIf(missing !== undefined)("session", () => {
    const pipes = ["sh", "-c", "sleep 1000 | tail & sleep 1001 | tail >&2"];
    const alive = (running: Running) => taggedProcesses(running.tag).filter((pid) => pid !== running.pid);

    it.each(withSession)("%sTERM reaches the whole session", async (_mode, env) => {
      const running = new Running([dumbInit, ...pipes], { env });
      await until("six processes run", () => alive(running).length >= 5);
      running.signal(TERM);
      await until("none is left", () => alive(running).length === 0);
      expect((await within(running.ended, "dumb-init ends")).status).toBe(128 + TERM);
    });

    it.each(withoutSession)("%sTERM reaches only the child", async (_mode, env) => {
      const running = new Running([dumbInit, ...pipes], { env });
      const before = await until("all processes run", () => {
        const names = alive(running).map((pid) => statusField(pid, "Name"));
        return names.filter((name) => name === "sleep").length === 2 &&
          names.filter((name) => name === "tail").length === 2
          ? names
          : undefined;
      });
      expect(before.length).toBeGreaterThanOrEqual(5);
      running.signal(TERM);
      await until(
        "dumb-init and the shell are gone",
        () => processRow(running.pid)?.state === "Z" || !processRow(running.pid),
      );
      expect(
        alive(running).filter((pid) => ["sleep", "tail"].includes(statusField(pid, "Name"))).length,
      ).toBe(4);
    });

    it.each(withSession)("%sthe session's leftovers get TERM when the child ends", async (_mode, env) => {
      const leftover = `trap 'echo 15; exit' TERM; echo ready; while :; do sleep 0.02; done`;
      const command = `sh -c "${leftover}" & while :; do read line && exit 0; done`;
      const running = new Running([dumbInit, "sh", "-c", command], { env });
      await running.printed("ready");
      running.write("end\n");
      expect((await within(running.ended, "all end")).stdout).toBe("ready\n15\n");
    });

    it("the leftovers get what TERM is rewritten to", async () => {
      const leftover = `trap 'echo 10; exit' USR1; trap 'echo 15; exit' TERM; echo ready; while :; do sleep 0.02; done`;
      const command = `sh -c "${leftover}" & while :; do read line && exit 0; done`;
      const running = new Running([dumbInit, "-r", `${TERM}:10`, "sh", "-c", command]);
      await running.printed("ready");
      running.write("end\n");
      expect((await within(running.ended, "all end")).stdout).toBe("ready\n10\n");
    });

    it.each(withoutSession)("%sleftovers get no TERM", async (_mode, env) => {
      const leftover = `trap 'echo 15; exit' TERM; echo ready; while :; do sleep 0.02; done`;
      const command = `sh -c "${leftover}" & while :; do read line && exit 0; done`;
      const running = new Running([dumbInit, "sh", "-c", command], { env });
      await running.printed("ready");
      running.write("end\n");
      await until("dumb-init is gone", () => processRow(running.pid)?.state !== "S");
      expect(alive(running).length).toBeGreaterThanOrEqual(1);
      expect(running.stdout).toBe("ready\n");
    });

    it.each(inEachMode([TSTP, TTOU, TTIN]))(
      "%s%s terminal stop %i in a shell's background",
      async (_mode, stop, env) => {
        const running = new Running([dumbInit, ...printSignals], { env });
        await running.printed("ready\n");
        const pid = await child(running);
        const session = env["DUMB_INIT_SETSID"] !== "0";
        running.signal(stop);
        await stateBecomes(running.pid, "T");
        if (session) await stateBecomes(pid, "T");
        else await running.printed(`${stop}\n`);
        running.signal(CONT);
        await stateBecomes(running.pid, "SR");
        await stateBecomes(pid, "SR");
        await running.printed(`${CONT}\n`);
        expect(running.stdout).toBe(session ? `ready\n${CONT}\n` : `ready\n${stop}\n${CONT}\n`);
        await end(running);
      },
    );

    it.each(modes)("%sthe child's session and group", async (_mode, env) => {
      const running = new Running([dumbInit, "sh", "-c", "echo ready; read line"], { env });
      await running.printed("ready");
      const row = processRow(await child(running));
      if (env["DUMB_INIT_SETSID"] === "0") {
        expect([row?.session, row?.group]).toEqual([running.pid, running.pid]);
      } else {
        expect([row?.session, row?.group]).toEqual([row?.pid, row?.pid]);
      }
      running.closeInput();
      await running.ended;
    });

    it.each(modes)("%schanges its own directory to / and not the child's", async (_mode, env) => {
      const command = 'while [ "$(readlink /proc/$PPID/cwd)" != / ]; do :; done; readlink /proc/$$/cwd';
      const { stdout, status } = await run([dumbInit, "sh", "-c", command], { env, cwd: "/tmp" });
      expect([status, stdout]).toEqual([0, "/tmp\n"]);
    });

    it.each(modes)("%sreal child mask is empty", async (_mode, env) => {
      const { stdout } = await run([dumbInit, "grep", "SigBlk", "/proc/self/status"], { env });
      expect(hasSignal(stdout.split(/\s+/)[1] ?? "1", TERM)).toBe(false);
    });
  });

  describe.skipIf(missing !== undefined)("terminal", () => {
    it.each(modes)("%swrites", async (_mode, env) => {
      const running = new Running(onTerminal([dumbInit, "tac"]), { env });
      await until("tac runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "tac"),
      );
      running.write("line 1\nline 2\nline 3\n\x04");
      const { status, stdout } = await within(running.ended, "script ends");
      expect(stdout).toContain("line 3\r\nline 2\r\nline 1\r\n");
      expect(status).toBe(0);
    });

    it.each(modes)("%sa shell has job control", async (_mode, env) => {
      const running = new Running(onTerminal([dumbInit, "bash", "-m", "-c", "echo flags=$-"]), { env });
      const { status, stdout } = await within(running.ended, "script ends");
      expect(stdout).toMatch(/flags=\w*m/);
      expect(stdout).not.toContain("no job control");
      expect(status).toBe(0);
    });

    it("the child gets a terminal that nobody has", async () => {
      const TIOCNOTTY = 0x5422;
      const giveUp = `$SIG{HUP} = "IGNORE"; ioctl(STDIN, ${TIOCNOTTY}, 0); exec @ARGV`;
      const running = new Running(
        onTerminal(["perl", "-e", giveUp, dumbInit, "sh", "-c", "exec 3</dev/tty && echo mine"]),
      );
      const { stdout } = await within(running.ended, "script ends");
      expect(stdout).toBe("mine\r\n");
    });

    it("ignores the first HUP and CONT, which giving up the terminal causes", async () => {
      const running = new Running(onTerminal([dumbInit, "-v", "sleep", "100"]));
      await running.printed(
        "[dumb-init] Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.",
      );
      const init = await until("dumb-init runs", () => descendants(running.pid)[0]?.pid);
      await running.printed(`[dumb-init] Ignoring tty hand-off signal ${HUP}.`);
      await running.printed(`[dumb-init] Ignoring tty hand-off signal ${CONT}.`);
      await running.printed("[dumb-init] setsid complete.");
      expect(running.stdout).not.toContain(`Forwarded signal ${HUP}`);
      process.kill(init, HUP);
      await running.printed(`[dumb-init] Forwarded signal ${HUP} to children.`);
      expect((await within(running.ended, "script ends")).status).toBe(128 + HUP);
    });
  });

  describe.skipIf(missing !== undefined)("as PID 1", () => {
    it.each(modes)("%sno zombie stays", async (_mode, env) => {
      const command = "sh -c 'sh -c \"exit 0\" &'; echo ready; while :; do read line && exit 0; done";
      const running = new Running(asPid1([dumbInit, "sh", "-c", command]), { env });
      await running.printed("ready");
      const init = await namespaceInit(running.pid);
      await until(
        "only the child is left",
        () => descendants(init).length === 1 && descendants(init)[0]?.state !== "Z",
      );
      running.write("end\n");
      expect((await within(running.ended, "the container ends")).status).toBe(0);
    });
  });
});

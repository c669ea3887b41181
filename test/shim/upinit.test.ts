/** upinit by its own name with a CMD and no jobs: its own options, its messages, its refusals. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import * as harness from "./harness.ts";
import {
  asNobody,
  asPid1,
  descendants,
  isRoot,
  onTerminal,
  printSignals,
  processRow,
  Running,
  run,
  statusField,
  until,
  within,
} from "./harness.ts";
import { binary, binaryMissing } from "./programs.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-shim-"));
chmodSync(directory, 0o777);
const noJobs = join(directory, "no-jobs");

/** upinit with an own socket and an empty configuration, so that nothing of this machine plays a part. */
const upinit = (...rest: string[]) => [
  binary,
  "--confdir",
  noJobs,
  "--socket",
  join(directory, "s.sock"),
  ...rest,
];

/** A program that ends with status 7 and leaves a mark each time it runs. */
const mark = (file: string) => ["sh", "-c", `echo run >>${file}; exit 7`];

/** Python: listens on the socket that its argument names, connects as often as it can, and accepts nobody. */
const standingStill = `
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(1)
clients = []
try:
    while True:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
        clients[-1].connect(sys.argv[1])
except BlockingIOError:
    print("full", flush=True)
time.sleep(1000)
`;

afterEach(harness.sweep);
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(binaryMissing !== undefined)(`upinit as a shim ${binaryMissing ?? ""}`, () => {
  describe("CMD", () => {
    it.each([0, 1, 7, 126, 127, 255])("passes its status %i on", async (status) => {
      expect(await run(upinit("sh", "-c", `exit ${status}`))).toMatchObject({
        status,
        stdout: "",
        stderr: "",
      });
    });

    it.each([9, 15, 11])("killed by %i: 128 + it", async (signal) => {
      expect((await run(upinit("sh", "-c", `kill -${signal} $$; sleep 100`))).status).toBe(128 + signal);
    });

    it.each([
      ["does-not-exist", 127, "No such file or directory"],
      ["/etc", 126, "Permission denied"],
    ])("%s: %i", async (command, status, reason) => {
      const outcome = await run(upinit(command));
      expect(outcome).toMatchObject({ status, stderr: `upinit: cannot execute ${command}: ${reason}\n` });
    });

    it.skipIf(!existsSync("/usr/bin/strace"))("runs where a filter knows no fork but clone", async () => {
      const refuse = ["-e", "trace=vfork", "-e", "inject=vfork:error=EPERM"];
      const strace = ["/usr/bin/strace", "-qq", "-o", "/dev/null", ...refuse];
      const outcome = await run([...strace, ...upinit("sh", "-c", "echo here; exit 7")]);
      expect(outcome).toMatchObject({ status: 7, stdout: "here\n", stderr: "" });
    });

    it("gets environment, working directory and standard input as they were", async () => {
      const outcome = await run(upinit("sh", "-c", "echo $EMPTY-$UPINIT_SOCKET-$PWD; cat"), {
        env: { EMPTY: "", UPINIT_SOCKET: "/tmp/other" },
        cwd: "/usr",
        input: "all of it\n",
      });
      expect(outcome.stdout).toBe("-/tmp/other-/usr\nall of it\n");
    });

    it("gets arguments and environment that are not UTF-8 unchanged", async () => {
      const shell = 'X=$(printf "\\377\\200"); export X; exec "$@" "$X"';
      const inner = 'printf "%s %s" "$X" "$1" | od -An -tx1';
      const { stdout } = await run(["sh", "-c", shell, "sh", ...upinit("sh", "-c", inner, "sh")]);
      expect(stdout.trim()).toBe("ff 80 20 ff 80");
    });

    it("begins behind the first word that is no option", async () => {
      expect((await run(upinit("echo", "-g", "--respawn", "--", "x"))).stdout).toBe("-g --respawn -- x\n");
      expect((await run(upinit("--", "printf", "%s", "--help"))).stdout).toBe("--help");
    });

    it("gets every signal, and none is interpreted", async () => {
      const running = new Running(upinit(...printSignals));
      let output = "ready\n";
      await until("ready", () => running.stdout === output);
      const skipped = [9, 17, 19, 32, 33];
      for (let signal = 1; signal <= 64; signal++) {
        if (skipped.includes(signal)) continue;
        running.signal(signal);
        output += `${signal}\n`;
        await until(`signal ${signal} arrives`, () => running.stdout === output);
      }
      running.signal(9);
      await running.ended;
    });

    it("has its own process group; its orphans come to upinit and are reaped", async () => {
      const inner = "sh -c 'sleep 0.3 <&- >&- 2>&- &'; echo left; while :; do read line && exit 0; done";
      const running = new Running(upinit("sh", "-c", inner));
      await running.printed("left");
      const rows = descendants(running.pid);
      expect(rows.filter((row) => row.parent === running.pid)).toHaveLength(2);
      expect(rows[0]?.group).toBe(rows[0]?.pid);
      await until("the orphan is gone", () => descendants(running.pid).length === 1);
      running.write("end\n");
      expect((await within(running.ended, "it ends")).status).toBe(0);
    });

    it("runs as PID 1", async () => {
      expect(await run(asPid1(upinit("sh", "-c", "echo $PPID; exit 3")))).toMatchObject({
        status: 3,
        stdout: "1\n",
        stderr: "",
      });
    });

    it.skipIf(!isRoot)("runs without rights", async () => {
      const outcome = await run(asNobody([binary, "sh", "-c", "id -u; exit 9"]));
      expect(outcome).toMatchObject({ status: 9, stdout: "65534\n", stderr: "" });
    });

    it("runs where no socket can be made, and says so only with -v", async () => {
      const elsewhere = [binary, "--confdir", noJobs, "--socket", "/proc/none/s"];
      expect(await run([...elsewhere, "true"])).toMatchObject({ status: 0, stderr: "" });
      const outcome = await run([...elsewhere, "-v", "sleep", "0.3"]);
      expect(outcome.stderr).toContain("upinit: no control socket: /proc/none/s");
      expect(outcome.status).toBe(0);
    });

    it("is held up by no socket whose owner stands still, with as many clients waiting as can", async () => {
      const socket = join(directory, "full.sock");
      const owner = new Running(["python3", "-c", standingStill, socket]);
      await until("the socket is full", () => owner.stdout.includes("full"));
      const options = ["--confdir", noJobs, "--socket", socket, "-v"];
      const outcome = await within(run([binary, ...options, "sh", "-c", "sleep 0.3; exit 7"]), "CMD ends");
      expect(outcome.status).toBe(7);
      expect(outcome.stderr).toContain(`no control socket: ${socket}: another init listens there`);
    });
  });

  describe("terminal", () => {
    it("CMD has the foreground, and Ctrl-C reaches it", async () => {
      const running = new Running(onTerminal(upinit("sleep", "1000")));
      const sleep = await until("sleep runs", () =>
        descendants(running.pid).find((row) => statusField(row.pid, "Name") === "sleep"),
      );
      expect(sleep.group).toBe(sleep.pid);
      running.write("\x03");
      expect((await within(running.ended, "script ends")).status).toBe(130);
    });

    it("has it with standard input from a file too", async () => {
      const running = new Running(
        onTerminal(["sh", "-c", '"$@" </dev/null', "sh", ...upinit("sleep", "1000")]),
      );
      await until("sleep runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.write("\x03");
      expect((await within(running.ended, "script ends")).status).toBe(130);
    });

    it("gives it back to a script that goes on", async () => {
      const running = new Running(
        onTerminal(["sh", "-c", '"$@"; echo next; read line; echo got $line', "sh", ...upinit("true")]),
      );
      await running.printed("next");
      running.write("this\n");
      await running.printed("got this");
      expect((await within(running.ended, "script ends")).status).toBe(0);
    });

    it("takes nothing from a shell when it is in its background", async () => {
      const inner = `set -m; "$@" & echo next; read line; echo got $line; kill %1; wait`;
      const running = new Running(onTerminal(["sh", "-c", inner, "sh", ...upinit("sleep", "1000")]));
      await until("sleep runs", () =>
        descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
      );
      running.write("this\n");
      await running.printed("got this");
      await within(running.ended, "script ends");
    });
  });

  describe("options", () => {
    it.each([
      [["--grup", "true"], "unknown option --grup; did you mean --group?"],
      [["-Z", "true"], "unknown option -Z; see upinit --help"],
      [["--group=yes", "true"], "option --group takes no value; see upinit --help"],
      [["-r", "TERM:NOPE", "true"], '--rewrite: there is no signal "NOPE"'],
      [
        ["-r", "TERM", "true"],
        '--rewrite wants FROM:TO, two signals by name or number (TO 0 drops it), not "TERM"',
      ],
      [["-r", "65:1", "true"], '--rewrite: there is no signal "65"'],
      [["-e", "256", "true"], '--remap-exit wants an exit status from 0 to 255, not "256"'],
      [["-p", "0", "true"], '--parent-death-signal: there is no signal "0"'],
      [["--single-child", "-g", "true"], "--single-child and --group exclude each other"],
      [["--respawn-limit", "1/2", "true"], "--respawn-limit goes with --respawn"],
      [
        ["--respawn", "--respawn-limit", "x", "true"],
        '--respawn-limit wants COUNT/SECONDS or unlimited, not "x"',
      ],
      [["--respawn", "--respawn-backoff", "3/1", "true"], "--respawn-backoff: 3 is more than 1"],
    ])("%j is refused with 1 and nothing is run", async (given, message) => {
      expect(await run([binary, ...given])).toMatchObject({
        status: 1,
        stdout: "",
        stderr: `upinit: ${message}\n`,
      });
    });

    it("-g signals the group, by its variable too", async () => {
      const child = "trap : USR1; echo ready; env --default-signal=USR1 sleep 1000; echo over";
      for (const [command, env] of [
        [upinit("-g", "sh", "-c", child), {}],
        [upinit("sh", "-c", child), { UPINIT_GROUP: "1" }],
      ] as const) {
        const running = new Running(command, { env });
        await until("sleep runs", () =>
          descendants(running.pid).some((row) => statusField(row.pid, "Name") === "sleep"),
        );
        running.signal(10);
        expect(await within(running.ended, "it ends")).toMatchObject({ status: 0, stdout: "ready\nover\n" });
      }
    });

    it.each([
      [["-e", "143"], 143, 0],
      [["--remap-exit=5", "-e7"], 7, 0],
      [["-e", "5"], 6, 6],
    ])("%j makes of %i %i", async (given, status, expected) => {
      expect((await run(upinit(...given, "sh", "-c", `exit ${status}`))).status).toBe(expected);
    });

    it.each(["TERM:QUIT", "sigterm:SIGQUIT", "15:3"])("-r %s", async (rewrite) => {
      const running = new Running(
        upinit("-r", rewrite, "-r", "HUP:0", "-r", "RTMIN+3:USR1", ...printSignals),
      );
      await running.printed("ready\n");
      for (const signal of [1, 15, 37]) {
        running.signal(signal);
        if (signal !== 1) await running.printed(signal === 15 ? "3\n" : "10\n");
      }
      expect(running.stdout).toBe("ready\n3\n10\n");
      running.signal(9);
      await running.ended;
    });

    it("-p USR1: upinit is told of its parent's death, and tells CMD", async () => {
      const inner = "trap 'echo told; exit 3' USR1; echo ready; while :; do sleep 0.05; done";
      const running = new Running(["sh", "-c", '"$@"; :', "sh", ...upinit("-p", "USR1", "sh", "-c", inner)]);
      await running.printed("ready");
      running.signal(9);
      await running.printed("told");
    });

    it("--single-child leaves CMD in upinit's own group", async () => {
      const running = new Running(upinit("--single-child", "sh", "-c", "echo ready; read line"));
      await running.printed("ready");
      expect(processRow(descendants(running.pid)[0]?.pid ?? 0)?.group).toBe(running.pid);
      running.closeInput();
      await running.ended;
    });

    it("-w tells of every orphan, -v of CMD", async () => {
      const inner = "sh -c 'sleep 0.1 <&- >&- 2>&- &'; while :; do read line && exit 0; done";
      const running = new Running(upinit("-w", "-v", "sh", "-c", inner));
      await running.printed("upinit: reaped process ");
      running.write("end\n");
      const { stderr } = await within(running.ended, "it ends");
      expect(stderr).toMatch(/^upinit: started sh as process \d+\n/);
      expect(stderr).toMatch(/upinit: main process \d+ ended with status 0\n$/);
    });
  });

  describe("--respawn", () => {
    it("starts CMD again until the limit, and leaves with its status", async () => {
      const file = join(directory, "limit");
      const outcome = await run(upinit("--respawn", "--respawn-limit", "3/60", ...mark(file)));
      expect(outcome.status).toBe(7);
      expect(outcome.stderr).toContain("upinit: the main process respawns too fast, stopped\n");
      expect((await run(["cat", file])).stdout).toBe("run\n".repeat(4));
    });

    it("waits between the runs as --respawn-backoff says", async () => {
      const file = join(directory, "backoff");
      const given = ["--respawn", "--respawn-limit", "2/60", "--respawn-backoff", "0.05/0.06"];
      const begin = Date.now();
      expect((await run(upinit(...given, ...mark(file)))).status).toBe(7);
      // A lower bound only: the pauses can't be shorter, whatever the machine does.
      expect(Date.now() - begin).toBeGreaterThanOrEqual(110);
    });

    it("ends with CMD when that was told to stop", async () => {
      const running = new Running(
        upinit("--respawn", "sh", "-c", "trap 'exit 4' TERM; echo ready; while :; do read x; done"),
      );
      await running.printed("ready");
      running.signal(15);
      expect((await within(running.ended, "it ends")).status).toBe(4);
    });

    it("starts it again when something else killed it", async () => {
      const running = new Running(upinit("--respawn", "sh", "-c", "echo run; while :; do read x; done"));
      await running.printed("run\n");
      process.kill(descendants(running.pid)[0]?.pid ?? 0, 9);
      await running.printed("run\nrun\n");
      running.signal(15);
      expect((await within(running.ended, "it ends")).status).toBe(143);
    });

    it("does not try again what can't be executed", async () => {
      expect((await run(upinit("--respawn", "does-not-exist"))).status).toBe(127);
    });
  });

  describe("what is possible next", () => {
    const socket = join(directory, "next.sock");

    /** One request of the control protocol, answered. A socket that is bound and does not listen yet refuses. */
    const ask = (method: string): Promise<string> =>
      new Promise<string>((resolve, reject) => {
        const client = connect(socket, () => client.write(`{"jsonrpc":"2.0","id":1,"method":"${method}"}\n`));
        let answer = "";
        client.setEncoding("utf8").on("data", (text: string) => {
          answer += text;
          if (answer.includes("\n")) client.end();
        });
        client.on("end", () => resolve(answer));
        client.on("error", (error: NodeJS.ErrnoException) => {
          if (error.code === "ECONNREFUSED") setImmediate(() => ask(method).then(resolve, reject));
          else reject(error);
        });
      });

    it("a client that connects finds an init, and CMD goes on as before", async () => {
      const running = new Running([binary, "--confdir", noJobs, "--socket", socket, ...printSignals]);
      await running.printed("ready\n");
      await until("the socket is there", () => existsSync(socket));
      expect(JSON.parse(await ask("version"))).toMatchObject({ id: 1, result: expect.anything() });
      running.signal(10);
      await running.printed("10\n");
      const [child] = descendants(running.pid);
      process.kill(child?.pid ?? 0, 9);
      expect((await within(running.ended, "it ends")).status).toBe(137);
      expect(running.stdout).toBe("ready\n10\n");
    });

    it("a job file that appears is a job from then on", async () => {
      const jobs = join(directory, "jobs", "init");
      const done = join(directory, "job-ran");
      const running = new Running([
        binary,
        "--confdir",
        jobs,
        "--socket",
        `${socket}2`,
        "sh",
        "-c",
        "echo ready; read line; exit 6",
      ]);
      await running.printed("ready");
      await until("it watches", () => existsSync(`${socket}2`));
      mkdirSync(jobs, { recursive: true });
      writeFileSync(join(jobs, "hello.conf"), `start on startup\ntask\nexec touch ${done}\n`);
      await until("the job ran", () => existsSync(done));
      running.write("end\n");
      expect((await within(running.ended, "it ends")).status).toBe(6);
    });
  });
});

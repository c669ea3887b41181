import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "./program.ts";
import { playScene, type SceneEnding, type Told } from "./run-scene.ts";
import type { SceneJob } from "./scene.ts";
import { compileTool } from "./tools.ts";

const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), "upinit-processes-"));
chmodSync(directory, 0o755);
let program = "";
let denyCalls = "";
let sdNotify = "";
let hider = "";

beforeAll(() => {
  program = buildProgram("processes", directory);
  denyCalls = compileTool("deny-calls", directory);
  sdNotify = compileTool("sd-notify", directory);
  hider = compileTool("hide", directory);
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const play = (job: SceneJob, more = {}, wrapper: readonly string[] = []): Promise<SceneEnding> =>
  playScene(program, { jobs: [job], ...more }, wrapper);

/** What was told, without pids. */
const types = (told: readonly Told[]): string[] => told.map(({ type }) => type);

const exited = (status: number) => ({ type: "exited", status });

describe("a process of a job", () => {
  it("gets descriptors 0 to 2 and nothing else", async () => {
    const { lines, told } = await play({ exec: "sh -c 'ls /proc/$$/fd; readlink /proc/$$/fd/0'" });
    expect(lines).toEqual(["0", "1", "2", "/dev/null"]);
    expect(types(told)).toEqual(["started", "executed", "process"]);
  });

  it("leads a session and a process group of its own", async () => {
    const { lines } = await play({
      exec: "sh -c 'set -- $(cat /proc/$$/stat); test $1 = $5 -a $1 = $6 && echo yes'",
    });
    expect(lines).toEqual(["yes"]);
  });

  it("ignores and blocks no signal", async () => {
    const { lines } = await play({ exec: "grep -E '^Sig(Blk|Ign)' /proc/self/status" }, {}, [
      "/bin/sh",
      "-c",
      'trap "" HUP QUIT; exec "$@"',
      "sh",
    ]);
    expect(lines).toEqual([
      expect.stringMatching(/0000000000000000$/),
      expect.stringMatching(/0000000000000000$/),
    ]);
  });

  it("is found in the PATH of the job", async () => {
    mkdirSync(join(directory, "bin"), { recursive: true });
    writeFileSync(join(directory, "bin/my-program"), "#!/bin/sh\necho found\n", { mode: 0o755 });
    const found = await play({ exec: "my-program", env: [`PATH=${directory}/bin:/bin`] });
    expect(found.lines).toEqual(["found"]);
    const missing = await play({ exec: "my-program" });
    expect(missing.told).toContainEqual(
      expect.objectContaining({
        type: "spawn-failed",
        reason: "unable to execute: No such file or directory",
        exitStatus: 127,
      }),
    );
  });

  it("has the limits, the niceness, the directory and the mask of its job", async () => {
    const { lines } = await play({
      limits: [
        ["nofile", 50, 60],
        ["core", 0, 0],
      ],
      nice: 5,
      oomScore: 500,
      umask: 0o027,
      chdir: "/tmp",
      script: "ulimit -Sn\nulimit -Hn\nulimit -c\nnice\ncat /proc/self/oom_score_adj\numask\npwd\n",
    });
    expect(lines).toEqual(["50", "60", "0", "5", "500", "0027", "/tmp"]);
  });

  it("runs in / with mask 022 where its job says nothing", async () => {
    const { lines } = await play({ exec: "sh -c 'pwd; umask'" }, { umask: 0 });
    expect(lines).toEqual(["/", "0022"]);
  });
});

describe("a script of several lines", () => {
  it("is a file that the shell reads and closes", async () => {
    const { lines, told } = await play({
      script: 'echo "$0"\ntest -e /proc/self/fd/9 || echo closed\nfalse\necho not reached\n',
    });
    expect(lines).toEqual(["/proc/self/fd/9", "closed"]);
    expect(told.at(-1)).toMatchObject({ type: "process", status: exited(1) });
  });

  it("may be of any length", async () => {
    const filler = `: ${"x".repeat(1000)}\n`.repeat(400);
    const { lines } = await play({ script: `echo begin\n${filler}echo end\n` });
    expect(lines).toEqual(["begin", "end"]);
  });

  it.runIf(isRoot)("can be read by a user who is not root", async () => {
    const { lines } = await play({ setuid: "nobody", script: "id -un\necho second\n" });
    expect(lines).toEqual(["nobody", "second"]);
  });
});

describe("a process that can't be started", () => {
  const plain = join(directory, "plain");
  beforeAll(() => writeFileSync(plain, "no program\n", { mode: 0o644 }));

  it.each<[string, SceneJob, string, number]>([
    ["a missing program", { exec: "/no/such" }, "unable to execute: No such file or directory", 127],
    ["a directory", { exec: "/etc" }, "unable to execute: Permission denied", 126],
    ["a plain file", { exec: plain }, "unable to execute: Permission denied", 126],
    [
      "a missing directory",
      { exec: "true", chdir: "/nope" },
      "unable to change working directory: No such file or directory",
      1,
    ],
  ])("%s", async (_what, job, reason, exitStatus) => {
    const { told } = await play(job);
    expect(types(told)).toEqual(["started", "spawn-failed"]);
    expect(told[1]).toMatchObject({ reason, exitStatus });
  });

  it.runIf(isRoot).each<[string, SceneJob, string]>([
    [
      "a missing root",
      { exec: "true", chroot: "/nope" },
      "unable to change root directory: No such file or directory",
    ],
    ["an unknown user", { exec: "true", setuid: "nosuchuser" }, "unable to find setuid user"],
    ["an unknown group", { exec: "true", setgid: "nosuchgroup" }, "unable to find setgid group"],
    [
      "steps in their order",
      { exec: "true", setuid: "nosuchuser", chdir: "/nope" },
      "unable to change working directory: No such file or directory",
    ],
    [
      "a soft limit over the hard one",
      { exec: "true", limits: [["nofile", 60, 50]] },
      'unable to set "nofile" resource limit: Invalid argument',
    ],
    [
      "a chroot without users",
      { exec: "true", chroot: directory },
      "unable to getpwuid: No such file or directory",
    ],
  ])("%s", async (_what, job, reason) => {
    const { told } = await play(job);
    expect(told.at(-1)).toMatchObject({ type: "spawn-failed", reason, exitStatus: 1 });
  });
});

describe.runIf(isRoot)("setuid and setgid", () => {
  it.each<[string, SceneJob, string]>([
    ["setuid", { setuid: "nobody" }, "nobody nogroup nogroup"],
    ["setgid", { setgid: "nogroup" }, "root nogroup nogroup"],
    ["both", { setuid: "nobody", setgid: "daemon" }, "nobody daemon daemon"],
  ])("%s", async (_what, job, expected) => {
    const { lines } = await play({ ...job, exec: "sh -c 'echo $(id -un) $(id -gn) $(id -Gn)'" });
    expect(lines).toEqual([expected]);
  });

  it("leaves no way back to root, and /dev/stdout can be opened", async () => {
    const { lines } = await play({
      setuid: "nobody",
      exec: "sh -c 'grep ^Cap[PE] /proc/self/status; echo by name > /dev/stdout'",
    });
    expect(lines).toEqual([expect.stringMatching(/ ?0{16}$/), expect.stringMatching(/ ?0{16}$/), "by name"]);
  });
});

describe.runIf(isRoot)("without the capability", () => {
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const job: SceneJob = { exec: "echo runs", nice: -5 };

  beforeAll(() => rmSync(join(directory, "denied"), { force: true }));

  it("a negative nice fails, and says what is missing", async () => {
    const { told, log } = await play(job, {}, asNobody);
    expect(told.at(-1)).toMatchObject({
      type: "spawn-failed",
      reason: "unable to set priority: Permission denied",
    });
    expect(log).toContain("job main process needs the capability CAP_SYS_NICE");
  });

  it("--lenient goes on without all of them", async () => {
    const ending = await play(
      { ...job, oomScore: -500, limits: [["nofile", 100, null]] },
      { lenient: true },
      asNobody,
    );
    expect(ending.lines).toEqual(["runs"]);
    const triedAgain = ["started", "withdrawn"];
    expect(types(ending.told)).toEqual([
      ...triedAgain,
      ...triedAgain,
      ...triedAgain,
      "started",
      "executed",
      "process",
    ]);
    expect(ending.log.filter((line) => line.includes("goes on in spite of"))).toHaveLength(3);
  });
});

describe("expect", () => {
  const fork = "sh -c 'sleep 1000 & exit 0'";
  const killWhenReady = [15];
  const killed = { type: "killed", signal: 15 };

  it("stop: a process that stops itself is told of", async () => {
    const { told, lines } = await play({ expect: "stop", exec: "sh -c 'kill -STOP $$; echo on'" });
    expect(lines).toEqual(["on"]);
    expect(told.map(({ status }) => status?.type)).toContain("stopped");
  });

  it("fork: the child of the first fork", async () => {
    const { told } = await play({ expect: "fork", exec: fork }, { killWhenReady });
    expect(types(told)).toEqual(["started", "executed", "main-pid", "ready", "process"]);
    expect(told[2]?.pid).not.toBe(told[0]?.pid);
    expect(told.at(-1)).toMatchObject({ pid: told[2]?.pid, status: killed });
  });

  const daemon = join(directory, "daemon.sh");
  beforeAll(() => {
    // Two forks with a session between them; the shell's own commands are executed, not forked.
    writeFileSync(
      daemon,
      `#!/bin/sh\nif [ "$1" = 2 ]; then sleep 1000 & exit 0; fi\n(setsid ${daemon} 2) &\nexit 0\n`,
      { mode: 0o755 },
    );
  });

  it("daemon: one fork and an exec", async () => {
    const { told } = await play({ expect: "daemon", exec: `${daemon}` }, { killWhenReady });
    expect(types(told)).toEqual(["started", "executed", "main-pid", "ready", "process"]);
  });

  it("daemon: two forks", async () => {
    const { told } = await play(
      { expect: "daemon", exec: "sh -c '(sleep 1000 & exit 0) & exit 0'" },
      { killWhenReady },
    );
    expect(types(told)).toEqual(["started", "executed", "main-pid", "main-pid", "ready", "process"]);
  });

  it("fork: a process that never forks is told of when it ends", async () => {
    const { told } = await play({ expect: "fork", exec: "sh -c 'exit 3'" });
    expect(types(told)).toEqual(["started", "executed", "process"]);
    expect(told[2]).toMatchObject({ status: exited(3) });
  });

  const mainPids = (told: readonly Told[]): (number | undefined)[] =>
    told.filter(({ type }) => type === "main-pid").map(({ pid }) => pid);

  const helpers = {
    "a substitution": "x=$(sleep 0.2; echo); sleep 1000 & exit 0",
    "one in the background": "sleep 0.2 & (exec sleep 1000) & sleep 0.4; exit 0",
    "a pipe": "echo | (sleep 0.1; cat); sleep 1000 & exit 0",
  };
  it.each(Object.entries(helpers))(
    "fork: a helper of the script is not followed: %s",
    async (_name, script) => {
      const { told } = await play({ expect: "fork", exec: `sh -c '${script}'` }, { killWhenReady });
      expect(types(told).filter((type) => type === "ready")).toHaveLength(1);
      expect(mainPids(told).length).toBeGreaterThanOrEqual(2);
      expect(told.at(-1)).toMatchObject({ type: "process", pid: mainPids(told).at(-1), status: killed });
    },
  );

  it("fork: the parent that lives on is the service again once its child has ended", async () => {
    const { told } = await play({ expect: "fork", exec: "sh -c 'sleep 1.5 & wait; exit 4'" });
    expect(types(told)).toEqual(["started", "executed", "main-pid", "ready", "main-pid", "process"]);
    expect(told.at(-1)).toMatchObject({ pid: told[0]?.pid, status: exited(4) });
  });

  it("fork: what a program that the script calls leaves behind is found", async () => {
    // Started by vfork, which is not traced, as dash does with a simple command.
    const { told } = await play({ expect: "fork", exec: `sh -c '${daemon}; exit 0'` }, { killWhenReady });
    expect(told.at(-1)).toMatchObject({ type: "process", pid: mainPids(told).at(-1), status: killed });
  });

  it("signals reach a process that is traced", async () => {
    const { lines } = await play({
      expect: "fork",
      exec: `sh -c 'trap "echo got it" USR1; kill -USR1 $$; :'`,
    });
    expect(lines).toEqual(["got it"]);
  });

  it("without ptrace the descendant is found when its parent ends, and that is said", async () => {
    const { told, log } = await play({ expect: "fork", exec: fork }, { killWhenReady }, [
      denyCalls,
      "ptrace",
    ]);
    expect(types(told)).toEqual([
      "started",
      "withdrawn",
      "started",
      "executed",
      "main-pid",
      "ready",
      "process",
    ]);
    expect(told.at(-1)).toMatchObject({ pid: told[4]?.pid, status: killed });
    expect(log.join("\n")).toMatch(/can't be traced \(Operation not permitted\)/);
  });

  it("without ptrace the descendant is found although it hides", async () => {
    const exec = `${hider} sleep 1000`;
    const { told } = await play({ expect: "fork", exec }, { killWhenReady }, [denyCalls, "ptrace"]);
    expect(told.at(-1)).toMatchObject({ type: "process", pid: mainPids(told).at(-1), status: killed });
  });

  it("without ptrace a child beside a parent that lives on is found", async () => {
    const exec = "sh -c 'sleep 1000 & wait'";
    const { told } = await play({ expect: "fork", exec }, { killWhenReady }, [denyCalls, "ptrace"]);
    expect(types(told).slice(-3)).toEqual(["main-pid", "ready", "gone"]);
  });

  it("without ptrace, daemon with a session of its own", async () => {
    const { told } = await play({ expect: "daemon", exec: daemon }, { killWhenReady }, [denyCalls, "ptrace"]);
    // The process in between may have come and gone before anybody looks.
    const pids = told.filter(({ type }) => type === "main-pid").map(({ pid }) => pid);
    expect([1, 2]).toContain(pids.length);
    expect(types(told).slice(-2)).toEqual(["ready", "process"]);
    expect(told.at(-1)).toMatchObject({ pid: pids.at(-1), status: killed });
  });
});

describe("expect notify", () => {
  const exec = (messages: string) => `sh -c '${sdNotify} ${messages}; sleep 0.2; :'`;

  it("tells what the service says", async () => {
    const { told, log } = await play({
      expect: "notify",
      watchdog: 2,
      exec: exec('"READY=1\nSTATUS=at work" WATCHDOG=1'),
    });
    expect(types(told)).toEqual(["started", "executed", "ready", "alive", "process"]);
    expect(log).toContain("job status: at work");
  });

  it("gives the variables to such jobs only", async () => {
    const watched = await play({
      expect: "notify",
      watchdog: 2,
      exec: "sh -c 'echo $NOTIFY_SOCKET $WATCHDOG_USEC'",
    });
    expect(watched.lines).toEqual([expect.stringMatching(/^@upinit-notify-[0-9a-f]{16} 2000000$/)]);
    const named = await play(
      { expect: "notify", exec: "sh -c 'echo $NOTIFY_SOCKET'" },
      { notifyDirectory: `${directory}/notify` },
    );
    expect(named.lines).toEqual([`${directory}/notify/0`]);
    expect(readdirSync(`${directory}/notify`)).toEqual([]);
    const other = await play({ exec: "sh -c 'echo [$NOTIFY_SOCKET]'" });
    expect(other.lines).toEqual(["[]"]);
  });

  it("survives what is no message", async () => {
    const { told } = await play({
      expect: "notify",
      exec: exec('"" "=" "READY" "MAINPID=1" "MAINPID=x" "$(head -c 9000 /dev/zero | tr "\\0" A)" READY=1'),
    });
    expect(types(told)).toEqual(["started", "executed", "ready", "process"]);
  });

  it.runIf(isRoot)("does not listen to somebody else's process", async () => {
    const { told, log } = await playScene(program, {
      notifyDirectory: `${directory}/notify`,
      jobs: [
        { name: "service", expect: "notify", exec: "sleep 0.4" },
        {
          name: "stranger",
          exec: `sh -c 'NOTIFY_SOCKET=${directory}/notify/0 ${sdNotify} READY=1; sleep 0.2; :'`,
        },
      ],
    });
    expect(types(told)).not.toContain("ready");
    expect(log.join("\n")).toMatch(/Notification of process \d+ ignored/);
  });

  it.runIf(isRoot)("its socket is for the user of its job alone", async () => {
    const { told, lines } = await playScene(program, {
      notifyDirectory: `${directory}/notify`,
      jobs: [
        {
          name: "service",
          expect: "notify",
          setuid: "daemon",
          exec: `sh -c 'stat -c "%U %a" $NOTIFY_SOCKET; ${sdNotify} READY=1; sleep 0.4'`,
        },
        {
          name: "stranger",
          setuid: "nobody",
          exec: `sh -c 'NOTIFY_SOCKET=${directory}/notify/0 ${sdNotify} STATUS=mine && echo sent; :'`,
        },
      ],
    });
    expect(types(told)).toContain("ready");
    expect(lines).toContain("daemon 600");
    expect(lines).not.toContain("sent");
  });

  it("MAINPID= names a child that goes on", async () => {
    const { told } = await play(
      { expect: "notify", exec: `sh -c 'sleep 1000 & ${sdNotify} "MAINPID=$!\nREADY=1"; exit 0'` },
      { killWhenReady: [15] },
    );
    expect(types(told.slice(0, 4))).toEqual(["started", "executed", "main-pid", "ready"]);
    // Whose child it is when it ends, the shell's or already ours, is up to the scheduler.
    expect(["process", "gone"]).toContain(told.at(-1)?.type);
    expect(told.at(-1)).toMatchObject({ pid: told[2]?.pid });
  });
});

describe("what a job leaves behind", () => {
  /** Command lines of all processes. */
  const commands = (): string[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "latin1");
        } catch {
          return "";
        }
      });
  const runs = (seconds: number): boolean => commands().includes(`sleep\0${seconds}\0`);

  it("is left alone", async () => {
    await play({ exec: "sh -c 'sleep 7031 & exit 0'" });
    await expect.poll(() => runs(7031)).toBe(true);
    await play({ exec: "pkill -f ^sleep.7031" });
  });

  it("is killed by `kill leftovers`, whatever it ignores", async () => {
    const job: SceneJob = {
      name: "leaver",
      killLeftovers: true,
      killTimeout: 1,
      exec: `sh -c '(trap "" TERM; sleep 7032) & sleep 7033 & until pgrep -f ^sleep.7032 && pgrep -f ^sleep.7033; do :; done >/dev/null'`,
    };
    // The pattern does not match itself.
    const watcher: SceneJob = {
      name: "watcher",
      exec: "sh -c 'while pgrep -f 703[23] > /dev/null; do sleep 0.05; done; echo gone'",
    };
    const { lines, log } = await playScene(program, { jobs: [job, watcher] });
    expect(lines).toEqual(["gone"]);
    expect(log.join("\n")).toMatch(/Killing what leaver main process \(\d+\) left: \d+/);
  });
});

it("more jobs run than upinit was given descriptors for, and each has the limit that upinit was given", async () => {
  const jobs = Array.from({ length: 100 }, (_, id) => ({
    name: `job${id}`,
    exec: `sh -c 'echo $(ulimit -Sn) $(ulimit -Hn); until test -e ${directory}/all; do sleep 0.1; done'`,
  }));
  const last = {
    name: "last",
    exec: `sh -c 'touch ${directory}/all'`,
    limits: [["nofile", 32, 40]] as const,
  };
  const logs = join(directory, "many");
  mkdirSync(logs);
  const limited = ["/bin/sh", "-c", 'ulimit -Sn 64; ulimit -Hn 1000; exec "$@"', "sh"];
  const { lines, told } = await playScene(program, { jobs: [...jobs, last], logs }, limited);
  expect(new Set(lines)).toEqual(new Set(["64 1000"]));
  expect(lines).toHaveLength(100);
  expect(told.filter(({ type }) => type === "executed")).toHaveLength(101);
});

it("5000 orphans are reaped, and the job is told of its own end only", async () => {
  const { told } = await play({ exec: "sh -c 'i=0; while [ $i -lt 5000 ]; do (true &); i=$((i+1)); done'" });
  expect(types(told)).toEqual(["started", "executed", "process"]);
});

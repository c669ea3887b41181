import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";
import {
  isRoot,
  lendMemory,
  plainEnvironment,
  readAll,
  run,
  shell,
  statusField,
  waitForEnd,
  waitForSetup,
  waitForStop,
  withDirectory,
  writeFile,
} from "./helpers.ts";

const nofile = 7;

/** The failure of a plan that runs `true`. */
function failure(options: Partial<native.SpawnPlan>): string | null {
  const { failure: said, status } = run(["/bin/true"], options);
  equal(status, said === null ? 0 : 255, "exit status");
  return said;
}

/** Fields of /proc/PID/stat from the state (field 3) on. */
function statFields(options: Partial<native.SpawnPlan>): string[] {
  const { output } = run(["/bin/cat", "/proc/self/stat"], options);
  return output.slice(output.lastIndexOf(")") + 2).split(" ");
}

function openText(text: string): number {
  const fd = good(native.memfd("text"));
  good(native.writeText(fd, text));
  native.lseek(fd, 0, 0);
  return fd;
}

/** Who has no rights can't go below what the tests themselves were started with. */
function notBelowOurs(value: number, ours: string): number {
  return Math.max(value, Number(ours));
}

const limits: Suite = [
  test("limits, umask, nice value, out-of-memory score", () => {
    const nice = notBelowOurs(7, statFields({})[16] as string);
    const oomScoreAdj = notBelowOurs(300, shell("cat /proc/self/oom_score_adj"));
    const plan = {
      limits: [
        [nofile, 100, 200],
        [4, 0, Number.POSITIVE_INFINITY],
      ] as const,
      umask: 0o137,
      nice,
      oomScoreAdj,
    };
    const said = shell("umask; cat /proc/self/oom_score_adj; cat /proc/self/limits", plan).split("\n");
    equal(said.slice(0, 2), ["0137", `${oomScoreAdj}`]);
    isTrue(
      said.some((line) => /^Max open files +100 +200 /.test(line)),
      "open files",
    );
    isTrue(
      said.some((line) => /^Max core file size +0 +unlimited /.test(line)),
      "core",
    );
    equal(statFields(plan)[16], `${nice}`, "nice");
  }),
  test("working directory", () => {
    equal(shell("pwd", { chdir: "/usr" }), "/usr");
  }),
];

const identity: Suite = isRoot
  ? [
      test("user, group and supplementary groups", () => {
        const { output } = run(["/bin/cat", "/proc/self/status"], { uid: 1234, gid: 2345, groups: [7, 9] });
        equal(statusField(output, "Uid"), "1234\t1234\t1234\t1234");
        equal(statusField(output, "Gid"), "2345\t2345\t2345\t2345");
        equal(statusField(output, "Groups"), "7 9");
      }),
      test("no supplementary groups", () => {
        const { output } = run(["/bin/cat", "/proc/self/status"], { groups: [] });
        equal(statusField(output, "Groups"), "");
      }),
      test("another root directory", () => {
        withDirectory((path) => {
          // Only inside is there /here, and nothing to run.
          good(native.mkdir(`${path}/here`, 0o755));
          equal(failure({ chroot: path, chdir: "/here" }), "exec ENOENT 0");
          equal(failure({ chroot: path, chdir: "/usr" }), "chdir ENOENT 0");
        });
      }),
    ]
  : [];

const ownPid: Suite = [
  test("a variable gets the child's own pid", () => {
    const env = [...plainEnvironment, "X_LISTEN_PID=7", "LISTEN_PID=12345678901234", "LISTEN_PIDS=8"];
    const command = 'test $LISTEN_PID = $$ && echo "$X_LISTEN_PID $LISTEN_PIDS"';
    equal(shell(command, { env, pidVariable: "LISTEN_PID" }), "7 8");
    equal(shell('echo "$LISTEN_PID"', { env: ["LISTEN_PID="], pidVariable: "LISTEN" }), "");
    equal(shell('echo "$LISTEN_PID"', { env, pidVariable: "OTHER" }), "12345678901234");
  }),
];

const failures: Suite = [
  test("each step that fails says which it was, and why", () => {
    const big = Array.from({ length: 40 }, () => "x".repeat(100_000));
    equal(failure({ descriptors: [[2, 555]] }), "descriptors EBADF 2");
    equal(failure({ open: [[4, "/none", native.O_RDONLY]] }), "open ENOENT 4");
    equal(failure({ group: 0x3ffffff }), "group EPERM 0");
    equal(
      failure({ open: [[0, "/dev/null", native.O_RDWR]], controllingTerminal: true }),
      "terminal ENOTTY 0",
    );
    equal(failure({ open: [[0, "/dev/null", native.O_RDWR]], foregroundOf: 0 }), "foreground ENOTTY 0");
    equal(failure({ limits: [[nofile, 20, 10]] }), "limit EINVAL 7");
    equal(failure({ limits: [[99, 20, 10]] }), "limit EINVAL 99");
    equal(failure({ oomScoreAdj: 5000 }), "oom EINVAL 0");
    equal(failure({ chdir: "/none" }), "chdir ENOENT 0");
    equal(failure({ chdir: "/dev/null" }), "chdir ENOTDIR 0");
    equal(failure({ parentDeathSignal: 99 }), "signals EINVAL 99");
    equal(failure({ file: "/none" }), "exec ENOENT 0");
    equal(failure({ file: "/usr" }), "exec EACCES 0");
    equal(failure({ file: "" }), "exec ENOENT 0");
    equal(failure({ argv: big }), "exec E2BIG 0");
  }),
  test("what only root may do", () => {
    if (isRoot) {
      equal(failure({ chroot: "/none" }), "chroot ENOENT 0");
      equal(failure({ gid: 0xffffffff }), "setgid EINVAL 0");
      equal(failure({ uid: 0xffffffff }), "setuid EINVAL 0");
      return;
    }
    equal(failure({ nice: -5 }), "nice EACCES 0");
    equal(failure({ oomScoreAdj: -1000 }), "oom EACCES 0");
    equal(failure({ chroot: "/" }), "chroot EPERM 0");
    equal(failure({ groups: [0] }), "initgroups EPERM 0");
    equal(failure({ gid: 0 }), "setgid EPERM 0");
    equal(failure({ uid: 0 }), "setuid EPERM 0");
    equal(failure({ limits: [[nofile, 1, 2 ** 40]] }), "limit EPERM 7");
  }),
  test("a wrong plan is refused before anything is forked", () => {
    const plan = { file: "/bin/true", argv: ["true"], env: [], descriptors: [] };
    failsWith(native.spawn({ ...plan, descriptors: [[-1, 0]] }), "EBADF");
    failsWith(native.spawn({ ...plan, limits: [[7, Number.NaN, 1]] }), "EINVAL");
    failsWith(native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOHANG, new Int32Array(3)), "ECHILD");
  }),
  test("a status descriptor says null before, and can be read when the parent is slow", () => {
    const [read, write] = good(native.pipe(0));
    // The child waits in its set-up: a FIFO has no writer yet.
    withDirectory((path) => {
      shell(`mkfifo ${path}/fifo`);
      const plan = { file: "/bin/true", argv: ["true"], env: [], descriptors: [[1, write]] as const };
      const [pid, statusFd] = good(native.spawn({ ...plan, open: [[0, `${path}/fifo`, native.O_RDONLY]] }));
      equal(native.readSpawnFailure(statusFd), null);
      native.close(good(native.open(`${path}/fifo`, native.O_WRONLY)));
      equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
      equal(waitForSetup(statusFd), true);
    });
    native.close(read);
    native.close(write);
  }),
];

export const descriptorsSuite: Suite = [
  test("no descriptor that was not asked for reaches the child, however high", () => {
    const odd = [good(native.dup2(0, 9)), good(native.dup2(0, 64)), good(native.dup2(0, 900))];
    for (const fd of odd) native.setCloseOnExec(fd, false);
    // Tests are builtins: nothing of the shell's own is open while it looks.
    const list = "i=0; while [ $i -le 1000 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done";
    equal(shell(list).split("\n").map(Number).sort(), [1, 2]);
    equal(
      shell(list, {
        descriptors: [
          [64, 64],
          [5, 900],
        ],
      })
        .split("\n")
        .map(Number),
      [1, 5, 64],
    );
    const kept = shell(list, { keepDescriptors: true }).split("\n").map(Number);
    isTrue(
      odd.every((fd) => kept.includes(fd)),
      `${odd} in ${kept}`,
    );
    native.closeRange(9, 900);
  }),
  test("descriptors are mapped without overwriting each other", () => {
    const [first, second, third] = [openText("first "), openText("second "), openText("third ")];
    const fds = [first, second, third] as const;
    // Round in a circle, into the numbers that they have in the parent.
    const mapping = [
      [first, second],
      [second, third],
      [third, first],
      [2, 2],
    ] as const;
    const read = fds.map((fd) => `cat <&${fd}`).join("; ");
    equal(run(["/bin/bash", "-c", read], { descriptors: mapping }).output, "second third first ");
    for (const fd of fds) native.close(fd);
  }),
  test("one descriptor can have several numbers, and 0 to 20 may all be taken", () => {
    const fd = openText("same");
    const all = Array.from({ length: 20 }, (_, index) => [index + 2, fd] as const);
    const command = "for n in 2 3 10 21; do readlink /proc/$$/fd/$n; done";
    const said = shell(command, { descriptors: [[0, fd], ...all] }).split("\n");
    equal(
      said,
      Array.from({ length: 4 }, () => "/memfd:text (deleted)"),
    );
    native.close(fd);
  }),
  test("the status pipe is in nobody's way", () => {
    // The numbers that it will have: mapped in the child all the same.
    const [read, write] = good(native.pipe(0));
    native.close(read);
    native.close(write);
    const mapping = [
      [2, 2],
      [read, 2],
      [write, 2],
      [write + 1, 2],
    ] as const;
    equal(failure({ descriptors: mapping, file: "/none" }), "exec ENOENT 0");
    equal(failure({ descriptors: mapping }), null);
  }),
  test("opens files in the child", () => {
    withDirectory((path) => {
      const open = [
        [0, "/dev/null", native.O_RDWR],
        [2, `${path}/made`, native.O_WRONLY | native.O_CREAT],
        [7, `${path}/made`, native.O_RDONLY],
      ] as const;
      equal(shell("echo text >&2; cat <&7; cat", { descriptors: [], open }), "text");
    });
  }),
  test("works when the parent itself has no standard descriptors", () => {
    const self = good(native.readlink("/proc/self/exe"));
    const [read, write] = good(native.pipe(0));
    const plan = {
      file: self,
      argv: [self, "spawn-bare"],
      env: plainEnvironment,
      descriptors: [[5, write]] as const,
    };
    const [pid, statusFd] = good(native.spawn(plan));
    native.close(write);
    equal(readAll(read), "bare\n");
    equal(waitForSetup(statusFd), true);
    equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
    native.close(read);
  }),
];

const sessions: Suite = [
  test("own session, own group, a given group", () => {
    const own = statFields({ session: true });
    equal([own[2], own[3]], [own[1 - 1 + 2], own[2]], "group and session");
    const [, , group, session] = statFields({ group: 0 });
    isTrue(group !== session && group !== String(native.getpgid(0)), "an own group in our session");
    equal(statFields({})[2], String(native.getpgid(0)));
    const plan = { file: "/bin/sleep", argv: ["sleep", "1000"], env: [], descriptors: [], group: 0 };
    const [leader, statusFd] = good(native.spawn(plan));
    equal(waitForSetup(statusFd), true);
    equal(statFields({ group: leader })[2], String(leader));
    equal(native.kill(leader, 9), 0);
    equal(waitForEnd(leader), [native.CLD_KILLED, 9]);
  }),
  test("the group exists when spawn returns", () => {
    const plan = { file: "/bin/sleep", argv: ["sleep", "1000"], env: [], descriptors: [], group: 0 };
    const [pid, statusFd] = good(native.spawn(plan));
    equal(native.getpgid(pid), pid);
    equal(native.kill(-pid, 9), 0);
    equal(waitForEnd(pid), [native.CLD_KILLED, 9]);
    native.close(statusFd);
  }),
];

const signalsOfChildren: Suite = [
  test("mask and ignored signals are as asked, of all 64", () => {
    for (const signal of [1, 12, 13, 16, 32, 33, 34, 35, 64]) native.ignoreSignal(signal, true);
    const all = [0xffffffff, 0xffffffff] as const;
    const plain = run(["/bin/cat", "/proc/self/status"]).output;
    equal([statusField(plain, "SigBlk"), statusField(plain, "SigIgn")], ["0".repeat(16), "0".repeat(16)]);
    const full = run(["/bin/cat", "/proc/self/status"], { blocked: all, ignored: all }).output;
    // The kernel takes neither KILL (9) nor STOP (19).
    equal(
      [statusField(full, "SigBlk"), statusField(full, "SigIgn")],
      ["fffffffffffbfeff", "fffffffffffbfeff"],
    );
    const some = run(["/bin/cat", "/proc/self/status"], {
      blocked: [1, 0x80000001],
      ignored: [1 << 12, 2],
    }).output;
    equal(
      [statusField(some, "SigBlk"), statusField(some, "SigIgn")],
      ["8000000100000001", "0000000200001000"],
    );
    for (const signal of [1, 12, 13, 16, 32, 33, 34, 35, 64]) native.ignoreSignal(signal, false);
  }),
  test("our own mask is untouched by a spawn", () => {
    native.blockSignals([1 << 9, 1]);
    run(["/bin/true"]);
    equal(statusField(good(native.readPseudoFile("/proc/self/status")), "SigBlk"), "0000000100000200");
    native.blockSignals([0, 0]);
  }),
  test("stops before exec when asked", () => {
    const plan = { file: "/bin/true", argv: ["true"], env: [], descriptors: [], stopBeforeExec: true };
    const [pid, statusFd] = good(native.spawn(plan));
    equal(waitForStop(pid), [native.CLD_STOPPED, 19]);
    equal(native.readSpawnFailure(statusFd), null);
    equal(native.readPseudoFile(`/proc/${pid}/comm`), "bindings\n");
    native.kill(pid, 18);
    equal(waitForSetup(statusFd), true);
    equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
  }),
  test("dies with its parent when asked, after a change of user too", () => {
    native.setSubreaper(true);
    const self = good(native.readlink("/proc/self/exe"));
    const orphan = Number(run([self, "spawn-orphan"]).output);
    equal(waitForEnd(orphan), [native.CLD_KILLED, 10]);
    native.setSubreaper(false);
  }),
];

const programs: Suite = [
  test("searches PATH of the child's environment, in order", () => {
    withDirectory((path) => {
      for (const name of ["one", "two"]) good(native.mkdir(`${path}/${name}`, 0o755));
      writeFile(`${path}/two/tool`, "#!/bin/sh\necho two\n", 0o755);
      const env = [`PATH=${path}/one:${path}/two`];
      equal(run(["tool"], { env }).output, "two\n");
      writeFile(`${path}/one/tool`, "#!/bin/sh\necho one\n", 0o755);
      equal(run(["tool"], { env }).output, "one\n");
      equal(run(["none"], { env }).failure, "exec ENOENT 0");
      equal(run(["tool"], { env: [`PATH=${path}/two/tool:${path}/two`] }).output, "two\n", "past ENOTDIR");
    });
  }),
  test("remembers that it was denied", () => {
    withDirectory((path) => {
      writeFile(`${path}/tool`, "#!/bin/sh\n", 0o644);
      equal(run(["tool"], { env: [`PATH=${path}:/none`] }).failure, "exec EACCES 0");
      equal(run(["true"], { env: [`PATH=${path}:/bin`] }).failure, null);
    });
  }),
  test("an empty element of PATH is the working directory", () => {
    withDirectory((path) => {
      writeFile(`${path}/tool`, "#!/bin/sh\necho here\n", 0o755);
      for (const PATH of ["/none:", ":/none", "/none::/none", ""]) {
        equal(run(["tool"], { env: [`PATH=${PATH}`], chdir: path }).output, "here\n", PATH);
      }
      equal(run(["./tool"], { env: [], chdir: path }).output, "here\n", "a slash");
    });
  }),
  test("without PATH it is /bin:/usr/bin", () => {
    equal(run(["true"], { env: [] }).failure, null);
    equal(run(["true"], { env: ["PATHS=/none"] }).failure, null);
  }),
  test("names that are too long are refused, directories that are too long passed over", () => {
    equal(run(["x".repeat(256)]).failure, "exec ENAMETOOLONG 0");
    equal(run(["true"], { env: [`PATH=/${"d".repeat(5000)}:/bin`] }).failure, null);
  }),
  test("a script without a first line runs in a shell only when asked", () => {
    withDirectory((path) => {
      writeFile(`${path}/script`, 'echo "$0" "$@"\n', 0o755);
      const file = `${path}/script`;
      equal(run([file, "a b"]).failure, "exec ENOEXEC 0");
      equal(run([file, "a b"], { shellFallback: true }).output, `${file} a b\n`);
      equal(run(["script"], { shellFallback: true, env: [`PATH=${path}`] }).output, `${file}\n`);
      equal(run(["true"], { shellFallback: true }).failure, null);
    });
  }),
  test("argv[0] is whatever the plan says; an empty argv is possible", () => {
    equal(
      run(["other"], { file: "/proc/self/exe", argv: ["/x/y", "say-place"] }).output.endsWith(": y\n"),
      true,
    );
  }),
];

const inAnyMemory: Suite = [
  ...limits,
  ...failures,
  ...descriptorsSuite,
  ...sessions,
  ...signalsOfChildren,
  ...programs,
  ...ownPid,
];

export const spawnSuite: Suite = [...inAnyMemory, ...identity];

/** The same for a child that is set up in our memory, but for changes of user. */
export const lentMemorySuite: Suite = [
  test("what failed is told when spawn returns", () => {
    lendMemory();
    const plan = { file: "/none", argv: ["none"], env: [], descriptors: [], waitForExec: true };
    const [pid, statusFd] = good(native.spawn(plan));
    equal(native.readSpawnFailure(statusFd), ["exec", 2, 0]);
    native.close(statusFd);
    equal(waitForEnd(pid), [native.CLD_EXITED, 255]);
  }),
  ...inAnyMemory,
];

/** Child: says where it is, and as what it was called. */
export function sayPlace(argv: readonly string[]): number {
  const name = argv[0] ?? "";
  native.writeText(1, `${good(native.getcwd())}: ${name.slice(name.lastIndexOf("/") + 1)}\n`);
  return 0;
}

/** Child: leaves a child behind that is to get SIGUSR1 when this process ends. */
export function spawnOrphan(): number {
  const plan = {
    file: "/bin/sleep",
    argv: ["sleep", "1000"],
    env: [],
    descriptors: [],
    parentDeathSignal: 10,
  };
  const [pid, statusFd] = good(native.spawn(isRoot ? { ...plan, uid: 65534 } : plan));
  waitForSetup(statusFd);
  native.writeText(1, `${pid}\n`);
  return 0;
}

/** Child that has descriptor 5 only: gives it to a child of its own as 0 to 2. */
export function spawnBare(): number {
  const open = [
    [2, "/dev/null", native.O_WRONLY],
    [0, "/dev/null", native.O_RDONLY],
  ] as const;
  const plan = {
    file: "/bin/sh",
    argv: ["sh", "-c", "echo bare"],
    env: [],
    descriptors: [[1, 5]] as const,
    open,
  };
  const [pid, statusFd] = good(native.spawn(plan));
  if (waitForSetup(statusFd) !== true) return 1;
  return waitForEnd(pid)[1];
}

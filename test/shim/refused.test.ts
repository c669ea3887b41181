/** What a sandbox refuses: the originals' words and statuses, and never a CMD that runs without its init. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { compileTool } from "../native/tools.ts";
import * as harness from "./harness.ts";
import {
  asPid1,
  descendants,
  isRoot,
  onTerminal,
  Running,
  run,
  statusField,
  until,
  within,
} from "./harness.ts";
import { binary, binaryMissing, type Kind, programs } from "./programs.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-refused-"));
const deny = compileTool("deny-calls", directory);
const cmd = ["sh", "-c", "echo ran; exit 3"];

afterEach(harness.sweep);
afterAll(() => rmSync(directory, { recursive: true }));

const upinit = [binary, "--confdir", join(directory, "none"), "--socket", join(directory, "socket")];
const kinds: readonly Kind[] = ["tini", "dumb-init", "catatonit"];
const everywhere = kinds.flatMap((kind) => programs(kind).map((program) => ({ ...program, kind })));
const ours = [
  { label: "upinit", command: upinit },
  ...everywhere
    .filter((program) => program.ours)
    .map(({ label, path, kind }) => ({ label, command: kind === "tini" ? [path, "-s"] : [path] })),
];

/** What it printed, with the pids that change told apart: INIT's and that of another process, its child. */
function withoutPids({ stderr }: harness.Outcome, pid: number): string {
  return stderr.replace(/(?<=[(:])\d+(?=\))/g, (found) => (Number(found) === pid ? "INIT" : "CHILD"));
}

async function refuse(calls: string, command: readonly string[]) {
  const running = new Running([deny, calls, ...command]);
  const outcome = await within(running.ended, command.join(" "));
  return { ...outcome, stderr: withoutPids(outcome, running.pid) };
}

describe.skipIf(binaryMissing !== undefined)("what the loop needs", () => {
  describe.each(ours)("$label", ({ command }) => {
    it.each(["signalfd4", "epoll_create1", "epoll_wait,epoll_pwait", "rt_sigprocmask", "pipe2"])(
      "without %s: one line, 1, and no CMD",
      async (calls) => {
        const { status, stdout, stderr } = await refuse(calls, [...command, "--", ...cmd]);
        expect([status, stdout]).toEqual([1, ""]);
        expect(stderr).toMatch(/^.*Operation not permitted.*\n$/);
        expect(stderr).not.toContain("fork");
      },
    );

    it("with five descriptors: one line, 1, and no CMD", async () => {
      const limited = ["sh", "-c", 'ulimit -n 5; exec "$@"', "sh", ...command, "--", ...cmd];
      const { status, stdout, stderr } = await run(limited);
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^.*pipe.*Too many open files.*\n$/);
    });
  });

  it("CMD at once, without an option: the same", async () => {
    expect(await refuse("signalfd4", asPid1([binary, ...cmd]))).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "upinit: cannot start the main process (signalfd): Operation not permitted\n",
    });
  });
});

describe("waitid", () => {
  const rows = [{ label: "upinit", path: binary, missing: binaryMissing, options: upinit.slice(1) }].concat(
    everywhere.map(({ label, path, missing }) => ({ label, path, missing, options: [] })),
  );
  describe.each(rows)("$label $missing", ({ path, missing, options }) => {
    it.skipIf(missing !== undefined).each([
      ["exit 3", 3],
      ["kill -9 $$", 137],
    ])("is replaced by wait4: %s", async (text, status) => {
      const { stdout, ...outcome } = await refuse("waitid", [path, ...options, "--", "sh", "-c", text]);
      expect(outcome.status).toBe(status);
    });
  });
});

describe.each(everywhere.filter(({ kind }) => kind === "tini"))("$label $missing", ({ path, missing }) => {
  describe.skipIf(missing !== undefined)("", () => {
    it.each([
      [["-s"], "Failed to register as child subreaper: Operation not permitted"],
      [["-p", "SIGTERM"], "Failed to set up parent death signal"],
    ])("%j refused: FATAL, 1", async (options, line) => {
      const { status, stdout, stderr } = await refuse("prctl", [path, ...options, "--", ...cmd]);
      expect([status, stdout, stderr]).toEqual([1, "", `[FATAL tini (INIT)] ${line}\n`]);
    });

    it.each([
      ["setpgid", "[FATAL tini (CHILD)] setpgid failed: Operation not permitted\n"],
      ["clone,vfork", "[FATAL tini (INIT)] fork failed: Operation not permitted\n"],
      ["rt_sigprocmask", "[FATAL tini (INIT)] sigprocmask failed: 'Operation not permitted'\n"],
    ])("without %s", async (calls, line) => {
      const { status, stdout, stderr } = await refuse(calls, [path, "-s", "--", ...cmd]);
      expect([status, stdout, stderr]).toEqual([1, "", line]);
    });

    it("-vvv tells that there is no terminal, where its output is not lost by the exec", async () => {
      const line = /\[DEBUG tini \(\d+\)\] tcsetpgrp failed: no tty \(ok to proceed\)/;
      expect((await run([path, "-s", "-vvv", "true"])).stdout).not.toMatch(line);
      expect((await run([path, "-s", "-vvv", "/does/not/exist"])).stdout).toMatch(line);
      const blind = onTerminal(["sh", "-c", `exec ${path} -s -vvv true </dev/null`]);
      expect((await run(blind)).stdout).toMatch(line);
    });
  });
});

describe.each(everywhere.filter(({ kind }) => kind === "dumb-init"))(
  "$label $missing",
  ({ path, missing }) => {
    describe.skipIf(missing !== undefined)("", () => {
      it.each([
        ["setsid", "[dumb-init] Unable to setsid (errno=1 Operation not permitted). Exiting.\n"],
        ["clone,vfork", "[dumb-init] Unable to fork. Exiting.\n"],
      ])("without %s", async (calls, line) => {
        const { status, stdout, stderr } = await refuse(calls, [path, "--", ...cmd]);
        expect([status, stdout, stderr]).toEqual([1, "", line]);
      });

      it("-v does not call a setsid complete that was refused", async () => {
        const { stderr } = await refuse("setsid", [path, "-v", "--", ...cmd]);
        expect(stderr).toContain("Unable to setsid (errno=1 Operation not permitted). Exiting.\n");
        expect(stderr).not.toContain("setsid complete");
      });
    });
  },
);

describe.each(everywhere.filter(({ kind }) => kind === "catatonit"))(
  "$label $missing",
  ({ path, missing }) => {
    describe.skipIf(missing !== undefined)("", () => {
      it.each([
        ["prctl", "INIT): failed to set child-reaper as non-pid1: Operation not permitted"],
        ["setpgid", "CHILD): failed to create process group"],
        ["rt_sigprocmask", "INIT): failed to block all signals: Operation not permitted"],
        ["signalfd4", "INIT): failed to create signalfd: Operation not permitted"],
        [
          "clone,vfork",
          "INIT): failed to fork child: Operation not permitted\nERROR (catatonit:INIT): failed to spawn pid1: Operation not permitted",
        ],
      ])("without %s", async (calls, line) => {
        const { status, stdout, stderr } = await refuse(calls, [path, "--", ...cmd]);
        expect([status, stdout, stderr]).toEqual([1, "", `ERROR (catatonit:${line}\n`]);
      });

      it("the child speaks of an exec that failed", async () => {
        const { stderr } = await refuse("ptrace", [path, "--", "/does/not/exist"]);
        expect(stderr).toBe("ERROR (catatonit:CHILD): failed to exec pid1: No such file or directory\n");
      });
    });
  },
);

describe.skipIf(binaryMissing !== undefined)("upinit's own options", () => {
  it.each([
    [["-s"], "upinit: cannot take orphans in (-s): Operation not permitted\n"],
    [["-p", "TERM"], "upinit: cannot ask for a signal when the parent dies (-p): Operation not permitted\n"],
    [[], ""],
  ])("%j refused is told, and CMD runs", async (options, line) => {
    expect(await refuse("prctl", [...upinit, ...options, "--", ...cmd])).toMatchObject({
      status: 3,
      stdout: "ran\n",
      stderr: line,
    });
  });
});

describe.runIf(isRoot)("a CMD of another user, without CAP_KILL", () => {
  const withoutKill = ["setpriv", "--bounding-set=-kill", "--inh-caps=-kill"];
  const become = "setpriv --reuid=65534 --regid=65534 --clear-groups";
  // It holds none of the streams, which would be open as long as it sleeps.
  const other = ["sh", "-c", `exec ${become} sleep 1000 <&- >&- 2>&-`];

  /** TERM to the init of a CMD that has become somebody else. */
  async function terminated(command: readonly string[]): Promise<Running> {
    const running = new Running([...withoutKill, ...command, "--", ...other], {
      env: { CATATONIT_DEBUG: "" },
    });
    await until("CMD sleeps", () =>
      descendants(running.pid).some(({ pid }) => statusField(pid, "Name") === "sleep"),
    );
    running.signal(15);
    return running;
  }

  it.each(programs("tini").filter(({ missing }) => missing === undefined))(
    "$label: FATAL, 1",
    async ({ path }) => {
      const { status, stderr } = await within((await terminated([path, "-s"])).ended, "tini ends");
      expect(status).toBe(1);
      expect(stderr).toContain("Unexpected error when forwarding signal: 'Operation not permitted'\n");
    },
  );

  it.each(programs("catatonit").filter(({ missing }) => missing === undefined))(
    "$label: a warning",
    async ({ path }) => {
      await (await terminated([path])).printed("failed: Operation not permitted\n");
    },
  );

  it.runIf(binaryMissing === undefined)("upinit names the signal and the capability, at once", async () => {
    const running = await terminated(upinit);
    await running.printed("it needs CAP_KILL to signal another user's process\n");
    expect(running.stderr).toMatch(
      /^upinit: cannot send TERM to the main process \(\d+\): Operation not permitted;/,
    );
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, runProgram } from "./program.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-host-"));
let host = "";

beforeAll(() => {
  host = buildProgram("host", directory);
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a command that goes wrong", () => {
  it("says one line and ends with 1 when it throws", async () => {
    const ending = await runProgram(host, ["throw"]);
    expect(ending).toEqual({ status: 1, signal: null, output: "", errors: "upinit: the reason\n" });
  });

  it("says where only with UPINIT_DEBUG=1", async () => {
    const ending = await runProgram(host, ["throw"], { UPINIT_DEBUG: "1" });
    expect(ending.errors).toMatch(/^upinit: the reason\nError\n +at /);
  });

  it("says one line and ends with 1 at a rejection that nobody handles", async () => {
    const ending = await runProgram(host, ["reject"]);
    expect(ending).toMatchObject({ status: 1, errors: "upinit: the reason\n" });
  });

  it("lets a rejection be handled while promise jobs are left", async () => {
    const ending = await runProgram(host, ["reject-handled-later"]);
    expect(ending).toMatchObject({ status: 0, output: "handled\n", errors: "" });
  });

  it("ends with the status that it gives", async () => {
    expect(await runProgram(host, ["status"])).toMatchObject({ status: 42, output: "", errors: "" });
  });
});

describe("turns", () => {
  it.each([
    [
      "exceptions and rejections go to the handler, and the loop goes on",
      "turns",
      "exception: first\nrejection: second\nthird\n",
    ],
    ["an endless turn is interrupted, past any catch", "endless", "exception: interrupted\nnext\n"],
    [
      "a contained interruption costs only what was contained",
      "endless-contained",
      "contained: interrupted\nsame turn\n",
    ],
    ["time asleep does not count", "asleep-within-limit", "next\n"],
    [
      "recursion without end is an exception",
      "recursion",
      "exception: Maximum call stack size exceeded\nnext\n",
    ],
  ])("%s", async (_what, scene, output) => {
    expect(await runProgram(host, [scene])).toEqual({ status: 0, signal: null, output, errors: "" });
  });

  it("an endless chain of promises is interrupted", async () => {
    const ending = await runProgram(host, ["endless-promises"]);
    expect(ending.status).toBe(0);
    expect(ending.output).toMatch(/^((exception|rejection): interrupted\n)+next\n$/);
  });

  it("goes on when the handler itself fails, and says what it was about", async () => {
    const ending = await runProgram(host, ["handler-fails"]);
    expect(ending).toMatchObject({ status: 0, output: "next\n", errors: "upinit: turn\n" });
  });

  it("gives memory back in a long wait", async () => {
    expect(await runProgram(host, ["idle"])).toMatchObject({ status: 0, output: "gave back\n", errors: "" });
  });

  it("survives memory running out", async () => {
    const ending = await runProgram("/bin/sh", ["-c", `ulimit -v 65536; exec ${host} memory`]);
    expect(ending).toMatchObject({ status: 0, output: "exception: out of memory\nnext\n" });
  });

  it("survives recursion on a small stack", async () => {
    const ending = await runProgram("/bin/sh", ["-c", `ulimit -s 256; exec ${host} recursion`]);
    expect(ending.output).toBe("exception: Maximum call stack size exceeded\nnext\n");
  });
});

describe("under AddressSanitizer and UndefinedBehaviorSanitizer", () => {
  let sanitized = "";
  beforeAll(() => {
    sanitized = buildProgram("host", join(directory, "sanitized"), "--sanitize");
  }, 600_000);

  it.each([
    ["turns", "exception: first\nrejection: second\nthird\n"],
    ["endless-contained", "contained: interrupted\nsame turn\n"],
    ["recursion", "exception: Maximum call stack size exceeded\nnext\n"],
    ["reject-handled-later", "handled\n"],
  ])("the host does the same: %s", async (scene, output) => {
    expect(await runProgram(sanitized, [scene])).toEqual({ status: 0, signal: null, output, errors: "" });
  });
});

describe("inherited signals", () => {
  it("are known as they were, real-time ones too", async () => {
    const ending = await runProgram("/bin/sh", ["-c", `trap "" HUP QUIT; exec ${host} inherited`]);
    expect(ending.output).toMatch(/^blocked 0 0\nignored \w*5 0\n$/);
  });
});

describe("the engine is lost", () => {
  /** Starts a shell that leaves a child and becomes the program; gives its first line, which is the child's pid. */
  async function startWithChild(scene: string): Promise<{ program: ChildProcess; child: number }> {
    const program = spawn("/bin/sh", ["-c", `sleep 1000 & echo $!; exec ${host} ${scene}`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface({ input: program.stdout }).once("line", (text) => resolve([text]));
    });
    return { program, child: Number(line) };
  }

  /** Resolves when the program has said that it is lost. */
  function loss(program: ChildProcess): Promise<string> {
    return new Promise((resolve) => {
      let said = "";
      program.stderr?.on("data", (data: Buffer) => {
        said += data.toString();
        if (said.includes("only reaping")) resolve(said);
      });
    });
  }

  function ended(program: ChildProcess): Promise<number | null> {
    return new Promise((resolve) => program.once("exit", (status) => resolve(status)));
  }

  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];

  it.each(["fault", "every-turn-fails"])(
    "by %s: keeps reaping, and ends everything at SIGTERM with 70",
    async (scene) => {
      const { program, child } = await startWithChild(scene);
      const said = await loss(program);
      expect(said).toMatch(scene === "fault" ? /\(SIGSEGV\)/ : /\(no turn succeeds any more\)/);

      const end = ended(program);
      process.kill(child, "SIGKILL");
      /* A dead child that nobody reaped would stay as a zombie, with its directory. */
      await expect.poll(() => existsSync(`/proc/${child}`)).toBe(false);
      expect(readFileSync(`/proc/${program.pid}/stat`, "utf8")).toContain(") S ");

      program.kill("SIGTERM");
      expect(await end).toBe(70);
    },
  );

  it("as PID 1: ends every process of the namespace at SIGTERM, and with 70", async () => {
    const script = `sleep 1000 & (setsid sleep 1000 &); exec ${host} fault`;
    const unshare = spawn("unshare", [...user, "--pid", "--fork", "/bin/sh", "-c", script], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await loss(unshare);
    const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8");
    const end = ended(unshare);
    process.kill(Number(children.trim()), "SIGTERM");
    expect(await end).toBe(70);
  });

  it("gives everybody time after SIGTERM, however many others end meanwhile", async () => {
    const ready = join(directory, "ready");
    const mark = join(directory, "mark");
    const on = (trap: string) =>
      `sh -c "trap '${trap}; exit' TERM; echo >>${ready}; while :; do sleep 0.1; done" &`;
    const quick = `for n in 1 2 3 4 5 6 7 8 9; do ${on("sleep 0.$n")} done`;
    const script = `${quick}; ${on(`sleep 2; echo well >${mark}`)} exec ${host} fault`;
    const unshare = spawn("unshare", [...user, "--pid", "--fork", "/bin/sh", "-c", script], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await expect.poll(() => existsSync(ready) && readFileSync(ready).length, { timeout: 60_000 }).toBe(10);
    await loss(unshare);
    const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8");
    const end = ended(unshare);
    process.kill(Number(children.trim()), "SIGTERM");
    expect(await end).toBe(70);
    expect(readFileSync(mark, "utf8")).toBe("well\n");
  });

  it("not by a fault signal that somebody sent, though its turn comes twice", async () => {
    const program = spawn(host, ["fault-sent"], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    program.kill("SIGILL");
    expect((await lines.next()).value).toBe(`4 from ${process.pid}`);
  });

  it("during the stop: ends everything without being told again", async () => {
    const { program, child } = await startWithChild("fault-while-stopping");
    expect(await ended(program)).toBe(70);
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });

  it("takes children along at SIGTERM", async () => {
    const { program, child } = await startWithChild("fault");
    await loss(program);
    const end = ended(program);
    program.kill("SIGTERM");
    expect(await end).toBe(70);
    expect(existsSync(`/proc/${child}`)).toBe(false);
  });
});

import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildProgram } from "./program.ts";
import { endingOf, playScene, startScene } from "./run-scene.ts";
import type { Scene, SceneJob } from "./scene.ts";

const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), "upinit-output-"));
const logs = join(directory, "logs");
let program = "";

beforeAll(() => {
  program = buildProgram("processes", directory);
}, 300_000);
beforeEach(() => {
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** For tests that compare every line: on a loaded machine they are slower readers than jobs are made to wait for. */
const lossless = { overflow: "block" } as const;

const play = (job: SceneJob, more: Partial<Scene> = {}) => playScene(program, { jobs: [job], ...more });
const logOf = (name: string): string => readFileSync(join(logs, name), "latin1");

describe("on standard output", () => {
  it("each line has the job's name in front, both streams in their order", async () => {
    const { output } = await play({
      name: "web",
      script: "echo one\necho two >&2\necho\nprintf '\\377\\0x\\n'\n",
    });
    expect(output).toBe("web | one\nweb | two\nweb | \nweb | \xff\0x\n");
  });

  it("an instance is named, without what could pass as another line", async () => {
    const { output } = await play({ name: "web", instanceName: "a\nb | \x1b[m", exec: "echo x" });
    expect(output).toBe("web (a?b | ?[m) | x\n");
  });

  it("a last line without an end gets one", async () => {
    expect((await play({ exec: "printf end" })).output).toBe("job | end\n");
  });

  it("the begin of a line comes out after a while, and its end without another prefix", async () => {
    const { output } = await play({ script: "printf 'Password: '\nsleep 1\necho given\n" });
    expect(output).toBe("job | Password: given\n");
  });

  it("somebody else's line ends one that stands open", async () => {
    const { output } = await playScene(program, {
      jobs: [
        { name: "a", script: "printf begin\nsleep 1\necho end\n" },
        { name: "b", script: "sleep 0.6\necho whole\n" },
      ],
    });
    expect(output).toBe("a | begin\nb | whole\na | end\n");
  });

  it("a line of any length comes through, in one piece", async () => {
    const { output } = await play(
      { exec: "sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" x; echo'" },
      lossless,
    );
    expect(output).toBe(`job | ${"x".repeat(3_000_000)}\n`);
  });

  it("many short lines too, whatever the prefix makes of them", async () => {
    const { output } = await play(
      { name: "n".repeat(200), exec: "sh -c 'yes \"\" | head -n 300000'" },
      lossless,
    );
    expect(output.length).toBe(300_000 * 204);
    expect(output.replaceAll(`${"n".repeat(200)} | \n`, "")).toBe("");
  });

  it("lines of many jobs are never torn", async () => {
    const job = (name: string): SceneJob => ({
      name,
      exec: `sh -c 'yes ${name.repeat(120)} | head -n 60000'`,
    });
    const names = ["a", "b", "c"];
    const { output } = await playScene(program, { jobs: names.map(job), ...lossless });
    const lines = output.split("\n").slice(0, -1);
    expect(lines).toHaveLength(180_000);
    const whole = new Set(names.map((name) => `${name} | ${name.repeat(120)}`));
    expect(lines.filter((line) => !whole.has(line))).toEqual([]);
  });

  it("goes on after main for who still holds it", async () => {
    const { output } = await play(
      { exec: "sh -c '(sleep 0.3; echo child) & echo main'" },
      { lingerUntil: "child" },
    );
    expect(output).toBe("job | main\njob | child\n");
  });

  it("is complete before the end of the process is told, and its last lines are kept", async () => {
    const { output, tail } = await play({ name: "count", exec: "seq 20000" }, { tail: "count" });
    expect(output.split("\n")).toHaveLength(20_001);
    expect(tail).toEqual(["19996", "19997", "19998", "19999", "20000"]);
  });

  it("through a terminal, as Upstart had it", async () => {
    const { output } = await play({ exec: "sh -c 'test -t 1 && echo terminal; seq 3000'" }, { pty: true });
    expect(output.startsWith("job | terminal\njob | 1\n")).toBe(true);
    expect(output.endsWith("job | 3000\n")).toBe(true);
  });
});

it.each([true, false])(
  "what a daemon writes after its parent has ended is captured (terminal: %s)",
  async (pty) => {
    const ending = await playScene(program, {
      jobs: [{ expect: "fork", exec: "sh -c '(sleep 0.3; echo daemon) & exit 0'" }],
      pty,
    });
    expect(ending.lines.map((line) => line.trimEnd())).toEqual(["daemon"]);
  },
);

describe("a reader", () => {
  /** Lines of numbers, as `seq` writes them. */
  const count = 200_000;
  const job: SceneJob = { exec: `seq ${count}` };

  it("who is slow slows the job down and loses nothing", async () => {
    const child = startScene(program, { jobs: [job] });
    const pieces: Buffer[] = [];
    child.stdout?.on("data", (piece: Buffer) => {
      pieces.push(piece);
      child.stdout?.pause();
      setTimeout(() => child.stdout?.resume(), 5);
    });
    await endingOf(child);
    const lines = Buffer.concat(pieces).toString().split("\n").slice(0, -1);
    expect(lines).toHaveLength(count);
    expect(lines.at(-1)).toBe(`job | ${count}`);
  });

  it("who takes nothing for a second loses lines, which are counted", async () => {
    const child = startScene(program, { jobs: [job, { name: "end", exec: "sleep 2.5" }] });
    const errors: string[] = [];
    child.stderr?.on("data", (piece: Buffer) => errors.push(piece.toString()));
    const ending = endingOf(child);
    child.stdout?.pause();
    await expect
      .poll(() => errors.join(""), { timeout: 20_000 })
      .toContain("job output is dropped until it does");
    child.stdout?.resume();
    const { output } = await ending;
    const lines = output.split("\n").slice(0, -1);
    const dropped = Number(/(\d+) lines of job output dropped/.exec(errors.join(""))?.[1]);
    expect(lines.length + dropped).toBe(count);
    expect(lines.filter((line) => !/^job \| \d+$/.test(line))).toEqual([]);
  });

  it("who takes nothing makes lines be dropped at once with `drop`", async () => {
    const child = startScene(program, {
      jobs: [{ exec: "sh -c 'seq 2000000; echo done >&2'" }],
      overflow: "drop",
      logs,
    });
    const ending = endingOf(child);
    child.stdout?.pause();
    await expect
      .poll(() => existsSync(join(logs, "job.log")) && logOf("job.log").endsWith("done\n"), {
        timeout: 20_000,
      })
      .toBe(true);
    child.stdout?.resume();
    const { log } = await ending;
    expect(log.join("\n")).toMatch(/\d+ lines of job output dropped/);
  });

  it("who takes nothing holds the job up with `block`, but not the log", async () => {
    const child = startScene(program, {
      jobs: [job, { name: "quick", exec: "sleep 1.5" }],
      overflow: "block",
    });
    const errors: string[] = [];
    child.stderr?.on("data", (piece: Buffer) => errors.push(piece.toString()));
    const ending = endingOf(child);
    child.stdout?.pause();
    await expect
      .poll(() => errors.join(""), { timeout: 20_000 })
      .toMatch(/"pid":\d+,"status":\{"type":"exited"/);
    child.stdout?.resume();
    const { output } = await ending;
    expect(output.split("\n")).toHaveLength(count + 1);
  });

  it("who is gone does not stop the job", async () => {
    const child = startScene(program, { jobs: [{ exec: "sh -c 'seq 100000; echo done'" }], logs });
    child.stdout?.destroy();
    const { status, log } = await endingOf(child);
    expect(status).toBe(0);
    expect(logOf("job.log").endsWith("done\n")).toBe(true);
    expect(log).toContain("Standard output has no reader any more: job output is dropped");
  });

  it("finds its descriptor as it was: blocking", async () => {
    const script = `"$0" "$1" >&3; exec 1>&3; grep flags /proc/$$/fdinfo/1 >&2`;
    const scene = join(directory, "flags.json");
    writeFileSync(scene, JSON.stringify({ jobs: [{ exec: "seq 30000" }] }));
    const errors = execFileSync("/bin/sh", [
      "-c",
      `(${script}) 3>&1 2>&1 | tail -1`,
      program,
      scene,
    ]).toString();
    expect(Number.parseInt(/flags:\s*(\d+)/.exec(errors)?.[1] ?? "", 8) & 0o4000).toBe(0);
  });
});

describe("log files", () => {
  it("hold what was written, as it was written", async () => {
    await play({ name: "a/b", instanceName: "c/d", exec: "printf 'x\\377\\0\\r\\n\\ny'" }, { logs });
    expect(readdirSync(logs)).toEqual(["a_b-c_d.log"]);
    expect(logOf("a_b-c_d.log")).toBe("x\xff\0\r\n\ny");
  });

  it("are made at the first byte, with mode 0640 whatever the mask", async () => {
    await playScene(program, {
      jobs: [
        { name: "silent", exec: "true" },
        { name: "loud", exec: "echo" },
      ],
      logs,
      umask: 0o777,
    });
    expect(readdirSync(logs)).toEqual(["loud.log"]);
    expect(statSync(join(logs, "loud.log")).mode & 0o7777).toBe(0o640);
  });

  it("are appended to", async () => {
    writeFileSync(join(logs, "job.log"), "old\n");
    await play({ exec: "echo new" }, { logs });
    expect(logOf("job.log")).toBe("old\nnew\n");
  });

  it("are made anew after a deletion", async () => {
    const path = join(logs, "job.log");
    await play(
      { script: `echo one\nuntil grep -q one ${path}; do :; done\nrm ${path}\necho two\n` },
      { logs },
    );
    expect(logOf("job.log")).toBe("two\n");
  });

  it("get early output when their directory has come", async () => {
    const late = join(directory, "late");
    rmSync(late, { recursive: true, force: true });
    await play({ script: `echo early\nsleep 0.3\nmkdir ${late}\necho late\n` }, { logs: late });
    expect(readFileSync(join(late, "job.log"), "utf8")).toBe("early\nlate\n");
  });

  it("do not follow a link, and nothing but an ordinary file with one name is written to", async () => {
    const secret = join(directory, "secret");
    writeFileSync(secret, "secret\n");
    symlinkSync(secret, join(logs, "symbolic.log"));
    linkSync(secret, join(logs, "hard.log"));
    execFileSync("mkfifo", [join(logs, "fifo.log")]);
    mkdirSync(join(logs, "directory.log"));
    const names = ["symbolic", "hard", "fifo", "directory"];
    const { output, log } = await playScene(program, {
      jobs: names.map((name) => ({ name, exec: "echo x" })),
      logs,
    });
    expect(output.split("\n").slice(0, -1).sort()).toEqual(names.map((name) => `${name} | x`).sort());
    expect(readFileSync(secret, "utf8")).toBe("secret\n");
    expect(log.filter((line) => line.startsWith("Failed to open log file"))).toHaveLength(4);
  });

  it("are rotated at 10 MiB, between lines, and five are kept", async () => {
    await play({ exec: "sh -c 'yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 74000000'" }, { logs });
    expect(readdirSync(logs).sort()).toEqual([
      "job.log",
      "job.log.1",
      "job.log.2",
      "job.log.3",
      "job.log.4",
      "job.log.5",
    ]);
    for (const number of [1, 2, 3, 4, 5]) {
      const text = logOf(`job.log.${number}`);
      expect(text.length).toBeGreaterThanOrEqual(10 * 1024 * 1024);
      expect(text.length).toBeLessThan(12 * 1024 * 1024);
      expect(text.startsWith("0123456789")).toBe(true);
      expect(text.endsWith("xyz\n")).toBe(true);
    }
  });

  it.runIf(isRoot)("a full disk loses output, not the job", async () => {
    const script = `mount -t tmpfs -o size=64k none ${logs}; exec ${program} "$0"`;
    const scene = join(directory, "full.json");
    writeFileSync(scene, JSON.stringify({ jobs: [{ exec: "seq 100000" }], logs }));
    const output = execFileSync("unshare", ["-m", "/bin/sh", "-c", script, scene], {
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 16 * 1024 * 1024,
    });
    expect(output.toString().trimEnd().endsWith("job | 100000")).toBe(true);
  });

  it.runIf(isRoot)(
    "held back by a read-only file system are written when it is said to be writable",
    async () => {
      const script = `mount -t tmpfs -o ro none ${logs}; ${program} "$0" & p=$!
      until grep -q ok ${directory}/ended; do :; done; mount -o remount,rw ${logs}; kill -USR1 $p
      until test -s ${logs}/early.log; do :; done; cat ${logs}/early.log; kill -KILL $p`;
      const scene = join(directory, "readonly.json");
      const jobs = [
        { name: "early", exec: "seq 1000" },
        { name: "second", exec: `sh -c 'sleep 0.5; echo ok > ${directory}/ended; sleep 1000'` },
      ];
      writeFileSync(join(directory, "ended"), "");
      writeFileSync(scene, JSON.stringify({ jobs, logs }));
      const output = execFileSync("unshare", ["-mpf", "--mount-proc", "/bin/sh", "-c", script, scene], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(output.toString()).toContain("\n999\n1000\n");
      expect(output.toString()).toContain("\n1\n2\n3\n");
    },
  );
});

describe("upinit's own log", () => {
  it("never waits for a reader; what is too much is dropped, counted and said", async () => {
    const child = startScene(program, { jobs: [{ exec: "echo done" }], chatter: 20_000 });
    const errors: Buffer[] = [];
    child.stderr?.on("data", (piece: Buffer) => errors.push(piece));
    child.stderr?.pause();
    const output = await new Promise<string>((done) =>
      child.stdout?.once("data", (piece: Buffer) => done(piece.toString())),
    );
    expect(output).toBe("job | done\n");
    const ended = new Promise((done) => child.once("close", done));
    child.stderr?.resume();
    await ended;
    const lines = Buffer.concat(errors)
      .toString()
      .split("\n")
      .filter((line) => line.startsWith("init: "));
    const written = lines.filter((line) => /^init: line \d+ x{80}$/.test(line)).length;
    const dropped = Number(/^init: (\d+) messages dropped/m.exec(lines.join("\n"))?.[1]);
    expect(written).toBeGreaterThan(0);
    expect(written + dropped).toBe(20_000);
  });
});

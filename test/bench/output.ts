/** How fast the output of one job goes through PID 1: 100-byte lines, prefixed, into a pipe that is drained. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, type Report } from "./measure.ts";

interface Flow {
  readonly megabytesPerSecond: number;
  readonly dropped: boolean;
  /** Of PID 1, at the most. */
  readonly kilobytes: number;
}

/** Bytes that a line has more in the end than it had: `flood | `. */
const line = `${"x".repeat(99)}\n`;
const prefix = "flood | ".length;

async function flow(binary: string, megabytes: number): Promise<Flow> {
  const home = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  try {
    mkdirSync(join(home, "jobs"));
    const block = join(home, "block");
    writeFileSync(block, line.repeat(10_000));
    const loop = `i=0; while [ $i -lt ${megabytes} ]; do cat ${block}; i=$((i+1)); done`;
    writeFileSync(
      join(home, "jobs", "flood.conf"),
      `start on startup\ntask\nshutdown on exit\nscript\n${loop}\nend script\n`,
    );
    const init = spawn(
      binary,
      ["--confdir", join(home, "jobs"), "--socket", join(home, "s"), "--logdir", join(home, "none")],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    let bytes = 0;
    let began = 0;
    let kilobytes = 0;
    const ended = new Promise<void>((resolve) => init.on("close", () => resolve()));
    init.stdout.on("data", (data: Buffer) => {
      if (began === 0) began = performance.now();
      bytes += data.length;
      if (kilobytes === 0 || bytes % 7 === 0) kilobytes = Math.max(kilobytes, peak(init.pid ?? 0));
    });
    await ended;
    const seconds = (performance.now() - began) / 1000;
    const expected = megabytes * 10_000 * (line.length + prefix);
    return {
      megabytesPerSecond: (megabytes * 1_000_000) / 1e6 / seconds,
      dropped: bytes < expected,
      kilobytes,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function peak(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

/** A bar for a quiet machine (design section 9); the reader here is Node, which takes its own part of the two cores. */
const bar = 200;

export async function output(binary: string, scale: number): Promise<Report[]> {
  const megabytes = Math.max(20, Math.round(500 * scale));
  const runs: Flow[] = [];
  for (let round = 0; round < 3; round++) runs.push(await flow(binary, megabytes));
  const speed = median(runs.map((run) => run.megabytesPerSecond));
  const dropped = runs.some((run) => run.dropped);
  return [
    {
      title: `output: ${megabytes} MB in lines of 100 bytes, prefixed`,
      columns: ["MB/s", "kB of PID 1 at the most"],
      rows: [["upinit", speed.toFixed(0), String(Math.max(...runs.map((run) => run.kilobytes)))]],
      verdicts: [
        { what: `${speed.toFixed(0)} MB/s (at least ${bar})`, kept: speed >= bar },
        { what: "nothing dropped", kept: !dropped },
      ],
    },
  ];
}

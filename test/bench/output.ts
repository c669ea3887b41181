/** How fast the output of one job goes through PID 1: 100-byte lines, prefixed, into a pipe that is drained. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
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

/** How many of its megabytes the job writes with one process, so that it is not the making of them that is measured. */
const megabytesOfProcess = 50;

/** A job that writes `block`, a megabyte of lines, so many times. */
function flood(block: string, megabytes: number): string {
  const files = Array.from({ length: megabytesOfProcess }, () => block).join(" ");
  const loop = `i=0; while [ $i -lt ${megabytes / megabytesOfProcess} ]; do cat ${files}; i=$((i+1)); done`;
  return `start on startup\ntask\nshutdown on exit\nscript\n${loop}\nend script\n`;
}

async function flow(binary: string, megabytes: number): Promise<Flow> {
  const home = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  try {
    mkdirSync(join(home, "jobs"));
    const block = join(home, "block");
    writeFileSync(block, line.repeat(10_000));
    writeFileSync(join(home, "jobs", "flood.conf"), flood(block, megabytes));
    const began = performance.now();
    const init = spawn(
      binary,
      ["--confdir", join(home, "jobs"), "--socket", join(home, "s"), "--logdir", join(home, "none")],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    // Not Node itself, which would be busier than PID 1.
    const reader = spawn("wc", ["-c"], { stdio: [init.stdout, "pipe", "inherit"] });
    init.stdout.destroy();
    let kilobytes = 0;
    const watch = setInterval(() => {
      kilobytes = Math.max(kilobytes, peak(init.pid ?? 0));
    }, 20);
    const bytes = Number(await text(reader.stdout));
    const seconds = (performance.now() - began) / 1000;
    clearInterval(watch);
    const expected = megabytes * 10_000 * (line.length + prefix);
    return { megabytesPerSecond: megabytes / seconds, dropped: bytes < expected, kilobytes };
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

/** A bar for a quiet machine (docs/design.md#20-budgets). */
const bar = 200;

export async function output(binary: string, scale: number): Promise<Report[]> {
  const megabytes = megabytesOfProcess * Math.max(1, Math.round(10 * scale));
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

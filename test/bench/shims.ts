/** upinit with a CMD and no jobs, beside tini, dumb-init and catatonit (docs/design.md#20-budgets). */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { interleave, median, pairedDifference, type Report } from "./measure.ts";

interface Program {
  readonly name: string;
  /** What comes before CMD; empty: CMD alone. */
  readonly command: readonly string[];
}

const environment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" };
const orphans = 2000;
const asPid1 = [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--fork",
  "--pid",
  "--mount-proc",
  "--kill-child",
];

function installed(name: string): string | null {
  for (const directory of environment.PATH.split(":")) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // Not in this one.
    }
  }
  return null;
}

function programs(binary: string, directory: string): Program[] {
  const alias = join(directory, "tini");
  symlinkSync(binary, alias);
  const originals = ["tini", "dumb-init", "catatonit"].flatMap((name) => {
    const path = installed(name);
    return path === null ? [] : [{ name, command: [path, ...(name === "tini" ? ["-s"] : []), "--"] }];
  });
  return [
    { name: "no init", command: [] },
    ...originals,
    { name: "upinit", command: [binary, "--"] },
    { name: "upinit as tini", command: [alias, "-s", "--"] },
  ];
}

/** Milliseconds until CMD knows what time it is. */
function timeToCommand({ command }: Program): number {
  const [file = "date", ...args] = [...command, "date", "+%s%N"];
  const before = performance.timeOrigin + performance.now();
  const { stdout } = spawnSync(file, args, { env: environment, encoding: "utf8" });
  return Number(stdout) / 1e6 - before;
}

/** Milliseconds of a whole run of /bin/true. */
function wholeRun({ command }: Program): number {
  const [file = "/bin/true", ...args] = [...command, "/bin/true"];
  const before = performance.now();
  spawnSync(file, args, { env: environment });
  return performance.now() - before;
}

function field(pid: number, file: string, name: string): number {
  const line = readFileSync(`/proc/${pid}/${file}`, "utf8")
    .split("\n")
    .find((text) => text.startsWith(`${name}:`));
  return Number(line?.split(/\s+/)[1]);
}

class Live {
  readonly #process: ChildProcess;
  #output = "";

  constructor(command: readonly string[]) {
    const [file = "", ...args] = command;
    this.#process = spawn(file, args, { env: environment, stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  async printed(text: string): Promise<void> {
    while (!this.#output.includes(text)) await once(this.#process.stdout ?? process.stdin, "data");
  }

  async end(): Promise<void> {
    const ended = once(this.#process, "exit");
    for (const pid of [...children(this.pid), this.pid]) process.kill(pid, "SIGKILL");
    await ended;
  }
}

/** Resident kilobytes and wake-ups in ten seconds, with a sleeping CMD. */
async function atRest({ command }: Program): Promise<{ resident: number; own: number; wakeups: number }> {
  const live = new Live([...command, "sh", "-c", "echo ready; read line"]);
  await live.printed("ready");
  // What an init does once at its beginning is not what it does at rest.
  await pause(2500);
  const switches = () => field(live.pid, "status", "voluntary_ctxt_switches");
  const before = switches();
  await pause(5000);
  const wakeups = 2 * (switches() - before);
  const result = {
    resident: field(live.pid, "status", "VmRSS"),
    own: field(live.pid, "smaps_rollup", "Pss"),
    wakeups,
  };
  await live.end();
  return result;
}

function children(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}

/** Nanoseconds that a process has computed. */
function computed(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]);
}

async function orphanMaker({ command }: Program): Promise<{ live: Live; init: number }> {
  const inner = `i=0; while [ $i -lt ${orphans} ]; do ( : & ); i=$((i + 1)); done`;
  const live = new Live([
    ...asPid1,
    ...command,
    "sh",
    "-c",
    `echo ready; read line; ${inner}; echo left; read line`,
  ]);
  await live.printed("ready");
  return { live, init: children(live.pid)[0] ?? 0 };
}

async function reaped(init: number): Promise<void> {
  while (children(init).length > 1) await pause(1);
}

/** Orphans a second, made and reaped, as fast as a shell can make them. */
async function reapAlong(program: Program): Promise<number> {
  const { live, init } = await orphanMaker(program);
  const begin = performance.now();
  live.write("go\n");
  await live.printed("left");
  await reaped(init);
  const rate = (1000 * orphans) / (performance.now() - begin);
  await live.end();
  return rate;
}

/** Microseconds of an init's own time for an orphan, when all of them wait for it. */
async function reapAtOnce(program: Program): Promise<number> {
  const { live, init } = await orphanMaker(program);
  process.kill(init, "SIGSTOP");
  live.write("go\n");
  await live.printed("left");
  const before = computed(init);
  process.kill(init, "SIGCONT");
  await reaped(init);
  const each = (computed(init) - before) / 1000 / orphans;
  await live.end();
  return each;
}

/** Microseconds from a signal to the init until its CMD has said so; includes what is the same for all. */
async function signalLatency({ command }: Program): Promise<number> {
  const live = new Live([
    ...command,
    "sh",
    "-c",
    "trap 'echo x' USR1; echo ready; while :; do read line; done",
  ]);
  await live.printed("ready");
  const samples: number[] = [];
  for (let count = 1; count <= 100; count++) {
    const before = performance.now();
    process.kill(live.pid, "SIGUSR1");
    await live.printed(`ready\n${"x\n".repeat(count)}`);
    samples.push((performance.now() - before) * 1000);
  }
  await live.end();
  return median(samples);
}

async function startTable(subjects: readonly Program[], rounds: number): Promise<Report> {
  const [none] = subjects;
  const first = await interleave(subjects, rounds, timeToCommand);
  const whole = await interleave(subjects, rounds, wholeRun);
  const over = (all: Map<Program, number[]>, one: Program) =>
    pairedDifference(all.get(one) ?? [], (none === undefined ? undefined : all.get(none)) ?? []);
  const of = (name: string) => subjects.find((one) => one.name === name);
  const [tini, upinit] = [of("tini"), of("upinit")];
  const more = tini && upinit ? pairedDifference(first.get(upinit) ?? [], first.get(tini) ?? []) : undefined;
  return {
    title: `Start: milliseconds over no init, medians of ${rounds} interleaved rounds`,
    columns: ["exec to CMD", "whole run of true"],
    rows: subjects.map((one) => [one.name, over(first, one).toFixed(3), over(whole, one).toFixed(3)]),
    verdicts:
      more === undefined
        ? []
        : [{ what: `exec to CMD: tini + ${more.toFixed(3)} ms (at most + 0.5)`, kept: more <= 0.5 }],
  };
}

async function rest(subjects: readonly Program[]): Promise<Report> {
  const inits = subjects.filter(({ command }) => command.length > 0);
  const found = await Promise.all(inits.map(atRest));
  const own = found[inits.findIndex(({ name }) => name === "upinit")];
  return {
    title: "At rest, CMD sleeping",
    columns: ["resident kB", "of it own kB", "wake-ups in 10 s"],
    rows: inits.map((one, index) => {
      const { resident, own: pss, wakeups } = found[index] ?? { resident: 0, own: 0, wakeups: 0 };
      return [one.name, String(resident), String(pss), String(wakeups)];
    }),
    verdicts:
      own === undefined
        ? []
        : [
            { what: `resident: ${own.resident} kB (at most 1536)`, kept: own.resident <= 1536 },
            { what: `wake-ups: ${own.wakeups} (none)`, kept: own.wakeups === 0 },
          ],
  };
}

async function work(subjects: readonly Program[], rounds: number): Promise<Report> {
  const inits = subjects.filter(({ command }) => command.length > 0);
  const rates = await interleave(inits, rounds, reapAlong);
  const each = await interleave(inits, rounds, reapAtOnce);
  const latency = await interleave(subjects, rounds, signalLatency);
  const at = (all: Map<Program, number[]>, name: string) => {
    const found = subjects.find((one) => one.name === name);
    return found === undefined ? Number.NaN : median(all.get(found) ?? []);
  };
  const [rate, time] = [at(rates, "upinit") / at(rates, "tini"), at(each, "upinit")];
  const more = at(latency, "upinit") - at(latency, "tini");
  return {
    title: `At work, medians of ${rounds} interleaved rounds`,
    columns: ["orphans a second", "own µs an orphan", "µs from signal to CMD's answer"],
    rows: subjects.map((one) => [
      one.name,
      one.command.length === 0 ? "" : median(rates.get(one) ?? []).toFixed(0),
      one.command.length === 0 ? "" : median(each.get(one) ?? []).toFixed(1),
      median(latency.get(one) ?? []).toFixed(0),
    ]),
    verdicts: [
      { what: `orphans a second: ${rate.toFixed(2)} of tini's (at least 0.95)`, kept: rate >= 0.95 },
      { what: `own time of an orphan: ${time.toFixed(1)} µs (at most 15)`, kept: time <= 15 },
      { what: `signal to CMD: tini + ${more.toFixed(0)} µs (at most + 30)`, kept: more <= 30 },
    ],
  };
}

async function withPrograms(
  binary: string,
  tables: (subjects: readonly Program[]) => Promise<Report[]>,
): Promise<Report[]> {
  const directory = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  try {
    return await tables(programs(binary, directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** How soon CMD runs. `scale` 1 is the whole bench; less is a look. */
export function start(binary: string, scale = 1): Promise<Report[]> {
  return withPrograms(binary, async (subjects) => [await startTable(subjects, Math.ceil(300 * scale))]);
}

/** What an init weighs and does while CMD runs. */
export function shims(binary: string, scale = 1): Promise<Report[]> {
  return withPrograms(binary, async (subjects) => [
    await rest(subjects),
    await work(subjects, Math.ceil(10 * scale)),
  ]);
}

/** One service and a hundred: until they run, until they are gone, and what PID 1 weighs; beside s6, runit, supervisord. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { interleave, median, type Report } from "./measure.ts";

interface Supervisor {
  readonly name: string;
  /** The program that has to be installed; "" for upinit itself. */
  readonly program: string;
  /** Writes the definitions of `count` services into an empty directory and gives the command line of PID 1. */
  prepare(directory: string, count: number, script: string): readonly string[];
  /** Whether SIGTERM to PID 1 stops its services in order. */
  readonly stopsOnTerm: boolean;
}

function executable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function installed(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** A directory a service, with a `run`: s6 and runit. */
function runScripts(directory: string, count: number, script: string): string {
  for (let index = 0; index < count; index++) {
    const service = join(directory, "services", `svc${index}`);
    mkdirSync(service, { recursive: true });
    executable(join(service, "run"), `#!/bin/sh\n${script}\n`);
  }
  return join(directory, "services");
}

function supervisors(binary: string): Supervisor[] {
  const all: Supervisor[] = [
    {
      name: "upinit",
      program: "",
      stopsOnTerm: true,
      prepare(directory, count, script) {
        const jobs = join(directory, "jobs");
        mkdirSync(jobs);
        for (let index = 0; index < count; index++) {
          writeFileSync(join(jobs, `svc${index}.conf`), `start on startup\nscript\n${script}\nend script\n`);
        }
        return [binary, "--confdir", jobs, "--socket", join(directory, "control.sock")];
      },
    },
    {
      // What the services take by themselves on this machine: nobody can be much sooner.
      name: "a shell's &",
      program: "sh",
      stopsOnTerm: false,
      prepare(directory, count, script) {
        const services = runScripts(directory, count, script);
        return ["sh", "-c", `for run in ${services}/*/run; do $run & done; wait`];
      },
    },
    {
      name: "s6-svscan",
      program: "s6-svscan",
      stopsOnTerm: true,
      prepare: (directory, count, script) => ["s6-svscan", runScripts(directory, count, script)],
    },
    {
      name: "runsvdir",
      program: "runsvdir",
      stopsOnTerm: false,
      prepare: (directory, count, script) => ["runsvdir", "-P", runScripts(directory, count, script)],
    },
    {
      name: "supervisord",
      program: "supervisord",
      stopsOnTerm: true,
      prepare(directory, count, script) {
        executable(join(directory, "run"), `#!/bin/sh\n${script}\n`);
        const sections = Array.from(
          { length: count },
          (_, index) => `[program:svc${index}]\ncommand=${directory}/run\n`,
        );
        writeFileSync(
          join(directory, "conf"),
          `[supervisord]\nnodaemon=true\nuser=root\n${sections.join("")}`,
        );
        return ["supervisord", "-c", join(directory, "conf")];
      },
    },
  ];
  return all.filter(({ program }) => program === "" || installed(program));
}

interface Run {
  /** Milliseconds. */
  readonly up: number;
  readonly gone: number;
  /** Of PID 1, once all run. */
  readonly kilobytes: number;
}

/** Waits for `count` bytes, one of each service, in a FIFO that they write to; without taking time from them. */
function awaitBytes(fifo: Socket, count: number): Promise<void> {
  return new Promise((done) => {
    let seen = 0;
    fifo.on("data", (bytes) => {
      seen += bytes.length;
      if (seen >= count) done();
    });
  });
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function measure(supervisor: Supervisor, count: number): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  const fifo = join(directory, "fifo");
  spawnSync("mkfifo", [fifo]);
  const started = new Socket({ fd: openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK) });
  let outer: ChildProcess | null = null;
  try {
    const command = supervisor.prepare(directory, count, `printf . >${fifo}\nexec sleep 10000`);
    const began = performance.now();
    outer = spawn("unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", ...command], {
      stdio: "ignore",
      cwd: directory,
    });
    const ended = new Promise<void>((resolve) => outer?.on("exit", () => resolve()));
    await awaitBytes(started, count);
    const up = performance.now() - began;
    const init = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8").trim());
    await pause(500);
    const kilobytes = residentKilobytes(init);
    const told = performance.now();
    process.kill(init, supervisor.stopsOnTerm ? "SIGTERM" : "SIGKILL");
    await ended;
    return { up, gone: performance.now() - told, kilobytes };
  } finally {
    outer?.kill("SIGKILL");
    started.destroy();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Ratios to s6, which every Debian has: the design's bars where dinit is not present. */
const bars = { first: 0.9, all: 0.25, gone: 0.2, idle: 2_200, hundred: 3_072 };

async function series(
  subjects: readonly Supervisor[],
  count: number,
  rounds: number,
): Promise<Map<Supervisor, Run>> {
  const runs = new Map<Supervisor, Run[]>(subjects.map((subject) => [subject, []]));
  await interleave(subjects, rounds, async (subject) => {
    runs.get(subject)?.push(await measure(subject, count));
    return 0;
  });
  const middle = (all: readonly Run[], of: (run: Run) => number): number => median(all.map(of));
  return new Map(
    [...runs].map(([subject, all]) => [
      subject,
      {
        up: middle(all, (run) => run.up),
        gone: middle(all, (run) => run.gone),
        kilobytes: middle(all, (run) => run.kilobytes),
      },
    ]),
  );
}

export async function supervision(binary: string, scale: number): Promise<Report[]> {
  const subjects = supervisors(binary);
  const one = await series(subjects, 1, Math.max(1, Math.round(15 * scale)));
  const hundred = await series(subjects, 100, Math.max(1, Math.round(5 * scale)));
  const own = subjects[0] as Supervisor;
  const s6 = subjects.find(({ name }) => name === "s6-svscan");
  const ratio = (runs: Map<Supervisor, Run>, of: (run: Run) => number): number =>
    s6 === undefined ? Number.NaN : of(runs.get(own) as Run) / of(runs.get(s6) as Run);
  const verdict = (what: string, value: number, bar: number) => ({
    what: `${what}: ${value.toFixed(2)} (at most ${bar})`,
    kept: value <= bar,
  });
  const compared =
    s6 === undefined
      ? []
      : [
          verdict(
            "first service, of s6's time",
            ratio(one, ({ up }) => up),
            bars.first,
          ),
          verdict(
            "100 services, of s6's time",
            ratio(hundred, ({ up }) => up),
            bars.all,
          ),
          verdict(
            "100 services gone, of s6's time",
            ratio(hundred, ({ gone }) => gone),
            bars.gone,
          ),
        ];
  return [
    {
      title: "supervisors: median milliseconds from exec to running and from TERM to gone, kB of PID 1",
      columns: ["first runs", "100 run", "100 gone", "kB, one", "kB, 100"],
      rows: subjects.map((subject) => {
        const first = one.get(subject) as Run;
        const all = hundred.get(subject) as Run;
        return [
          subject.name,
          first.up.toFixed(1),
          all.up.toFixed(0),
          subject.stopsOnTerm ? all.gone.toFixed(0) : "-",
          String(first.kilobytes),
          String(all.kilobytes),
        ];
      }),
      verdicts: [
        ...compared,
        verdict("kB of PID 1 with one job", (one.get(own) as Run).kilobytes, bars.idle),
        verdict("kB of PID 1 with 100 jobs", (hundred.get(own) as Run).kilobytes, bars.hundred),
      ],
    },
  ];
}

/** Time per job may grow by so much from 100 to 1,000 jobs: a loaded machine is not flat either. */
const growthBar = 1.5;

/** A thousand jobs in one `start on`: what each takes must not depend on how many there are. */
export async function growth(binary: string, scale: number): Promise<Report[]> {
  const own = supervisors(binary)[0] as Supervisor;
  const sizes = [100, 300, 1_000];
  const runs = new Map<number, Run[]>(sizes.map((size) => [size, []]));
  await interleave(sizes, Math.max(1, Math.round(3 * scale)), async (size) => {
    runs.get(size)?.push(await measure(own, size));
    return 0;
  });
  const perJob = (size: number, of: (run: Run) => number): number =>
    median((runs.get(size) ?? []).map(of)) / size;
  const up = perJob(1_000, (run) => run.up) / perJob(100, (run) => run.up);
  return [
    {
      title: "growth: milliseconds a job, from 100 to 1,000 in one `start on`",
      columns: ["until it runs", "until it is gone"],
      rows: sizes.map((size) => [
        String(size),
        perJob(size, (run) => run.up).toFixed(2),
        perJob(size, (run) => run.gone).toFixed(2),
      ]),
      verdicts: [
        {
          what: `1,000 jobs: ${up.toFixed(2)} of the time a job takes among 100 (at most ${growthBar})`,
          kept: up <= growthBar,
        },
      ],
    },
  ];
}

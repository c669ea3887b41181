/**
 * What a question to PID 1 costs as a whole process, beside /bin/true and the peers' own clients; and the executable's
 * size.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { interleave, median, type Report } from "./measure.ts";

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
}

interface Peer {
  readonly client: string;
  readonly server: readonly string[];
  readonly question: readonly string[];
}

const installed = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** A server each with one service `x`, and the question that its own client asks. */
function peers(home: string): Peer[] {
  const service = join(home, "services", "x");
  mkdirSync(service, { recursive: true });
  writeFileSync(join(service, "run"), "#!/bin/sh\nexec sleep 10000\n");
  chmodSync(join(service, "run"), 0o755);
  const runit = join(home, "runit", "x");
  mkdirSync(runit, { recursive: true });
  writeFileSync(join(runit, "run"), "#!/bin/sh\nexec sleep 10000\n");
  chmodSync(join(runit, "run"), 0o755);
  const conf = join(home, "supervisord.conf");
  const socket = join(home, "supervisor.sock");
  writeFileSync(
    conf,
    `[supervisord]\nnodaemon=true\nuser=root\n[unix_http_server]\nfile=${socket}\n[rpcinterface:supervisor]\n` +
      "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n" +
      `[supervisorctl]\nserverurl=unix://${socket}\n[program:x]\ncommand=sleep 10000\n`,
  );
  return [
    { client: "s6-svstat", server: ["s6-svscan", join(home, "services")], question: ["s6-svstat", service] },
    { client: "sv", server: ["runsvdir", join(home, "runit")], question: ["sv", "status", runit] },
    {
      client: "supervisorctl",
      server: ["supervisord", "-c", conf],
      question: ["supervisorctl", "-c", conf, "status", "x"],
    },
  ].filter(({ client }) => installed(client));
}

async function answers(command: readonly string[]): Promise<boolean> {
  const [file = "", ...args] = command;
  for (let attempt = 0; attempt < 300; attempt++) {
    if (spawnSync(file, args).status === 0) return true;
    await pause(50);
  }
  return false;
}

function timed({ command }: Subject): number {
  const [file = "", ...args] = command;
  const began = performance.now();
  spawnSync(file, args, { stdio: "ignore" });
  return performance.now() - began;
}

/** At most so many times /bin/true (docs/design.md#20-budgets). */
const bar = 3;
const largest = { musl: 1.5e6, glibc: 3e6 };

export async function control(binary: string, scale: number): Promise<Report[]> {
  const home = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  const servers: ChildProcess[] = [];
  const start = ([file = "", ...args]: readonly string[]): void => {
    servers.push(spawn(file, args, { stdio: "ignore", cwd: home }));
  };
  try {
    const socket = join(home, "control.sock");
    mkdirSync(join(home, "jobs"));
    writeFileSync(join(home, "jobs", "x.conf"), "start on startup\nexec sleep 10000\n");
    symlinkSync(binary, join(home, "initctl"));
    start([binary, "--confdir", join(home, "jobs"), "--socket", socket]);
    const ask = (...words: string[]): readonly string[] => [
      "env",
      `UPINIT_SOCKET=${socket}`,
      join(home, "initctl"),
      ...words,
    ];
    const others = peers(home);
    for (const { server } of others) start(server);
    const subjects: Subject[] = [
      { name: "/bin/true", command: ["env", "/bin/true"] },
      { name: "initctl status x", command: ask("status", "x") },
      { name: "initctl version", command: ask("version") },
      ...others.map(({ client, question }) => ({ name: client, command: ["env", ...question] })),
    ];
    const living: Subject[] = [];
    for (const subject of subjects) if (await answers(subject.command)) living.push(subject);
    const samples = await interleave(living, Math.max(5, Math.round(200 * scale)), timed);
    // Every command is started by env(1), which takes its own time; it is in all of them.
    const times = new Map(living.map((subject) => [subject.name, median(samples.get(subject) ?? [])]));
    const base = times.get("/bin/true") ?? Number.NaN;
    const status = (times.get("initctl status x") ?? Number.NaN) / base;
    const size = statSync(binary).size;
    const limit = existsSync("/usr/bin/musl-gcc") ? largest.musl : largest.glibc;
    return [
      {
        title: "control: median milliseconds of a question as a whole process",
        columns: ["ms", "times /bin/true"],
        rows: [...times].map(([name, ms]) => [name, ms.toFixed(2), (ms / base).toFixed(2)]),
        verdicts: [
          {
            what: `initctl status: ${status.toFixed(2)} times /bin/true (at most ${bar})`,
            kept: status <= bar,
          },
          { what: `size of the executable: ${size} bytes (at most ${limit})`, kept: size <= limit },
        ],
      },
    ];
  } finally {
    for (const server of servers) server.kill("SIGTERM");
    await pause(300);
    for (const server of servers) server.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
}

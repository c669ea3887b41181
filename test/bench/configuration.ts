/** Loading configuration: the same for each file, from a hundred to ten thousand (issue "configuration language"). */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { median, type Report } from "./measure.ts";

/** A typical file of 600 bytes. */
function typicalJob(index: number): string {
  return `# A service of the bench, number ${index}
description "A web server, the one of the tutorial, number ${index}"
author      "Jo Doe <jo@example.com>"

start on (local-filesystems and net-device-up IFACE!=lo)
stop on runlevel [!2345]

respawn
respawn limit 10 5
env NODE_ENV=production
env PORT="8080"
limit nofile 4096 8192
console log
umask 022

pre-start script
    # is there anything to serve?
    if [ ! -d /var/www ]; then
        mkdir -p /var/www
    fi
    echo "[$(date -u)] starting" >> /var/log/web.log
end script

exec /usr/bin/node /srv/app/server.js --port=8080 2>&1

post-stop exec rm -f /run/web.pid
`;
}

interface Loaded {
  /** Until it answers; other load on the machine counts. */
  readonly milliseconds: number;
  /** Its own processor time until then. */
  readonly processor: number;
  readonly kilobytes: number;
}

/** A upinit that has loaded a directory. */
class Daemon {
  readonly #process: ChildProcess;
  readonly #initctl: string;
  readonly #socket: string;

  constructor(command: readonly string[], directory: string, home: string) {
    this.#initctl = join(home, "initctl");
    this.#socket = join(home, "control.sock");
    const [file = "", ...before] = command;
    const words = ["--no-startup-event", "--confdir", directory, "--socket", this.#socket];
    this.#process = spawn(file, [...before, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  }

  initctl(...words: string[]): boolean {
    const env = { UPINIT_SOCKET: this.#socket };
    return spawnSync(this.#initctl, words, { env, stdio: "ignore" }).status === 0;
  }

  async ready(): Promise<void> {
    while (!this.initctl("version")) await pause(5);
  }

  /** Waits until nothing is being done any more. */
  async idle(): Promise<void> {
    let before = -1;
    while (before !== this.processor) {
      before = this.processor;
      await pause(1500);
    }
  }

  /** Milliseconds on a processor so far. */
  get processor(): number {
    return Number(readFileSync(`/proc/${this.#process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  }

  get kilobytes(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }

  /** Stops it; gives what it wrote as errors. */
  async stop(): Promise<string> {
    let errors = "";
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    this.#process.kill("SIGTERM");
    await new Promise((resolve) => this.#process.once("close", resolve));
    return errors;
  }
}

async function load(binary: string, directory: string, home: string): Promise<Loaded> {
  const before = performance.now();
  const daemon = new Daemon([binary], directory, home);
  try {
    await daemon.ready();
    const milliseconds = performance.now() - before;
    const { processor } = daemon;
    // What start-up used goes back to the kernel when nothing has come for a moment.
    await daemon.idle();
    return { milliseconds, processor, kilobytes: daemon.kilobytes };
  } finally {
    await daemon.stop();
  }
}

/** Milliseconds of `cat` on the same files. */
function cat(directory: string): number {
  const before = performance.now();
  spawnSync("/bin/sh", ["-c", `cat ${directory}/*.conf > /dev/null`]);
  return performance.now() - before;
}

/** Instructions of a whole life on a directory, by callgrind; with `reload`, all files are read twice. */
async function instructions(
  binary: string,
  directory: string,
  home: string,
  reload: boolean,
): Promise<number> {
  const daemon = new Daemon(
    ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary],
    directory,
    home,
  );
  await daemon.ready();
  if (reload) daemon.initctl("reload-configuration");
  else daemon.initctl("version");
  await daemon.idle();
  return Number(/Collected : (\d+)/.exec(await daemon.stop())?.[1]);
}

function hasCallgrind(): boolean {
  return spawnSync("valgrind", ["--version"], { stdio: "ignore" }).status === 0;
}

export async function configuration(binary: string, scale: number): Promise<Report[]> {
  const home = mkdtempSync(join(tmpdir(), "upinit-bench-"));
  try {
    symlinkSync(binary, join(home, "initctl"));
    const counts = [0, 100, 1000, 10_000].map((count) => Math.round(count * Math.min(1, scale)));
    const directories = counts.map((count) => {
      const directory = join(home, `jobs-${count}`);
      mkdirSync(directory);
      for (let index = 0; index < count; index++) {
        writeFileSync(join(directory, `web${index}.conf`), typicalJob(index));
      }
      return directory;
    });
    const rounds = 3;
    const loaded: Loaded[][] = counts.map(() => []);
    const read: number[][] = counts.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, directory] of directories.entries()) {
        loaded[index]?.push(await load(binary, directory, home));
        read[index]?.push(cat(directory));
      }
    }
    const results = counts.map((count, index) => ({
      count,
      time: median((loaded[index] ?? []).map((one) => one.milliseconds)),
      processor: median((loaded[index] ?? []).map((one) => one.processor)),
      memory: median((loaded[index] ?? []).map((one) => one.kilobytes)),
      cat: median(read[index] ?? []),
    }));
    const [base, few, , many] = results;
    if (base === undefined || few === undefined || many === undefined)
      throw new Error("nothing was measured");
    const [, , counted = ""] = directories;
    const perFile = hasCallgrind()
      ? ((await instructions(binary, counted, home, true)) -
          (await instructions(binary, counted, home, false))) /
        (counts[2] ?? 0)
      : Number.NaN;
    const timeEach = (one: typeof few): number => (one.processor - base.processor) / one.count;
    const memoryEach = (one: typeof few): number => ((one.memory - base.memory) * 1024) / one.count;
    return [
      {
        title: "Loading configuration files of 600 bytes",
        columns: ["ready, ms", "files a second", "µs of processor a file", "bytes a job", "cat, ms"],
        rows: results.map((one) => [
          `${one.count} files`,
          one.time.toFixed(1),
          one.count === 0 ? "" : (one.count / (one.time / 1000)).toFixed(0),
          one.count === 0 ? "" : (1000 * timeEach(one)).toFixed(0),
          one.count === 0 ? "" : memoryEach(one).toFixed(0),
          one.cat.toFixed(1),
        ]),
        verdicts: [
          {
            what: "processor time a file is flat: at most 1.5 times from the fewest to the most",
            kept: timeEach(many) <= 1.5 * timeEach(few),
          },
          {
            what: "memory a job is flat: at most 1.25 times",
            kept: memoryEach(many) <= 1.25 * memoryEach(few),
          },
          ...(Number.isNaN(perFile)
            ? []
            : [
                {
                  what: `instructions a file: ${Math.round(perFile)} of 1,000,000`,
                  kept: perFile <= 1_000_000,
                },
              ]),
        ],
      },
    ];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

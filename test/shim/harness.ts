/**
 * Runs a program as a child and looks at it from outside: its streams, its /proc entries, its descendants.
 *
 * Every process that a test starts, at whatever depth and in whatever session, carries a tag in its environment,
 * so that `sweep` finds and ends what a test left behind, and so that "all of them are gone" can be asked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface Outcome {
  /** The exit status; null if a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What its standard input holds; without it the input is an open, silent pipe until `closeInput`. */
  readonly input?: string;
}

const TAG = "SHIM_TEST_TAG";
const tags = new Set<string>();
let tagsGiven = 0;
const LIMIT = 15_000;

/** Waits until `condition` gives something else than undefined or false. Fails, saying what, after 15 s. */
export async function until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
  const end = Date.now() + LIMIT;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`this did not happen within ${LIMIT} ms: ${what}`);
    await pause(2);
  }
}

export class Running {
  readonly pid: number;
  readonly tag: string;
  readonly ended: Promise<Outcome>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;

  constructor(command: readonly string[], options: RunOptions = {}) {
    tagsGiven += 1;
    this.tag = `${process.pid}-${tagsGiven}`;
    tags.add(this.tag);
    const [file, ...rest] = command;
    if (file === undefined) throw new Error("no command to run");
    const child = spawn(file, rest, {
      cwd: options.cwd ?? "/tmp",
      detached: true,
      env: {
        PATH: process.env["PATH"] ?? "/usr/bin:/bin",
        LC_ALL: "C",
        SHELL: "/bin/sh",
        ...options.env,
        [TAG]: this.tag,
      },
    });
    this.#child = child;
    if (child.pid === undefined) throw new Error(`cannot run ${file}`);
    this.pid = child.pid;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    child.stdin.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status, signal) =>
        resolve({ status, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
    if (options.input !== undefined) child.stdin.end(options.input);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  signal(signal: number): void {
    process.kill(this.pid, signal);
  }

  /** Waits for text on the standard output (or both, for what writes to either). */
  printed(text: string): Promise<true> {
    return until(
      `${JSON.stringify(text)} on its output (it has ${JSON.stringify(this.stdout + this.stderr)})`,
      () => (this.stdout.includes(text) || this.stderr.includes(text) ? true : undefined),
    );
  }
}

/** Runs a command to its end. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const running = new Running(command, { input: "", ...options });
  return within(running.ended, `${command.join(" ")} ends`);
}

export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const expired = new AbortController();
  const limit = pause(LIMIT, undefined, { signal: expired.signal }).then(
    () => {
      throw new Error(`this did not happen within ${LIMIT} ms: ${what}`);
    },
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    expired.abort();
  }
}

// ── /proc ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface ProcessRow {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** Fields of /proc/PID/stat; undefined if there is no such process. */
export function processRow(pid: number): ProcessRow | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, parent, group, session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return {
      pid,
      state: state ?? "",
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
    };
  } catch {
    return undefined;
  }
}

function allProcesses(): ProcessRow[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processRow(Number(name)))
    .filter((row) => row !== undefined);
}

/** Living descendants of a process (zombies too), parents first. */
export function descendants(pid: number): readonly ProcessRow[] {
  const rows = allProcesses();
  const found: ProcessRow[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = rows.filter((row) => parents.has(row.parent));
    found.push(...children);
    parents = new Set(children.map((row) => row.pid));
  }
  return found;
}

/** A field of /proc/PID/status. */
export function statusField(pid: number, field: string): string {
  const line = readFileSync(`/proc/${pid}/status`, "latin1")
    .split("\n")
    .find((text) => text.startsWith(`${field}:`));
  return line === undefined ? "" : line.slice(field.length + 1).trim();
}

/** Whether a signal is in a set as /proc/PID/status writes it. */
export function hasSignal(set: string, signal: number): boolean {
  return ((BigInt(`0x${set}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Living processes (zombies don't count) that a test started, by the tag that they inherited. */
export function taggedProcesses(tag: string): readonly number[] {
  const wanted = `${TAG}=${tag}\0`;
  return allProcesses()
    .filter((row) => row.state !== "Z" && row.state !== "X")
    .map((row) => row.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(wanted);
      } catch {
        return false;
      }
    });
}

/** Ends whatever the tests so far left behind. */
export function sweep(): void {
  for (const tag of tags) {
    for (const pid of taggedProcesses(tag)) {
      try {
        process.kill(pid, 9);
      } catch {
        // It ended by itself in between.
      }
    }
  }
  tags.clear();
}

// ── surroundings ──────────────────────────────────────────────────────────────────────────────────────────

export const isRoot = process.getuid?.() === 0;

/** The command as PID 1 of an own pid namespace, its own /proc with it. */
export function asPid1(command: readonly string[]): string[] {
  const user = isRoot ? [] : ["--user", "--map-root-user"];
  return ["unshare", ...user, "--fork", "--pid", "--mount-proc", "--kill-child", ...command];
}

/** The host's pid of the PID 1 that `asPid1` made: the only child of unshare. */
export function namespaceInit(unshare: number): Promise<number> {
  return until("PID 1 of the namespace is there", () => descendants(unshare)[0]?.pid);
}

/** The command as an unprivileged user, if the test itself is root. */
export function asNobody(command: readonly string[]): string[] {
  return isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...command] : [...command];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command executed by a process that has made itself a subreaper: the attribute goes through an exec. */
export function asSubreaper(command: readonly string[]): string[] {
  const prctl = process.arch === "arm64" ? 167 : 157;
  const PR_SET_CHILD_SUBREAPER = 36;
  return ["perl", "-e", `syscall(${prctl}, ${PR_SET_CHILD_SUBREAPER}, 1, 0, 0, 0); exec @ARGV`, ...command];
}

/** The command as session leader on a terminal of its own; what it writes comes as standard output. */
export function onTerminal(command: readonly string[]): string[] {
  return ["script", "-q", "-e", "-f", "-c", `exec ${command.map(quote).join(" ")}`, "/dev/null"];
}

// ── programs to run inside ────────────────────────────────────────────────────────────────────────────────

const caught = Array.from({ length: 64 }, (_, index) => index + 1).filter(
  (signal) => ![9, 19, 32, 33].includes(signal),
);

/**
 * Prints "ready" and then the number of each signal that it gets, for ever. Reading its input blocks, and a signal
 * interrupts that; the count bounds what happens when the input ends. SIGCHLD is left alone.
 */
export const printSignals = [
  "sh",
  "-c",
  `for s in ${caught.filter((signal) => signal !== 17).join(" ")}; do trap "echo $s" $s 2>/dev/null; done
   echo ready
   n=0; while [ $n -lt 300 ]; do read line || n=$((n + 1)); done`,
];

/** Numbers of the descriptors that a process has open. */
export function openDescriptors(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/fd`).map(Number);
}

/** Working directory of a process. */
export function workingDirectory(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

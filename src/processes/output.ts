import * as native from "upinit:native";
import type { Job } from "../jobs/job.ts";
import { displayName } from "../jobs/job.ts";
import type { Log } from "../log/log.ts";
import { EAGAIN, EINTR } from "../runtime/errno.ts";
import type { Timer } from "../runtime/reactor.ts";
import { Capture } from "./capture.ts";
import { JobOutput } from "./job-output.ts";
import { LogFile } from "./log-file.ts";
import { linePrefix, logFileName } from "./log-name.ts";
import type { CaptureState, JobOutputState, OutputSource, OutputsState } from "./output-state.ts";
import { type OutputReactor, type OverflowPolicy, StandardOutput } from "./standard-output.ts";

export interface OutputOptions {
  /** Where log files go; null for none. */
  readonly directory: string | null;
  /** Capture by a pseudo terminal, as Upstart does, instead of a pipe. */
  readonly pty: boolean;
  readonly overflow: OverflowPolicy;
  /** The container's standard output; the tests' is another. */
  readonly fd?: number;
}

/** What a process is given for its output. */
export interface ProcessOutput {
  /** For the spawn plan. */
  readonly descriptors: readonly (readonly [child: number, parent: number])[];
  /** The process has been forked: its output is read from now on. */
  begin(pid: number): void;
  /** There is no process after all. */
  cancel(): void;
}

/** Who the process will be. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Read at once, and shared by all captures: nothing of it is kept between two reads. */
const bufferSize = 64 * 1024;
/** What one event may read of one process, so that the others get their turn. */
const readsPerEvent = 4;
/** What is read of a process that has ended, before its end is told. */
const readsAtEnd = 32;
/** A line without an end is kept together up to here; then it goes out in pieces. */
const longestHeldLine = 8 * 1024;
/** How long the begin of a line waits for its end. */
const lineDelay = 200;
/** A pipe of a busy process. */
const grownPipe = 1024 * 1024;
/** How many ended jobs' last lines are kept, and how many wait for their file. */
const keptEnded = 32;
const keptUnflushed = 256;
/** How long standard output may take nothing when upinit itself ends. */
const flushPatience = 1000;
const longestFlush = 5000;

const newline = 10;

/** Captured output of all jobs: to the container's standard output, to log files, to those who follow it. */
export class Outputs {
  readonly #reactor: OutputReactor;
  readonly #options: OutputOptions;
  readonly #log: Log;
  readonly #standardOutput: StandardOutput;
  readonly #complain = (text: string, expected: boolean): void =>
    this.#log.write(expected ? "info" : "warn", text);
  /** By display name; those of ended jobs are dropped when there are too many. */
  readonly #jobs = new Map<string, JobOutput>();
  readonly #ended = new Set<string>();
  readonly #open = new Set<Capture>();
  /** Those of living processes. */
  readonly #captures = new Map<number, Capture>();
  readonly #paused = new Set<Capture>();
  /** Captures that hold the begin of a line. */
  readonly #holding = new Set<Capture>();
  #unflushed: LogFile[] = [];
  #diskWriteable = false;
  #buffer: Uint8Array | null = null;
  #lineTimer: Timer | null = null;

  constructor(reactor: OutputReactor, options: OutputOptions, log: Log) {
    this.#reactor = reactor;
    this.#options = options;
    this.#log = log;
    this.#standardOutput = new StandardOutput(
      reactor,
      options.fd ?? 1,
      options.overflow,
      () => this.#resume(),
      (lines, gone) => this.#reportDrop(lines, gone),
    );
  }

  /**
   * Makes what a process writes to: its descriptors 1 and 2. `owner` is who the process will be, so that it may open
   * `/dev/stdout` by name. A number is the errno of the failure.
   */
  openFor(job: Job, owner: Owner): ProcessOutput | number {
    return this.usesPty(job) ? this.#openPty(job, owner) : this.#openPipe(job, owner);
  }

  /** Whether this job's processes write to a pseudo terminal. */
  usesPty({ jobClass }: Job): boolean {
    return this.#options.pty || jobClass.logPty;
  }

  /** Whether standard output holds something that its reader has not taken. */
  get full(): boolean {
    return this.#standardOutput.full;
  }

  /** Whether the output of this process is captured. */
  reads(pid: number): boolean {
    return this.#captures.has(pid);
  }

  /** Reads what a process that has ended left in its pipe, so that its output comes before the news of its end. */
  processEnded(pid: number): void {
    const capture = this.#captures.get(pid);
    if (capture === undefined) return;
    this.#read(capture, readsAtEnd);
    this.#captures.delete(pid);
    // As Upstart: what descendants write to the terminal afterwards is lost. A pipe is read to its end.
    if (capture.pty && !capture.ended && !this.#paused.has(capture)) this.#end(capture);
  }

  /** A process goes on as another one, which has the same output (`expect fork`, `MAINPID=`). */
  handOver(from: number, to: number): void {
    const capture = this.#captures.get(from);
    if (capture === undefined) return;
    this.#captures.delete(from);
    capture.pid = to;
    this.#captures.set(to, capture);
  }

  /**
   * Tells each complete line of a process, from its first on, if it was begun to be kept (`ready log`). The returned
   * function ends it.
   */
  listen(pid: number, listener: (line: string) => void): () => void {
    const capture = this.#captures.get(pid);
    if (capture === undefined) return () => {};
    const early = capture.lines ?? [];
    capture.lines = null;
    capture.listener = listener;
    for (const line of early) if (capture.listener === listener) listener(line);
    return () => {
      if (capture.listener === listener) capture.listener = null;
    };
  }

  /** The instance is gone. Its last lines stay for a while, for who asks what went wrong. */
  closeFor(job: Job): void {
    const name = displayName(job);
    if (!this.#jobs.has(name)) return;
    this.#ended.delete(name);
    this.#ended.add(name);
    this.#forgetEnded();
  }

  /** The last lines of a job instance, oldest first; as far as they are kept. */
  lastLines(name: string, count: number): string[] {
    const output = this.#jobs.get(name);
    return output === undefined ? [] : output.lastLines(count);
  }

  /** Tells each further line of a job instance, without its newline. The returned function ends it. */
  follow(name: string, listener: (line: string) => void): () => void {
    this.#outputOf(name, null).follow(listener);
    return () => {
      const output = this.#jobs.get(name);
      output?.unfollow(listener);
      if (output?.isEmpty) this.#jobs.delete(name);
    };
  }

  /**
   * `initctl notify-disk-writeable`: what ended jobs could not write goes to their files now
   * (docs/upstart.md#77-log-files).
   */
  notifyDiskWriteable(): void {
    this.#diskWriteable = true;
    for (const file of this.#unflushed) {
      file.writeHeldBack();
      file.close(true);
    }
    this.#unflushed = [];
    for (const output of this.#jobs.values()) output.file.writeHeldBack();
  }

  /**
   * Reads and writes what there is, as long as the reader goes on taking it. For the end of upinit: only here does it
   * wait, and not for ever.
   */
  flush(): void {
    const end = this.#reactor.now() + longestFlush;
    let isTaken = true;
    // One patience for all: a reader that has taken nothing once is not waited for again.
    const flush = (): void => {
      const left = Math.max(0, Math.min(flushPatience, end - this.#reactor.now()));
      isTaken = this.#standardOutput.flush(isTaken ? left : 0, end);
    };
    for (const capture of [...this.#open]) {
      for (let reads = 0; reads < readsAtEnd && !capture.ended; reads += 1) {
        flush();
        if (this.#standardOutput.full || this.#reactor.now() > end) break;
        if (!this.#read(capture, 1)) break;
      }
      flush();
      this.#flushLine(capture);
    }
    flush();
    this.#standardOutput.close();
  }

  /** Descriptors that must survive a re-exec. */
  descriptorsForReexec(): number[] {
    return [...this.#open].map(({ fd }) => fd);
  }

  /** All that a new upinit needs to go on: plain data. */
  snapshot(): OutputsState {
    const jobs: JobOutputState[] = [];
    for (const [name, output] of this.#jobs) {
      const kept = output.file.tail.last(output.file.tail.capacity);
      jobs.push({
        name,
        path: output.file.path,
        ended: this.#ended.has(name),
        tail: native.decode(kept, 0, kept.length),
        heldBack: output.file.heldBack,
      });
    }
    const unflushed = this.#unflushed.map((file) => {
      const bytes = file.tail.last(file.heldBack);
      return { path: file.path, text: native.decode(bytes, 0, bytes.length) };
    });
    const captures = [...this.#open].map((capture) =>
      capture.state(this.#captures.get(capture.pid) === capture),
    );
    const standardOutput = this.#standardOutput.state();
    return { captures, jobs, unflushed, diskWriteable: this.#diskWriteable, standardOutput };
  }

  /** Goes on where another upinit of the same process left off. */
  restore(state: OutputsState): void {
    this.#diskWriteable = state.diskWriteable;
    if (state.standardOutput !== undefined) this.#standardOutput.restore(state.standardOutput);
    for (const { name, path, ended, tail, heldBack } of state.jobs) {
      const output = this.#outputOf(name, path === "" ? null : path);
      const bytes = native.encode(tail);
      output.file.restore(bytes, heldBack);
      if (ended) this.#ended.add(name);
    }
    for (const capture of state.captures) this.#restoreCapture(capture);
    for (const { path, text } of state.unflushed) {
      const file = this.#newLogFile(path);
      const bytes = native.encode(text);
      file.restore(bytes, bytes.length);
      this.#unflushed.push(file);
    }
  }

  // ── opening ─────────────────────────────────────────────────────────────────────────────────────────────

  #openPipe(job: Job, owner: Owner): ProcessOutput | number {
    const pipe = native.pipe(0);
    if (typeof pipe === "number") return -pipe;
    const [reading, writing] = pipe;
    return this.#connect(job, owner, reading, writing, false);
  }

  #openPty(job: Job, owner: Owner): ProcessOutput | number {
    const pty = native.openPty();
    if (typeof pty === "number") return -pty;
    const [master, name] = pty;
    const slave = native.open(name, native.O_RDWR | native.O_NOCTTY);
    if (slave >= 0) return this.#connect(job, owner, master, slave, true);
    native.close(master);
    return -slave;
  }

  /** Our end and the process's, which belongs to its user, so that programs may open it by name. */
  #connect(job: Job, owner: Owner, ours: number, theirs: number, pty: boolean): ProcessOutput {
    native.setNonBlocking(ours);
    if (owner.uid !== undefined || owner.gid !== undefined) {
      // The group of a terminal is its system's.
      native.fchown(theirs, owner.uid ?? -1, pty ? -1 : (owner.gid ?? -1));
    }
    return {
      descriptors: [
        [1, theirs],
        [2, theirs],
      ],
      begin: (pid) => {
        native.close(theirs);
        this.#begin(job, pid, ours, pty);
      },
      cancel: () => {
        native.close(theirs);
        native.close(ours);
      },
    };
  }

  #begin(job: Job, pid: number, fd: number, pty: boolean): void {
    const name = displayName(job);
    this.#ended.delete(name);
    const capture = new Capture({ name, className: job.jobClass.name, instance: job.instance }, fd, pid, pty);
    if (job.jobClass.ready?.kind === "log" && job.spawning === "main") capture.lines = [];
    this.#attach(capture);
  }

  #restoreCapture(state: CaptureState): void {
    const { name, className, instance, fd, pid, pty } = state;
    const capture = new Capture({ name, className, instance }, fd, pid, pty);
    capture.held = native.encode(state.held);
    capture.open = state.lineOpen;
    if (capture.open) this.#standardOutput.restoreLine(capture);
    native.setCloseOnExec(fd, true);
    if (capture.held.length > 0) this.#hold(capture);
    this.#attach(capture);
  }

  #attach(capture: Capture): void {
    this.#open.add(capture);
    if (capture.pid !== 0) this.#captures.set(capture.pid, capture);
    capture.watch = this.#reactor.watch(capture.fd, native.EPOLLIN, () => this.#read(capture, readsPerEvent));
  }

  #logPath({ className, instance }: OutputSource): string | null {
    const directory = this.#options.directory;
    return directory === null ? null : `${directory}/${logFileName(className, instance)}`;
  }

  /** Where its bytes go. */
  #outputFor(capture: Capture): JobOutput {
    if (capture.output === null) {
      capture.output = this.#outputOf(capture.source.name, this.#logPath(capture.source));
      capture.output.users += 1;
    }
    return capture.output;
  }

  #outputOf(name: string, path: string | null): JobOutput {
    let output = this.#jobs.get(name);
    if (output === undefined || (path !== null && output.file.path !== path)) {
      const followers = output?.followers ?? null;
      output = new JobOutput(native.encode(linePrefix(name)), this.#newLogFile(path), followers);
      this.#jobs.set(name, output);
    }
    return output;
  }

  #newLogFile(path: string | null): LogFile {
    return new LogFile(path, this.#complain);
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes what a process has written. False once there is no more for now. */
  #read(capture: Capture, reads: number): boolean {
    this.#buffer ??= new Uint8Array(bufferSize);
    const buffer = this.#buffer;
    for (let read = 0; read < reads && !capture.ended; read += 1) {
      if (this.#standardOutput.full) {
        this.#pause(capture);
        return true;
      }
      const held = capture.held.length;
      const room = buffer.length - held;
      if (held > 0) buffer.set(capture.held, 0);
      const length = native.read(capture.fd, buffer, held, room);
      if (length === -EAGAIN || length === -EINTR) return false;
      if (length <= 0) {
        this.#end(capture);
        return false;
      }
      this.#take(capture, buffer, held, length);
      if (length < room && !capture.pty) return false;
      this.#grow(capture);
    }
    return true;
  }

  /** `length` new bytes in the buffer, after `held` old ones that wait for the end of their line. */
  #take(capture: Capture, buffer: Uint8Array, held: number, length: number): void {
    const output = this.#outputFor(capture);
    output.file.write(buffer, held, length);
    const total = held + length;
    const lastNewline = native.lastIndexOfByte(buffer, newline, held, length);
    let whole = lastNewline + 1;
    if (total - whole > longestHeldLine) whole = total;
    if (whole < total) {
      capture.held = buffer.slice(whole, total);
      this.#hold(capture);
    } else if (held > 0) {
      this.#release(capture);
    }
    if (whole > 0) {
      if (capture.lines !== null || capture.listener !== null) tellLines(capture, buffer, whole);
      output.tellFollowers(buffer, whole);
      this.#standardOutput.write(buffer, 0, whole, output.prefix, capture);
    }
  }

  #grow(capture: Capture): void {
    if (capture.grown) return;
    capture.grown = true;
    if (!capture.pty) native.setPipeSize(capture.fd, grownPipe);
    this.#standardOutput.grow();
  }

  #pause(capture: Capture): void {
    if (this.#paused.has(capture)) return;
    this.#paused.add(capture);
    capture.watch?.set(0);
  }

  #resume(): void {
    for (const capture of this.#paused) capture.watch?.set(native.EPOLLIN);
    this.#paused.clear();
  }

  /** Nobody can write to it any more. */
  #end(capture: Capture): void {
    capture.ended = true;
    capture.watch?.close();
    native.close(capture.fd);
    this.#paused.delete(capture);
    if (this.#captures.get(capture.pid) === capture) this.#captures.delete(capture.pid);
    this.#flushLine(capture);
    this.#open.delete(capture);
    const output = capture.output;
    if (output === null) return;
    output.users -= 1;
    if (output.users > 0) return;
    const file = output.file;
    const waits = file.heldBack > 0 && file.mayBecomeWritable && !this.#diskWriteable;
    if (waits) this.#keepUnflushed(file);
    file.close(!waits);
  }

  #keepUnflushed(file: LogFile): void {
    if (this.#unflushed.includes(file)) return;
    if (this.#unflushed.length === keptUnflushed) this.#unflushed.shift();
    this.#unflushed.push(file);
  }

  // ── lines ───────────────────────────────────────────────────────────────────────────────────────────────

  #hold(capture: Capture): void {
    capture.heldSince = this.#reactor.now();
    this.#holding.add(capture);
    this.#lineTimer ??= this.#reactor.after(lineDelay, () => this.#lineTimeout());
  }

  #release(capture: Capture): void {
    capture.held = nothing;
    this.#holding.delete(capture);
  }

  /** Begins of lines that have waited long enough go out: a prompt, a progress bar. */
  #lineTimeout(): void {
    this.#lineTimer = null;
    const due = this.#reactor.now() - lineDelay / 2;
    for (const capture of this.#holding) {
      if (this.#standardOutput.full) break;
      if (capture.heldSince <= due) this.#writeHeld(capture);
    }
    if (this.#holding.size > 0) {
      this.#lineTimer = this.#reactor.after(lineDelay, () => this.#lineTimeout());
    }
  }

  #writeHeld(capture: Capture): void {
    const held = capture.held;
    this.#release(capture);
    const output = this.#outputFor(capture);
    output.tellFollowers(held, held.length);
    this.#standardOutput.write(held, 0, held.length, output.prefix, capture);
  }

  /** The last line of a process gets its newline, if it had none. */
  #flushLine(capture: Capture): void {
    if (capture.held.length === 0 && !capture.open) return;
    const held = new Uint8Array(capture.held.length + 1);
    held.set(capture.held, 0);
    held[held.length - 1] = newline;
    capture.held = held;
    this.#writeHeld(capture);
  }

  #forgetEnded(): void {
    for (const name of this.#ended) {
      if (this.#ended.size <= keptEnded) return;
      const output = this.#jobs.get(name);
      if (output !== undefined && (output.users > 0 || output.followers !== null)) continue;
      this.#jobs.delete(name);
      this.#ended.delete(name);
    }
  }

  #reportDrop(lines: number, gone: boolean): void {
    if (lines > 0) this.#log.warn(`${lines} lines of job output dropped, since standard output took none`);
    else if (gone) this.#log.warn("Standard output has no reader any more: job output is dropped");
    else this.#log.warn("Standard output takes nothing: job output is dropped until it does");
  }
}

/** Lines that are kept for who will listen; more than that nobody needs. */
const mostEarlyLines = 1_000;

function tellLines(capture: Capture, buffer: Uint8Array, length: number): void {
  const text = native.decode(buffer, 0, length);
  for (const line of (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n")) {
    if (capture.listener !== null) capture.listener(line);
    else if (capture.lines !== null && capture.lines.length < mostEarlyLines) capture.lines.push(line);
  }
}

const nothing = new Uint8Array(0);

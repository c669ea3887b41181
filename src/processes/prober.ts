import * as native from "upinit:native";
import { matchesGlob } from "../events/glob.ts";
import { displayName, type Job } from "../jobs/job.ts";
import type { Probe } from "../jobs/job-class.ts";
import type { Effect, ProbeOutcome, ProcessStatus } from "../jobs/messages.ts";
import { describeEnd } from "../jobs/process-end.ts";
import { EAGAIN, EMFILE, ENFILE, ENOMEM } from "../runtime/errno.ts";
import type { Timer, Watch } from "../runtime/reactor.ts";
import { SIGKILL } from "../runtime/signal-numbers.ts";
import { scriptDescriptor } from "./command-line.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import type { Outputs } from "./output.ts";
import type { ProcessIdentities } from "./process-identity.ts";
import { programOf } from "./program.ts";
import { failureReason } from "./spawn-failure.ts";
import { spawnPlan } from "./spawn-plan.ts";

type Request = Extract<Effect, { readonly type: "probe" }>;

/** A try that runs. */
interface Trial {
  readonly request: Request;
  readonly pid: number;
  readonly statusFd: number;
  readonly output: number;
  readonly watch: Watch;
  readonly overdue: Timer;
  /** The end of what it wrote. */
  said: string;
  timedOut: boolean;
}

/** How much of the output is kept: its last line is the reason. Bytes. */
const keptOutput = 512;
/** What `initctl probe --for-init` ends with where it lacked something itself. */
export const unknownStatus = 2;
/** Lines that are shown where none matched. */
const shownLines = 3;

/**
 * Tries probes, each in a process of its own (docs/probes.md): PID 1 speaks to no network and waits for nobody. A
 * pattern of `ready log` is looked for in what main writes.
 */
export class Prober {
  readonly #reactor: ProcessReactor;
  readonly #outputs: Outputs;
  readonly #identities: ProcessIdentities;
  readonly #host: ProcessHost;
  readonly #defaults: { readonly defaultUmask: number; readonly defaultDirectory: string | null };
  readonly #trials = new Map<number, Trial>();
  /** By the job: how to stop listening to its output. */
  readonly #listening = new Map<Job, () => void>();
  #executable = -1;
  #nullDevice = -1;

  constructor(
    reactor: ProcessReactor,
    outputs: Outputs,
    identities: ProcessIdentities,
    defaults: { readonly defaultUmask: number; readonly defaultDirectory: string | null },
    host: ProcessHost,
  ) {
    this.#reactor = reactor;
    this.#outputs = outputs;
    this.#identities = identities;
    this.#defaults = defaults;
    this.#host = host;
  }

  /** Begins a try; its outcome is told as a `probed` message. */
  start(request: Request): void {
    if (request.probe.kind === "log") this.#listen(request);
    else this.#spawn(request);
  }

  /** Ends what is tried for the job; nothing is told of it. */
  cancel(job: Job): void {
    this.#listening.get(job)?.();
    this.#listening.delete(job);
    for (const trial of this.#trials.values()) if (trial.request.job === job) this.#end(trial);
  }

  /** Before a re-exec, whose upinit tries anew. */
  cancelAll(): void {
    for (const trial of this.#trials.values()) {
      this.#end(trial);
      this.#tell(trial.request, "unknown", "init is executed again");
    }
  }

  owns(pid: number): boolean {
    return this.#trials.has(pid);
  }

  /** The process of a try has ended, and is not reaped yet. */
  ended(pid: number, status: ProcessStatus): void {
    const trial = this.#trials.get(pid);
    if (trial === undefined) return;
    this.#read(trial);
    const failure = native.readSpawnFailure(trial.statusFd);
    this.#end(trial);
    const { request } = trial;
    if (typeof failure === "object" && failure !== null) {
      const [step, errno, detail] = failure;
      const reason = failureReason({ step, errno, detail }, native.errorText(errno), false);
      this.#tell(request, "error", reason);
    } else if (trial.timedOut) this.#tell(request, "bad", `timeout after ${request.timeout / 1000} s`);
    else this.#tell(request, outcomeOf(request.probe, status), reasonOf(trial, status));
  }

  #tell({ job, id }: Request, outcome: ProbeOutcome, reason: string): void {
    this.#host.tell({ type: "probed", job, id, outcome, reason });
  }

  // ── processes ───────────────────────────────────────────────────────────────────────────────────────────

  #spawn(request: Request): void {
    const { job, probe } = request;
    const pipe = native.pipe(0);
    if (typeof pipe === "number") {
      this.#tell(request, "unknown", native.errorText(-pipe));
      return;
    }
    const [reading, writing] = pipe;
    const started = this.#fork(request, writing);
    native.close(writing);
    if (typeof started !== "object") {
      native.close(reading);
      const isText = typeof started === "string";
      const lacking = !isText && [EAGAIN, ENOMEM, EMFILE, ENFILE].includes(-started);
      const reason = isText ? started : native.errorText(-started);
      this.#tell(request, lacking ? "unknown" : "error", reason);
      return;
    }
    const [pid, statusFd] = started;
    native.setNonBlocking(reading);
    const overdue = this.#reactor.after(request.timeout, () => {
      const trial = this.#trials.get(pid);
      if (trial === undefined) return;
      trial.timedOut = true;
      native.kill(-pid, SIGKILL);
      native.kill(pid, SIGKILL);
    });
    const watch = this.#reactor.watch(reading, native.EPOLLIN, () => {
      const trial = this.#trials.get(pid);
      if (trial !== undefined) this.#read(trial);
    });
    this.#trials.set(pid, {
      request,
      pid,
      statusFd,
      output: reading,
      watch,
      overdue,
      said: "",
      timedOut: false,
    });
    this.#host.log.debug(`${displayName(job)} ${probe.kind} probe process (${pid})`);
  }

  /** A text is the reason why it makes no sense to fork. */
  #fork({ job, probe, env, timeout }: Request, output: number): readonly [number, number] | number | string {
    const { jobClass } = job;
    const isCommand = probe.kind === "exec" || probe.kind === "script" || probe.kind === "argv";
    const argv = probe.kind === "argv" ? (JSON.parse(probe.text) as string[]) : undefined;
    const program = isCommand
      ? programOf(
          `${jobClass.name} probe`,
          { script: probe.kind === "script", command: probe.text, argv },
          jobClass.chroot,
        )
      : { argv: ownProbe(probe, timeout, job), script: -1 };
    if (typeof program === "string") return program;
    const owner = this.#identities.resolve(job, "main");
    if (typeof owner === "string") return owner;
    this.#open();
    const plan = spawnPlan({
      jobClass,
      argv: program.argv,
      env: this.#identities.environment(job, env, owner),
      descriptors: [
        [0, this.#nullDevice],
        [1, output],
        [2, output],
        ...(program.script < 0 ? [] : [[scriptDescriptor, program.script] as const]),
      ],
      open: [],
      controllingTerminal: false,
      identity: owner.identity,
      ...this.#defaults,
      mark: null,
      trace: false,
      stopBeforeExec: false,
      leftOut: {},
    });
    const started = native.spawn(isCommand ? plan : { ...plan, executable: this.#executable });
    if (program.script >= 0) native.close(program.script);
    return started;
  }

  #open(): void {
    if (this.#nullDevice < 0) this.#nullDevice = native.open("/dev/null", native.O_RDWR);
    if (this.#executable < 0) this.#executable = native.open("/proc/self/exe", native.O_PATH);
  }

  #read(trial: Trial): void {
    const buffer = new Uint8Array(4 * keptOutput);
    for (;;) {
      const length = native.read(trial.output, buffer, 0, buffer.length);
      if (length <= 0) {
        if (length === 0) trial.watch.set(0);
        return;
      }
      trial.said = (trial.said + native.decode(buffer, 0, length)).slice(-keptOutput);
    }
  }

  /** Nothing of it outlives it, children included. */
  #end(trial: Trial): void {
    this.#trials.delete(trial.pid);
    native.kill(-trial.pid, SIGKILL);
    native.kill(trial.pid, SIGKILL);
    trial.overdue.cancel();
    trial.watch.close();
    native.close(trial.output);
    native.close(trial.statusFd);
  }

  // ── lines ───────────────────────────────────────────────────────────────────────────────────────────────

  #listen(request: Request): void {
    const { job, probe } = request;
    const pattern = globOf(probe.text);
    const last: string[] = [];
    const stop = this.#outputs.listen(job.pids.get("main") ?? 0, (line) => {
      const plain = withoutColours(line);
      if (matchesGlob(pattern, plain)) {
        this.cancel(job);
        this.#tell(request, "good", plain);
        return;
      }
      last.push(plain);
      if (last.length > shownLines) last.shift();
      job.probes
        ?.filter(({ id }) => id === request.id)
        .forEach((state) => {
          state.reason = `no line matches; the last: ${last.join(" | ")}`;
        });
    });
    this.#listening.set(job, stop);
  }
}

function ownProbe({ kind, text }: Probe, timeout: number, job: Job): string[] {
  const since = kind === "file" ? ["--since", String(native.realTime() - startedAgo(job))] : [];
  return ["initctl", "probe", "--for-init", "--timeout", String(timeout / 1000), ...since, kind, text];
}

/** Milliseconds since main was executed, as near as the state tells. */
function startedAgo(job: Job): number {
  return Math.max(0, native.monotonicTime() - job.since);
}

function outcomeOf({ kind }: Probe, status: ProcessStatus): ProbeOutcome {
  if (status.type !== "exited") return "bad";
  if (status.status === 0) return "good";
  const isOwn = kind !== "exec" && kind !== "script" && kind !== "argv";
  if (isOwn && status.status === unknownStatus) return "unknown";
  // What a shell says of a program that it cannot execute.
  return !isOwn && (status.status === 126 || status.status === 127) ? "error" : "bad";
}

function reasonOf({ said }: Trial, status: ProcessStatus): string {
  const last = said.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return last === "" ? describeEnd(status) : last;
}

/** A pattern as in conditions, to be found anywhere in the line but where `^` and `$` say. */
function globOf(text: string): string {
  const begins = text.startsWith("^");
  const ends = text.endsWith("$");
  const middle = text.slice(begins ? 1 : 0, ends ? -1 : undefined);
  return `${begins ? "" : "*"}${middle}${ends ? "" : "*"}`;
}

/** Without the sequences of ECMA-48 that colour terminals, and without a last CR. */
function withoutColours(line: string): string {
  const [first = "", ...rest] = line.replace(/\r$/, "").split("\u001b[");
  return first + rest.map((part) => part.replace(/^[0-9;]*[A-Za-z]/, "")).join("");
}

import * as native from "upinit:native";
import { displayName, type Job } from "../jobs/job.ts";
import type { ConsoleMode, ProcessName } from "../jobs/job-class.ts";
import type { LogPriority } from "../log/priority.ts";
import { EACCES, EAGAIN, EMFILE, ENFILE, ENOMEM, EPERM } from "../runtime/errno.ts";
import type { Watch } from "../runtime/reactor.ts";
import { SIGKILL } from "../runtime/signal-numbers.ts";
import { scriptDescriptor } from "./command-line.ts";
import { failureDetail } from "./failure-detail.ts";
import type { ForkFollower } from "./fork-follower.ts";
import type { ProcessHost, ProcessReactor } from "./host.ts";
import type { Identity } from "./identity.ts";
import { isLineageMark, lineageMark } from "./lineage-mark.ts";
import type { NotifySockets } from "./notify-sockets.ts";
import type { Outputs, ProcessOutput } from "./output.ts";
import { type ProcessIdentities, type ProcessIdentity, unchangedIdentity } from "./process-identity.ts";
import { programOf } from "./program.ts";
import { failureReason, failureStatus, missingCapability, type SpawnFailure } from "./spawn-failure.ts";
import { type LeftOut, spawnPlan } from "./spawn-plan.ts";

export interface LaunchOptions {
  /** `--default-console`. */
  readonly defaultConsole: ConsoleMode;
  /** `--no-log`: `console log` becomes `console none`. */
  readonly noLog: boolean;
  /** Nice, limits and oom score that need a capability which is missing are left out instead of failing. */
  readonly lenient: boolean;
  /** `--debug`: the `debug` stanza stops a process before its exec. */
  readonly debug: boolean;
  /** Where a job without `umask` gets its own from: 022, but what a user's init was started with. */
  readonly defaultUmask: number;
  /** HOME, USER, LOGNAME and SHELL of upinit, for jobs that run as its own user; null: nothing is added to any job. */
  readonly personal: readonly string[] | null;
  /** Where a job without `chdir` runs: `/`; null, for a user's init, where that is. */
  readonly defaultDirectory: string | null;
}

/** One process that is to be started, over all tries. */
interface Attempt {
  readonly job: Job;
  readonly process: ProcessName;
  readonly env: readonly string[];
  /** What is executed: argv[0]. */
  program: string;
  leftOut: LeftOut;
  /** Whether main's forks are followed by ptrace. */
  trace: boolean;
  /** Whether main's descendants are marked, to be known again. */
  marked: boolean;
  /** What is tried instead of the console that could not be opened. */
  console: ConsoleMode;
  /** Milliseconds that it has waited for a fork to succeed. */
  waited: number;
  /** Why the process can't be who it is to be; told if all steps before that succeed. */
  identityFailure: string | null;
}

/** A child between fork and exec. */
interface Pending {
  readonly attempt: Attempt;
  readonly statusFd: number;
  readonly watch: Watch;
}

const firstPause = 50;
const longestPause = 800;
/** How long a fork that fails for lack of something is tried again. */
const forkPatience = 10_000;

const consoleDevice = "/dev/console";

/** Starts the processes of jobs, and tells the world how that went. PID 1 never waits for a child's set-up. */
export class Launcher {
  readonly #reactor: ProcessReactor;
  readonly #outputs: Outputs;
  readonly #options: LaunchOptions;
  readonly #host: ProcessHost;
  readonly #follower: () => ForkFollower | null;
  readonly #notify: NotifySockets;
  readonly #identities: ProcessIdentities;
  readonly #pending = new Map<number, Pending>();
  /** Classes whose stanzas without effect have been mentioned. */
  readonly #mentioned = new Set<string>();
  /** Forks that wait to be tried again. */
  #retries = 0;
  #nullDevice = -1;
  #ptyWorks = true;

  constructor(
    reactor: ProcessReactor,
    outputs: Outputs,
    options: LaunchOptions,
    host: ProcessHost,
    follower: () => ForkFollower | null,
    notify: NotifySockets,
    identities: ProcessIdentities,
  ) {
    this.#reactor = reactor;
    this.#outputs = outputs;
    this.#options = options;
    this.#identities = identities;
    this.#host = host;
    this.#follower = follower;
    this.#notify = notify;
  }

  /** Starts a process of the job. The world is told `started`, then `executed` or `spawn-failed`. */
  launch(job: Job, process: ProcessName, env: readonly string[]): void {
    const { jobClass } = job;
    const expectsForks = jobClass.expect === "fork" || jobClass.expect === "daemon";
    const notifies = process === "main" && jobClass.expect === "notify";
    if (process === "main") this.#mentionStanzasWithoutEffect(job);
    const wanted = jobClass.console ?? this.#options.defaultConsole;
    this.#try({
      job,
      process,
      env: notifies ? [...env, ...this.#notify.environment(job, this.#uidOf(job))] : env,
      program: "",
      leftOut: {},
      trace: process === "main" && expectsForks,
      marked: process === "main" && expectsForks,
      console: wanted === "log" && this.#options.noLog ? "none" : wanted,
      waited: 0,
      identityFailure: null,
    });
  }

  #uidOf(job: Job): number | undefined {
    const found = this.#identities.resolve(job, "main");
    return typeof found === "string" ? undefined : found.identity.uid;
  }

  /** Whether any process is between fork and exec, or its fork is to be tried again. */
  get busy(): boolean {
    return this.#pending.size > 0 || this.#retries > 0;
  }

  /** Whether this process is between fork and exec. */
  isStarting(pid: number): boolean {
    return this.#pending.has(pid);
  }

  /** Tells how the start of a process went before anything else is told of it: it may have ended by now. */
  settle(pid: number): void {
    const pending = this.#pending.get(pid);
    if (pending !== undefined) this.#look(pid, pending);
  }

  // ── one try ─────────────────────────────────────────────────────────────────────────────────────────────

  #try(attempt: Attempt): void {
    const resources: Resources = { close: [], output: null };
    const result = this.#spawnSafely(attempt, resources);
    if (typeof result === "string") {
      this.#release(resources);
      this.#fail(attempt, result, 1);
    } else if (typeof result === "number") {
      this.#release(resources);
      this.#forkFailed(attempt, result);
    } else {
      const [pid, statusFd] = result;
      resources.output?.begin(pid);
      resources.output = null;
      this.#release(resources);
      this.#begun(attempt, pid, statusFd);
    }
  }

  /** An exception is one of too little memory, which may be there soon, as where fork says so. */
  #spawnSafely(attempt: Attempt, resources: Resources): readonly [number, number] | number | string {
    try {
      return this.#spawn(attempt, resources);
    } catch (error) {
      this.#say(attempt, "warn", `cannot be started now: ${String(error)}`);
      return ENOMEM;
    }
  }

  /** Forks. A number is the errno of a failure, a text the reason why it makes no sense to fork. */
  #spawn(attempt: Attempt, resources: Resources): readonly [number, number] | number | string {
    const { job, process } = attempt;
    const definition = job.jobClass.processes[process];
    if (definition === undefined) return "unable to execute: the process is not defined";
    const descriptors: [number, number][] = [];
    const opened: [number, string, number][] = [];
    const program = programOf(`${job.jobClass.name} ${process}`, definition, job.jobClass.chroot);
    if (typeof program === "string") return program;
    const { argv, script } = program;
    if (script >= 0) {
      resources.close.push(script);
      descriptors.push([scriptDescriptor, script]);
    }
    attempt.program = argv[0] ?? "";
    const owner = this.#identity(attempt);
    const { identity } = owner;
    const directoryFailure = this.#identities.makeDirectories(job, process, identity);
    if (directoryFailure !== null) return directoryFailure;
    const consoleError = this.#console(attempt, identity, descriptors, opened, resources);
    if (consoleError !== 0) return consoleError;
    const impossible = attempt.identityFailure !== null;
    const plan = spawnPlan({
      jobClass: job.jobClass,
      // All steps before the identity are to be tried, for theirs is the failure that Upstart reports: a program
      // that can't be executed comes last.
      argv: impossible ? ["/"] : argv,
      env: this.#identities.environment(job, attempt.env, owner),
      descriptors,
      open: opened,
      controllingTerminal: attempt.console === "owner",
      identity,
      defaultUmask: this.#options.defaultUmask,
      defaultDirectory: this.#options.defaultDirectory,
      mark: attempt.marked ? lineageMark(job) : null,
      trace: attempt.trace && !impossible,
      stopBeforeExec: this.#options.debug && job.jobClass.debug && !impossible,
      leftOut: attempt.leftOut,
    });
    const result = native.spawn(plan);
    return typeof result === "number" ? -result : result;
  }

  #identity(attempt: Attempt): ProcessIdentity {
    const found = this.#identities.resolve(attempt.job, attempt.process);
    attempt.identityFailure = typeof found === "string" ? found : null;
    return typeof found === "string" ? unchangedIdentity : found;
  }

  /** Descriptors 0 to 2 (docs/upstart.md#76-console). Returns the errno of a failure, or 0. */
  #console(
    attempt: Attempt,
    identity: Identity,
    descriptors: [number, number][],
    opened: [number, string, number][],
    resources: Resources,
  ): number {
    const { console } = attempt;
    const device = console === "owner" || (console === "output" && native.access(consoleDevice, 0) === 0);
    if (device) {
      for (const fd of [0, 1, 2]) opened.push([fd, consoleDevice, native.O_RDWR | native.O_NOCTTY]);
      return 0;
    }
    const input = this.#openNullDevice();
    if (input < 0) return -input;
    descriptors.push([0, input]);
    if (console === "output") descriptors.push([1, 1], [2, 2]);
    else if (console === "none") descriptors.push([1, input], [2, input]);
    else return this.#capture(attempt, identity, descriptors, resources);
    return 0;
  }

  #capture(
    attempt: Attempt,
    identity: Identity,
    descriptors: [number, number][],
    resources: Resources,
  ): number {
    const output = this.#outputs.openFor(attempt.job, identity);
    if (typeof output !== "number") {
      resources.output = output;
      for (const [child, parent] of output.descriptors) descriptors.push([child, parent]);
      return 0;
    }
    if (!this.#outputs.usesPty(attempt.job)) return output;
    if (this.#ptyWorks) this.#host.log.error("Failed to create pty - disabling logging for job");
    this.#ptyWorks = false;
    const input = this.#openNullDevice();
    descriptors.push([1, input], [2, input]);
    return 0;
  }

  /** Kept open: every process needs it. */
  #openNullDevice(): number {
    if (this.#nullDevice < 0) this.#nullDevice = native.open("/dev/null", native.O_RDWR | native.O_NOCTTY);
    return this.#nullDevice;
  }

  #release({ close, output }: Resources): void {
    output?.cancel();
    for (const fd of close) native.close(fd);
  }

  // ── how it went ─────────────────────────────────────────────────────────────────────────────────────────

  #begun(attempt: Attempt, pid: number, statusFd: number): void {
    const { job, process } = attempt;
    let watch: Watch;
    try {
      watch = this.#reactor.watch(statusFd, native.EPOLLIN, () => {
        const pending = this.#pending.get(pid);
        if (pending !== undefined) this.#look(pid, pending);
      });
    } catch (error) {
      // Nobody would ever learn what becomes of it.
      native.kill(pid, SIGKILL);
      native.close(statusFd);
      throw error;
    }
    this.#host.tell({ type: "started", job, process, pid });
    if (attempt.trace && attempt.identityFailure === null) this.#follower()?.trace(job, pid);
    this.#pending.set(pid, { attempt, statusFd, watch });
  }

  #look(pid: number, pending: Pending): void {
    const result = native.readSpawnFailure(pending.statusFd);
    if (result === null) return;
    this.#pending.delete(pid);
    pending.watch.close();
    native.close(pending.statusFd);
    const { attempt } = pending;
    if (result === true) this.#executed(attempt, pid);
    else this.#spawnFailed(attempt, { step: result[0], errno: result[1], detail: result[2] });
  }

  #executed(attempt: Attempt, pid: number): void {
    const { job, process } = attempt;
    this.#host.tell({ type: "executed", job, process });
    const { expect } = job.jobClass;
    const followed = process === "main" && (expect === "fork" || expect === "daemon");
    if (followed && !attempt.trace) this.#follower()?.descend(job, pid);
  }

  #spawnFailed(attempt: Attempt, failure: SpawnFailure): void {
    if (attempt.trace) this.#follower()?.forget(attempt.job);
    if (this.#workAround(attempt, failure)) {
      this.#host.tell({ type: "withdrawn", job: attempt.job, process: attempt.process });
      this.#try(attempt);
      return;
    }
    const capability = missingCapability(failure);
    if (capability !== null) this.#say(attempt, "info", `needs the capability ${capability}`);
    if (failure.step === "exec" && attempt.identityFailure !== null) {
      const { setuid, setgid } = attempt.job.jobClass;
      const wanted = [
        ...(setuid === null ? [] : [`user ${setuid}`]),
        ...(setgid === null ? [] : [`group ${setgid}`]),
      ];
      this.#fail(attempt, attempt.identityFailure, 1, `${attempt.identityFailure} (${wanted.join(", ")})`);
      return;
    }
    const pty = attempt.console === "log" && this.#outputs.usesPty(attempt.job);
    const reason = failureReason(failure, native.errorText(failure.errno), pty);
    const detail = failureDetail(failure, attempt.job.jobClass, attempt.program, attempt.env);
    this.#fail(attempt, reason, failureStatus(failure), detail);
  }

  /** Changes the attempt so that the step is not taken again. False if the failure is final. */
  #workAround(attempt: Attempt, failure: SpawnFailure): boolean {
    const { step, errno, detail } = failure;
    const error = native.errorText(errno);
    if (step === "trace" && attempt.trace) {
      attempt.trace = false;
      this.#say(attempt, "info", `can't be traced (${error}): its forks are followed by their descent`);
      return true;
    }
    if (step === "limit" && isLineageMark(detail) && attempt.marked) {
      attempt.marked = false;
      return true;
    }
    if (step === "open" && attempt.console === "output") {
      attempt.console = "none";
      this.#host.log.warn(`Failed to open system console: ${error}`, { job: displayName(attempt.job) });
      return true;
    }
    if (!this.#options.lenient || (errno !== EPERM && errno !== EACCES)) return false;
    const { leftOut } = attempt;
    if (step === "nice" && !leftOut.nice) attempt.leftOut = { ...leftOut, nice: true };
    else if (step === "oom" && !leftOut.oom) attempt.leftOut = { ...leftOut, oom: true };
    else if (step === "limit" && !leftOut.limits?.includes(detail)) {
      attempt.leftOut = { ...leftOut, limits: [...(leftOut.limits ?? []), detail] };
    } else return false;
    this.#say(attempt, "warn", `goes on in spite of: ${failureReason(failure, error, false)}`);
    this.#say(attempt, "info", `needs the capability ${missingCapability(failure)}`);
    return true;
  }

  /**
   * What lacks now may be there soon (docs/upstart.md#73-set-up): pids, memory, descriptors. Tried again, ever more
   * slowly.
   */
  #forkFailed(attempt: Attempt, errno: number): void {
    const error = native.errorText(errno);
    const passing = errno === EAGAIN || errno === ENOMEM || errno === EMFILE || errno === ENFILE;
    if (!passing || attempt.waited >= forkPatience) {
      this.#fail(attempt, `unable to fork: ${error}`, 1);
      return;
    }
    if (attempt.waited === 0) this.#host.log.warn(`Temporary process spawn error: ${error}`);
    const pause = Math.min(Math.max(firstPause, attempt.waited), longestPause);
    attempt.waited += pause;
    this.#retries += 1;
    this.#reactor.after(pause, () => {
      this.#retries -= 1;
      this.#try(attempt);
    });
  }

  #fail({ job, process }: Attempt, reason: string, exitStatus: number, detail: string | null = null): void {
    this.#host.tell({
      type: "spawn-failed",
      job,
      process,
      reason,
      exitStatus,
      ...(detail !== null && { detail }),
    });
  }

  #say({ job, process }: Attempt, priority: LogPriority, text: string): void {
    this.#host.log.write(priority, `${displayName(job)} ${process} process ${text}`, {
      job: displayName(job),
    });
  }

  #mentionStanzasWithoutEffect({ jobClass }: Job): void {
    const { name, apparmorLoad, apparmorSwitch, cgroups } = jobClass;
    const apparmor = apparmorLoad !== null || apparmorSwitch !== null;
    if ((!apparmor && cgroups.length === 0) || this.#mentioned.has(name)) return;
    this.#mentioned.add(name);
    const stanzas = [...(apparmor ? ["apparmor"] : []), ...(cgroups.length > 0 ? ["cgroup"] : [])].join(
      " and ",
    );
    this.#host.log.info(`${name}: ${stanzas} has no effect here`, { job: name });
  }
}

/** What is held for a child until it has its own. */
interface Resources {
  readonly close: number[];
  output: ProcessOutput | null;
}

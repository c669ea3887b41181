import * as native from "upinit:native";
import type { BootRecorder } from "../control/boot-record.ts";
import type { StopRequest as ControlStop, Daemon } from "../control/daemon.ts";
import { KeepListening } from "../control/keep-listening.ts";
import { ControlServer } from "../control/server.ts";
import type { Job } from "../jobs/job.ts";
import type { Outcome, ProcessStatus, Trace, Waiter } from "../jobs/messages.ts";
import type { World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { LogPriority } from "../log/priority.ts";
import type { Outputs } from "../processes/output.ts";
import type { Processes } from "../processes/processes.ts";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { signals } from "../runtime/signals.ts";
import { type BootEvent, BootSequence, bootEvents, bootRunlevel } from "./boot.ts";
import type { Configuration } from "./configuration.ts";
import { detectContainer } from "./container.ts";
import { removeTraces } from "./control-place.ts";
import { daemonOf, type Runlevels } from "./daemon.ts";
import { endsContainer, exitStatusOf, isNamed, missingJob } from "./endings.ts";
import type { Foreground } from "./foreground.ts";
import { notifyManager } from "./notify-manager.ts";
import type { InitOptions } from "./options.ts";
import type { Reexec } from "./reexec.ts";
import { Shutdown, type StopSystem } from "./shutdown.ts";
import { type SignalActions, wireSignals } from "./signals.ts";
import { StopPlan } from "./stop-plan.ts";
import { allGone, findStragglers, killGroup, signalStragglers } from "./stragglers.ts";
import type { Supervisor } from "./supervisor.ts";
import type { Traces } from "./traces.ts";

/** The parts of PID 1, put together by `assemble.ts`. */
export interface Parts {
  readonly options: InitOptions;
  /** `--stop-signal`; 0 for none. */
  readonly stopSignal: number;
  readonly environment: readonly string[];
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** What upinit was given. */
  readonly umask: number;
  /** The control socket; null if there is none. */
  readonly controlPath: string | null;
  readonly reactor: Reactor;
  readonly log: Log;
  readonly world: World;
  readonly supervisor: Supervisor;
  readonly configuration: Configuration;
  readonly outputs: Outputs;
  readonly processes: Processes;
  readonly traces: Traces;
  readonly bootRecorder: BootRecorder;
  readonly runlevels: Runlevels;
  /** Null without CMD. */
  readonly foreground: Foreground | null;
}

/** What a stop is that nobody says more about. */
const ofItself = { runlevel: "0", env: [], byClient: false, signal: signals.SIGTERM } as const;

/** How often to say what CMD still waits for. */
const gateReminder = 30_000;
/** How long the log and the output of jobs may take to be written out at the end. */
const flushPatience = 1_000;

/** PID 1 at work: the boot, the events from outside, and the stop. */
export class Init {
  readonly #parts: Parts;
  readonly #shutdown: Shutdown;
  readonly #waiters = new Map<number, (outcome: Outcome) => void>();
  #lastWaiter = 0;
  #server: ControlServer | null = null;
  #listening: KeepListening | null = null;
  #boot: BootSequence | null = null;
  #reexec: Reexec | null = null;
  /** The status of the first task that failed during the boot: with it CMD's gate stays closed. */
  #failedTask: { readonly name: string; readonly status: number } | null = null;
  /** How the job of `--exit-code-from` last ended. */
  #namedStatus: number | null = null;
  #gateTimers: Timer[] = [];
  readonly #phaseListeners = new Set<() => void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#shutdown = new Shutdown(this.#stopSystem(), parts.options.stopTimeout);
  }

  /** Takes part in the loop: signals, children, and the files of jobs. */
  begin(): void {
    const { reactor, configuration, stopSignal } = this.#parts;
    wireSignals(reactor, this.#signalActions(), stopSignal);
    reactor.afterTurn(() => this.#turnEnded());
    configuration.load();
  }

  /** Answers the clients that come on this socket. */
  serve(listenFd: number): ControlServer {
    const { reactor, options } = this.#parts;
    const { allowForeignPeers } = options;
    const server = new ControlServer(reactor, listenFd, this.#daemon(), { allowForeignPeers });
    this.#server = server;
    if (this.#parts.controlPath !== null)
      this.#listening = new KeepListening(reactor, this.#parts.controlPath, (fd) => {
        if (this.#shutdown.inProgress) native.close(fd);
        else server.listenAgain(fd);
      });
    return server;
  }

  get phase(): "booting" | "running" | "stopping" {
    if (this.#shutdown.inProgress) return "stopping";
    return this.#boot === null ? "running" : "booting";
  }

  // --- boot ---

  /** Emits the boot events one after the other; CMD follows when they are finished. */
  boot(): void {
    this.#parts.configuration.whenReady(() => this.#beginBoot());
  }

  #beginBoot(): void {
    const { options, world, environment } = this.#parts;
    const events = bootEvents({
      startupEvent: options.startupEvent,
      session: options.session,
      container: detectContainer(environment),
      interfaces: native.interfacesUp(),
      isLeftToJobs: (event) => world.classes().some(({ jobClass }) => jobClass.emits.includes(event)),
    });
    this.#boot = new BootSequence(
      events,
      (event, finished) => this.#emitAtBoot(event, finished),
      (failed) => this.#bootFinished(failed),
    );
    this.#watchGate();
    this.#boot.advance();
  }

  #emitAtBoot(event: BootEvent, finished: (failed: boolean) => void): void {
    const { world, runlevels, foreground } = this.#parts;
    if (event.name === "runlevel") runlevels.enter(bootRunlevel, undefined);
    foreground?.waitFor(`the event ${event.name}`);
    const waiter = this.#wait((outcome) => finished(!outcome.ok));
    world.emit(event.name, event.env, waiter, { ignoreHalfConditions: true });
  }

  /** `eventFailed`: a job that one of the boot events started has failed; others are nobody's gate. */
  #bootFinished(eventFailed: boolean): void {
    this.#boot = null;
    this.#parts.bootRecorder.end();
    this.#phaseChanged();
    for (const timer of this.#gateTimers) timer.cancel();
    const { foreground, options, log } = this.#parts;
    if (this.#shutdown.inProgress) return;
    const missing = missingJob(this.#parts.world, options.exitCodeFrom);
    if (missing !== null) {
      log.error(`cannot end with the status of a job (--exit-code-from): ${missing}`);
      this.stop("the job of --exit-code-from does not exist", 1);
      return;
    }
    if (foreground?.begun) return;
    const failed = foreground !== null && eventFailed ? (this.#failedTask ?? this.#failingTask()) : null;
    if (failed === null || options.startAnyway) this.#open();
    else {
      log.error(`${failed.name} failed, so the main command is not run (--start-anyway runs it)`);
      this.stop("a boot task failed", failed.status);
    }
  }

  /** The container is up: CMD runs, and the manager is told. */
  #open(): void {
    this.#parts.foreground?.start();
    if (!this.#shutdown.inProgress) notifyManager(this.#parts.environment, "READY");
  }

  #phaseChanged(): void {
    for (const listener of [...this.#phaseListeners]) {
      this.#phaseListeners.delete(listener);
      listener();
    }
  }

  /** A task that failed as the boot ended, and still runs its post-stop or is held by others. */
  #failingTask(): { readonly name: string; readonly status: number } | null {
    for (const { jobClass, ending } of this.#parts.world.jobs()) {
      if (jobClass.task && ending?.failed) return { name: jobClass.name, status: ending.exitStatus };
    }
    return null;
  }

  /** While CMD waits for the boot, says from time to time what for; and no longer than it is told to. */
  #watchGate(): void {
    const { foreground, reactor, options, log } = this.#parts;
    if (foreground === null || foreground.begun) return;
    const remind = (): void => {
      log.message(`the main command still waits for ${foreground.description.waitsFor ?? "nothing"}`);
      this.#gateTimers[0] = reactor.after(gateReminder, remind);
    };
    this.#gateTimers[0] = reactor.after(gateReminder, remind);
    if (options.bootTimeout === null) return;
    this.#gateTimers[1] = reactor.after(options.bootTimeout, () => {
      log.error(
        `the boot took longer than ${options.bootTimeout} ms; ${foreground.description.waitsFor} is not over`,
      );
      this.#gateTimers[0]?.cancel();
      if (options.startAnyway) this.#open();
      else this.stop("the boot took too long", 1);
    });
  }

  // --- what effects of the world bring ---

  answer(waiter: Waiter, outcome: Outcome): void {
    const own = this.#waiters.get(waiter.id);
    if (own === undefined) this.#server?.answer(waiter, outcome);
    else {
      this.#waiters.delete(waiter.id);
      own(outcome);
    }
  }

  finished(job: Job, failed: boolean, exitStatus: number): void {
    if (this.#shutdown.inProgress) return;
    if (failed && job.jobClass.task && this.#boot !== null) {
      this.#failedTask ??= { name: job.jobClass.name, status: exitStatus };
    }
    if (endsContainer(job, failed, this.#parts.options.exitCodeFrom)) {
      this.stop(`${job.jobClass.name} ${failed ? "failed" : "finished"}`, exitStatus);
    }
  }

  /** CMD is over, and so is the container; unless it is over because the container stops. */
  commandEnded(status: number): void {
    if (!this.#shutdown.inProgress) this.stop(`the main command ended with status ${status}`, status);
  }

  /** Whether this is a child of PID 1's own, and no job's. */
  owns(pid: number): boolean {
    return pid === this.#parts.foreground?.pid || this.#reexec?.owns(pid) === true;
  }

  /** Something happened to one of those. */
  childChanged(pid: number, status: ProcessStatus): void {
    if (this.#reexec?.owns(pid)) {
      this.#reexec.childEnded(status);
      return;
    }
    const final = this.#shutdown.inProgress;
    if (status.type === "exited") this.#parts.foreground?.reaped(native.CLD_EXITED, status.status, final);
    else if (status.type === "killed")
      this.#parts.foreground?.reaped(native.CLD_KILLED, status.signal, final);
  }

  // --- re-exec ---

  /** What it needs is loaded only now; a text is the reason why it can't be done at this time. */
  #executeAgain(waiter: Waiter): string | null {
    if (this.phase !== "running") return `cannot execute init again while it is ${this.phase}`;
    const fail = (message: string): void => this.answer(waiter, { ok: false, error: "JobFailed", message });
    import("./reexec-now.ts")
      .then(({ newReexec }) => {
        this.#reexec ??= newReexec(
          this.#parts,
          () => this.#server?.state() ?? null,
          (...to) => this.answer(...to),
          () => this.phase === "running",
        );
        const reason = this.#reexec.begin(waiter);
        if (reason !== null) fail(reason);
      })
      .catch((error) => fail(`cannot execute init again: ${String(error)}`));
    return null;
  }

  /** Notes how the job of `--exit-code-from` ended, for a stop that somebody else asked for. */
  traced(trace: Trace): void {
    if (trace.type !== "process" || trace.process !== "main" || trace.status === null) return;
    if (isNamed(trace.job, this.#parts.options.exitCodeFrom)) this.#namedStatus = exitStatusOf(trace.status);
  }

  #wait(done: (outcome: Outcome) => void): Waiter {
    // Below zero, apart from those of clients.
    const waiter = { id: --this.#lastWaiter };
    this.#waiters.set(waiter.id, done);
    return waiter;
  }

  // --- what comes from outside ---

  #daemon(): Daemon {
    const { reactor, supervisor, configuration, foreground, options, processes } = this.#parts;
    return daemonOf({
      ...this.#parts,
      userMode: options.session,
      version: UPINIT_VERSION,
      now: () => reactor.now(),
      settle: () => supervisor.settle(),
      phase: () => this.phase,
      onPhase: (listener) => {
        this.#phaseListeners.add(listener);
        return () => this.#phaseListeners.delete(listener);
      },
      startingLimit: () => options.startingLimit,
      setLogPriority: (priority) => this.setLogPriority(priority),
      reloadConfiguration: () => configuration.reload(),
      configurationProblems: () => configuration.problems,
      stop: (request) => this.stopFor(request),
      reexec: (waiter) => this.#executeAgain(waiter),
      processDefaults: () => processes.defaults,
      mainCommand: () => foreground?.description ?? null,
    });
  }

  setLogPriority(priority: LogPriority): void {
    this.#parts.log.priority = priority;
    this.#parts.world.outbox.logPriority = priority;
  }

  /** At the end of each turn: the world moves, and the stop may go on. */
  #turnEnded(): void {
    this.#parts.supervisor.settle();
    if (this.#shutdown.inProgress) {
      this.#shutdown.progress();
      this.#parts.supervisor.settle();
    }
  }

  #signalActions(): SignalActions {
    const { world, processes, configuration, foreground, log } = this.#parts;
    return {
      stop: (reason, signal) => this.#begin({ ...ofItself, reason, status: null, signal }),
      reapChildren: () => processes.reap(),
      reloadConfiguration: () => {
        log.info("Reloading configuration");
        this.#listening?.look();
        configuration.reload();
      },
      emit: (event) => world.emit(event, [], null),
      forward: (signal) => foreground?.forward(signal) ?? false,
      interprets: () => this.#shutdown.inProgress || world.classes().length > 0,
      isAwaited: (event) => [...world.registry.listeningTo(event, [])].length > 0,
      log: (text) => log.message(text),
    };
  }

  /** Begins the orderly stop; `status` null leaves with CMD's own. */
  stop(reason: string, status: number | null): void {
    this.#begin({ ...ofItself, reason, status });
  }

  /** As a client wants it (`shutdown`, `telinit 0`, `reboot`). */
  stopFor(request: ControlStop): void {
    const { runlevel, env, previous, force } = request;
    const reason = runlevel === "6" ? "reboot requested" : "stop requested";
    const wanted = { ...ofItself, reason, status: null, runlevel, env, byClient: true };
    this.#begin(previous === undefined ? wanted : { ...wanted, previous });
    if (force) this.#begin(wanted);
  }

  #begin(request: Parameters<Shutdown["begin"]>[0]): void {
    native.endIfLost();
    if (!this.#shutdown.inProgress) notifyManager(this.#parts.environment, "STOPPING");
    this.#boot?.abandon();
    this.#parts.foreground?.abandon();
    for (const timer of this.#gateTimers) timer.cancel();
    this.#shutdown.begin(request);
    this.#phaseChanged();
  }

  // --- the stop ---

  #stopSystem(): StopSystem {
    const { reactor, log, world, foreground, runlevels, options } = this.#parts;
    const plan = new StopPlan(
      () => world.jobs(),
      (job) => world.requests.stopInstance(job.jobClass.name, job.instance, { type: "shutdown" }),
    );
    return {
      after: (milliseconds, callback) => reactor.after(milliseconds, callback),
      log: (text) => log.info(text),
      quiesce: () => world.quiesce(),
      emitEvents: ({ runlevel, previous, env }, finished) => {
        const events: BootEvent[] = options.session
          ? [{ name: "session-end", env: ["TYPE=shutdown"] }]
          : [
              { name: "shutdown", env: [] },
              { name: "runlevel", env: [...runlevels.enter(runlevel, previous), ...env] },
            ];
        let open = events.length;
        for (const event of events) {
          const waiter = this.#wait(() => {
            open -= 1;
            if (open === 0) finished();
          });
          world.emit(event.name, event.env, waiter, { ignoreHalfConditions: true, ofShutdown: true });
        }
      },
      stopNextJobs: () => {
        plan.advance();
        this.#parts.supervisor.settle();
        return [...world.jobs()].length;
      },
      largestKillTimeout: () => {
        let slowest: Job | null = null;
        for (const job of world.jobs())
          if (job.jobClass.killTimeout > (slowest?.jobClass.killTimeout ?? -1)) slowest = job;
        return slowest === null
          ? null
          : { seconds: slowest.jobClass.killTimeout, job: slowest.jobClass.name };
      },
      stopMainCommand: (signal) => foreground?.forward(signal) ?? false,
      mainCommandRuns: () => foreground?.runs ?? false,
      stragglersGone: () => allGone(),
      killJobs: () => {
        for (const job of world.jobs()) for (const pid of job.pids.values()) killGroup(pid, signals.SIGKILL);
      },
      terminateStragglers: () => this.#signalStragglers(signals.SIGTERM, "TERM"),
      killStragglers: () => this.#signalStragglers(signals.SIGKILL, "KILL"),
      leave: (request) => this.#leave(request.status ?? foreground?.status ?? this.#namedStatus ?? 0),
    };
  }

  #signalStragglers(signal: number, name: string): void {
    const { log, world, foreground } = this.#parts;
    const named = findStragglers().map(({ pid, command }) => `${command} (${pid})`);
    if (named.length > 0) log.message(`Sending ${name} signal to what is left: ${named.join(", ")}`);
    const groups: number[] = foreground !== null && foreground.pid > 0 ? [foreground.pid] : [];
    for (const job of world.jobs()) groups.push(...job.pids.values());
    signalStragglers(signal, groups);
  }

  #leave(status: number): void {
    const { outputs, log, reactor, options, environment, controlPath } = this.#parts;
    outputs.flush();
    this.#server?.close();
    removeTraces(options, environment, controlPath);
    log.flush(flushPatience);
    reactor.stop(status);
  }
}

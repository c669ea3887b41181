/** Puts PID 1 together: which part gets what of which other. No decision is made here. */
import * as native from "upinit:native";
import { BootRecorder } from "../control/boot-record.ts";
import type { World, WorldOptions } from "../jobs/world.ts";
import { Log } from "../log/log.ts";
import { Outputs } from "../processes/output.ts";
import { personalEntries } from "../processes/personal-environment.ts";
import { Processes, type ProcessesOptions } from "../processes/processes.ts";
import { Reactor } from "../runtime/reactor.ts";
import type { Handover } from "../shim/handover.ts";
import { MainCommand } from "../shim/main-command.ts";
import { Respawn } from "../shim/respawn.ts";
import { OwnVoice } from "../shim/voice.ts";
import { Configuration } from "./configuration.ts";
import { sessionVariables } from "./control-place.ts";
import { Runlevels } from "./daemon.ts";
import { endsContainer } from "./endings.ts";
import { loadedFeatures } from "./features.ts";
import { Foreground } from "./foreground.ts";
import { Init, type Parts } from "./init.ts";
import { defaultJobEnvironment } from "./job-environment.ts";
import type { InitOptions, ReadOptions } from "./options.ts";
import { jobDirectories, logDirectory } from "./places.ts";
import { type Became, initUmask } from "./process.ts";
import { Schedules } from "./schedules.ts";
import { Supervisor } from "./supervisor.ts";
import { Traces } from "./traces.ts";

/** What PID 1 begins with. */
export interface Beginning extends ReadOptions, Became {
  /** From the shim; null without it. */
  readonly handover: Handover | null;
  /** Monotonic milliseconds; earlier than now after a re-exec. */
  readonly startedAt: number;
  /** The control socket; null if there is none. */
  readonly controlPath: string | null;
  /** An empty world, or the one of before a re-exec. */
  readonly makeWorld: (options: WorldOptions) => World;
}

/** Makes PID 1 of its parts. Nothing runs yet. */
export function assemble(beginning: Beginning): { readonly init: Init; readonly parts: Parts } {
  const { options, settings, handover, startedAt, umask, controlPath } = beginning;
  const environment = native.environment();
  const reactor =
    handover?.reactor ?? new Reactor(beginning.loop === null ? {} : { descriptors: beginning.loop });
  const log = newLog(options, reactor);
  const world = beginning.makeWorld(worldOptions(beginning, environment, reactor));
  world.outbox.logPriority = options.priority;
  const outputs = new Outputs(reactor, outputOptions(options, environment), log);
  const traces = new Traces();
  const bootRecorder = new BootRecorder(() => reactor.now() - startedAt);
  const foreground = newForeground(beginning, reactor, (status) => init.commandEnded(status));
  const processes = new Processes(
    reactor,
    outputs,
    processOptions(options, umask, environment, controlPath),
    {
      log,
      tell: (message) => world.tell(message),
      jobOfPid: (pid) => world.jobOfPid(pid),
      settle: () => supervisor.settle(),
    },
    {
      owns: (pid) => init.owns(pid),
      changed: (pid, status) => init.childChanged(pid, status),
    },
  );
  const supervisor: Supervisor = new Supervisor(world, reactor, {
    processes,
    log,
    answer: (waiter, outcome) => init.answer(waiter, outcome),
    finished: (job, failed, exitStatus) => init.finished(job, failed, exitStatus),
    destroyed: (job) => {
      processes.forget(job);
      if (job.jobClass.schedules.length > 0) schedules.classesChanged();
    },
    trace: (trace) => {
      bootRecorder.record(trace);
      init.traced(trace);
      traces.publish(trace);
    },
  });
  const schedules = new Schedules(reactor, world, log, environment);
  const configuration = new Configuration(
    reactor,
    jobDirectories(options, environment),
    options,
    world,
    log,
    () => schedules.classesChanged(),
  );
  const parts: Parts = {
    options,
    stopSignal: settings.stopSignal,
    environment,
    startedAt,
    umask,
    controlPath,
    reactor,
    log,
    world,
    supervisor,
    configuration,
    outputs,
    processes,
    traces,
    bootRecorder,
    runlevels: new Runlevels(),
    foreground,
  };
  const init: Init = new Init(parts);
  return { init, parts };
}

function newLog(options: InitOptions, reactor: Reactor): Log {
  const log = new Log(options.logFormat);
  log.priority = options.priority;
  log.attach(reactor);
  const report = (what: string, error: unknown): void => log.error(describe(what, error));
  reactor.onError(report);
  native.setUncaught((error, kind) => report(kind, error));
  return log;
}

/** For a fault of upinit itself: with its stack, since that is what a report of it needs. */
function describe(what: string, error: unknown): string {
  return error instanceof Error
    ? `${what}: ${error.message} ${(error.stack ?? "").trim()}`
    : `${what}: ${String(error)}`;
}

function worldOptions(
  { options, controlPath }: Beginning,
  environment: readonly string[],
  reactor: Reactor,
): WorldOptions {
  return {
    now: () => reactor.now(),
    random: Math.random,
    features: loadedFeatures,
    initEnvironment: () => environment,
    defaultEnvironment: defaultJobEnvironment(environment, options.inheritEnv),
    extraEnvironment: sessionVariables(options, controlPath),
    defaultStartTimeout: options.startTimeout === null ? null : options.startTimeout / 1_000,
    endsContainer: (job, failed) => endsContainer(job, failed, options.exitCodeFrom),
  };
}

function processOptions(
  options: InitOptions,
  umask: number,
  environment: readonly string[],
  controlPath: string | null,
): ProcessesOptions {
  return {
    defaultConsole: options.defaultConsole,
    noLog: !options.capture,
    lenient: options.lenient,
    debug: options.priority === "debug",
    defaultUmask: options.session ? umask : initUmask,
    defaultDirectory: options.session ? null : "/",
    notifyDirectory: controlPath?.startsWith("/") ? `${controlPath}.notify` : null,
    follower: () => loadedFeatures.follower,
    prober: () => loadedFeatures.prober,
    personal: options.inheritEnv ? personalEntries(environment) : null,
  };
}

function outputOptions(
  options: InitOptions,
  environment: readonly string[],
): ConstructorParameters<typeof Outputs>[1] {
  return {
    directory: options.capture ? logDirectory(options, environment) : null,
    pty: options.pty,
    fd: jobDescriptor(options),
    overflow: options.logOverflow,
  };
}

/** Beside CMD, standard output is CMD's: a client reads it through a pipe. */
function jobDescriptor({ jobOutput, command }: InitOptions): number {
  const errors = jobOutput === null ? command.length > 0 && !native.isTerminal(1) : jobOutput === "stderr";
  // A number of its own, since the log watches 2.
  return errors ? native.dup(2) : 1;
}

function newForeground(
  { options, settings, handover, umask }: Beginning,
  reactor: Reactor,
  ended: (status: number) => void,
): Foreground | null {
  const { command } = options;
  if (command.length === 0) return null;
  const voice = new OwnVoice(settings.level, settings.warnOnReap);
  const mainCommand = handover?.mainCommand ?? new MainCommand({ ...settings, command }, voice);
  mainCommand.umask = umask;
  mainCommand.besideJobs = true;
  const respawn = handover?.respawn ?? (settings.respawn === null ? null : new Respawn(settings.respawn));
  return new Foreground(mainCommand, respawn, {
    now: () => reactor.now(),
    after: (milliseconds, callback) => reactor.after(milliseconds, callback),
    ended,
  });
}

import * as native from "upinit:native";
import type { BootRecorder } from "../control/boot-record.ts";
import type { Daemon, RunlevelRecord } from "../control/daemon.ts";
import type { World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Outputs } from "../processes/output.ts";
import { readProcess } from "../processes/process-table.ts";
import type { Traces } from "./traces.ts";

/** What is handed to the control methods as it is. */
type Own = Pick<
  Daemon,
  | "world"
  | "userMode"
  | "version"
  | "startedAt"
  | "now"
  | "settle"
  | "phase"
  | "onPhase"
  | "startingLimit"
  | "setLogPriority"
  | "reloadConfiguration"
  | "configurationProblems"
  | "stop"
  | "reexec"
  | "processDefaults"
  | "mainCommand"
>;

/** The parts of PID 1 that control requests reach. */
export interface DaemonParts extends Own {
  readonly log: Log;
  readonly outputs: Outputs;
  readonly traces: Traces;
  readonly bootRecorder: BootRecorder;
  readonly runlevels: Runlevels;
}

/** PID 1's record of run levels; utmp hardly exists in a container. */
export class Runlevels {
  #record: RunlevelRecord | null = null;

  get record(): RunlevelRecord | null {
    return this.#record;
  }

  restore(record: RunlevelRecord | null): void {
    this.#record = record;
  }

  /** Notes the change and returns the variables of its event (docs/upstart.md#103-runlevels). */
  enter(level: string, previous: string | undefined): string[] {
    const before = previous ?? this.#record?.current ?? "N";
    this.#record = { previous: before, current: level };
    return [`RUNLEVEL=${level}`, `PREVLEVEL=${before}`];
  }
}

/** Longest command line of a client that is kept, in characters. */
const longestCommandLine = 200;

function commandLineOf(pid: number): string {
  const text = native.readPseudoFile(`/proc/${pid}/cmdline`);
  return typeof text === "number" ? "" : text.replaceAll("\0", " ").trim().slice(0, longestCommandLine);
}

/** Each process of a job leads a session of its own, and what it starts is in it. */
function classOfProcess(world: World, pid: number): string | undefined {
  const process = readProcess(pid);
  return process === null ? undefined : world.jobOfPid(process.session)?.job.jobClass.name;
}

/** PID 1 as the control methods see it. */
export function daemonOf(parts: DaemonParts): Daemon {
  const { world, log, outputs, traces, bootRecorder, runlevels } = parts;
  return {
    world,
    userMode: parts.userMode,
    version: parts.version,
    startedAt: parts.startedAt,
    now: parts.now,
    settle: parts.settle,
    phase: parts.phase,
    onPhase: parts.onPhase,
    startingLimit: parts.startingLimit,
    logPriority: () => log.priority,
    setLogPriority: parts.setLogPriority,
    reloadConfiguration: parts.reloadConfiguration,
    configurationProblems: parts.configurationProblems,
    notifyDiskWriteable: () => outputs.notifyDiskWriteable(),
    runlevel: () => runlevels.record,
    changeRunlevel: (level, env, previous, waiter) => {
      world.emit("runlevel", [...runlevels.enter(level, previous), ...env], waiter);
    },
    stop: parts.stop,
    reexec: parts.reexec,
    processDefaults: parts.processDefaults,
    mainCommand: parts.mainCommand,
    commandLineOf,
    classOfProcess: (pid) => (world.hasRequirements ? classOfProcess(world, pid) : undefined),
    lastLines: (displayName, count) => outputs.lastLines(displayName, count),
    follow: (displayName, listener) => outputs.follow(displayName, listener),
    onTrace: (listener) => traces.subscribe(listener),
    bootRecords: () => bootRecorder.records,
    bootedAt: () => bootRecorder.bootedAt,
  };
}

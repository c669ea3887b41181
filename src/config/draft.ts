import type {
  JobClass,
  JobDirectory,
  Probe,
  ProcessDefinition,
  ProcessName,
  Requirement,
  ResourceLimit,
} from "../jobs/job-class.ts";

/** A job class while it is being read. */
export type Draft = { -readonly [Key in keyof JobClass]: JobClass[Key] };

// What most jobs leave empty is shared by all of them: ten thousand loaded jobs must stay small.
const none: readonly string[] = Object.freeze([]);
const noNumbers: readonly number[] = Object.freeze([]);
const noLists: readonly (readonly string[])[] = Object.freeze([]);
const noDirectories: readonly JobDirectory[] = Object.freeze([]);
const noRequirements: readonly Requirement[] = Object.freeze([]);
const noProbes: readonly Probe[] = Object.freeze([]);
const noProcesses: Readonly<Partial<Record<ProcessName, ProcessDefinition>>> = Object.freeze({});
const noLimits: ReadonlyMap<string, ResourceLimit> = new Map();
const defaultRespawnLimit = Object.freeze({ count: 10, interval: 5 });

/** A job class with nothing but its name: what an empty file defines (defaults of docs/upstart.md#29-stanzas). */
export function emptyClass(name: string, path: string): Draft {
  return {
    name,
    path,
    description: null,
    author: null,
    version: null,
    usage: null,
    startOn: null,
    stopOn: null,
    manual: false,
    requires: noRequirements,
    after: none,
    replicas: null,
    schedules: none,
    scheduleJitter: null,
    ready: null,
    readyEvery: null,
    checks: noProbes,
    checkEvery: 10,
    checkTimeout: 5,
    checkFailures: 3,
    checkAction: "restart",
    emits: none,
    processes: noProcesses,
    expect: "none",
    task: false,
    respawn: false,
    respawnLimit: defaultRespawnLimit,
    respawnBackoff: null,
    normalExit: noNumbers,
    instance: "",
    env: none,
    export: none,
    killSignal: 15,
    killTimeout: 5,
    killMode: "group",
    startTimeout: null,
    stopTimeout: null,
    runTimeout: null,
    reloadSignal: 1,
    console: null,
    logPty: false,
    umask: null,
    nice: null,
    oomScore: null,
    limits: noLimits,
    chroot: null,
    chdir: null,
    setuid: null,
    setgid: null,
    directories: noDirectories,
    hooksAsRoot: false,
    noNewPrivileges: false,
    capabilities: null,
    debug: false,
    apparmorLoad: null,
    apparmorSwitch: null,
    cgroups: noLists,
    watchdog: null,
    killLeftovers: false,
    shutdownOn: null,
  };
}

/** A copy that an override may change; the class that it was made from stays as it is. */
export function copyClass(base: JobClass): Draft {
  return {
    ...base,
    requires: copyList(base.requires),
    after: copyList(base.after),
    schedules: copyList(base.schedules),
    checks: copyList(base.checks),
    emits: copyList(base.emits),
    normalExit: copyList(base.normalExit),
    env: copyList(base.env),
    export: copyList(base.export),
    cgroups: copyList(base.cgroups),
    directories: copyList(base.directories),
    processes: base.processes === noProcesses ? noProcesses : { ...base.processes },
    limits: base.limits === noLimits ? noLimits : new Map(base.limits),
  };
}

function copyList<Item>(list: readonly Item[]): readonly Item[] {
  return list.length === 0 ? list : list.slice();
}

/** Appends to a list of a draft, which is then no longer a shared empty one. */
export function appended<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item];
  (list as Item[]).push(item);
  return list;
}

export function setProcess(draft: Draft, process: ProcessName, definition: ProcessDefinition): void {
  if (draft.processes === noProcesses) draft.processes = { [process]: definition };
  else (draft.processes as Partial<Record<ProcessName, ProcessDefinition>>)[process] = definition;
}

export function setLimit(draft: Draft, resource: string, limit: ResourceLimit): void {
  if (draft.limits === noLimits) draft.limits = new Map();
  (draft.limits as Map<string, ResourceLimit>).set(resource, limit);
}

import { parseJob } from "../../src/config/parser.ts";
import type { Job } from "../../src/jobs/job.ts";
import type { JobClass, ProcessName } from "../../src/jobs/job-class.ts";
import { processNames } from "../../src/jobs/job-class.ts";
import * as levels from "../../src/jobs/levels.ts";
import type {
  Effect,
  Outcome,
  ProbeOutcome,
  ProcessStatus,
  TimerKind,
  Waiter,
} from "../../src/jobs/messages.ts";
import * as probes from "../../src/jobs/probes.ts";
import {
  displayName,
  type EmitOptions,
  type Request,
  World,
  type WorldOptions,
} from "../../src/jobs/world.ts";

/** A process of the machine. What it does is in its command, see `behave`. */
export interface VirtualProcess {
  readonly pid: number;
  readonly job: Job;
  readonly process: ProcessName;
  readonly command: string;
  readonly env: readonly string[];
}

/** Somebody who waits, and what he was told. */
export interface Client extends Waiter {
  outcome: Outcome | null;
}

export interface MachineOptions extends Partial<WorldOptions> {
  /** Effects are told to the world late: the machine goes on only when `release` is called for a process. */
  readonly slowSpawn?: boolean;
}

const SIGKILL = 9;
const SIGSTOP = 19;
const SIGCONT = 18;

/**
 * A world with processes that are only thought of, on a clock that the test moves. The commands of the jobs say what
 * their processes do:
 *
 * `true`, `exit N`, `die SIGNAL`: end at once; `sleep`: runs until a signal ends it; `ignore`: until SIGKILL;
 * `trap N`: exits with N on a signal; `stuck`: not even SIGKILL ends it; `missing`: can't be executed; `stop`: stops itself, then runs; anything else:
 * runs until the test ends it with `end`.
 */
export class VirtualMachine {
  world: World;
  time = 1_000_000;
  readonly processes = new Map<number, VirtualProcess>();
  /** `JOB PROCESS` of each process that was executed, in order. */
  readonly ran: string[] = [];
  /** Log lines, `warn` and above as they are, others with their priority. */
  readonly log: string[] = [];
  /** Events that were handled, with their variables. */
  readonly events: string[] = [];
  readonly effects: Effect[] = [];
  readonly finished: { readonly job: string; readonly failed: boolean; readonly exitStatus: number }[] = [];
  readonly clients: Client[] = [];
  /** Environment of the last process of each kind, by `JOB PROCESS`. */
  readonly environments = new Map<string, readonly string[]>();
  readonly options: WorldOptions;
  readonly #timers = new Map<string, { readonly job: Job; readonly timer: TimerKind; readonly at: number }>();
  readonly #slowSpawn: boolean;
  /** What is being tried. */
  probes: { readonly job: Job; readonly id: number; readonly text: string }[] = [];
  #pending: Extract<Effect, { type: "spawn" }>[] = [];
  #lastPid = 100;
  #lastWaiter = 0;

  constructor(jobs: Readonly<Record<string, string>> = {}, options: MachineOptions = {}) {
    this.#slowSpawn = options.slowSpawn === true;
    this.options = {
      now: () => this.time,
      random: () => 0.5,
      features: { levels, probes },
      initEnvironment: () => ["PATH=/init", "FROM_INIT=yes"],
      defaultEnvironment: ["PATH=/bin", "TERM=linux"],
      ...options,
    };
    this.world = new World(this.options);
    for (const [name, text] of Object.entries(jobs)) this.load(name, text);
  }

  load(name: string, text: string): JobClass {
    const parsed = parseJob(text, { name, path: `/etc/init/${name}.conf` });
    if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.diagnostic)}`);
    this.world.setClass(parsed.jobClass);
    this.settle();
    return parsed.jobClass;
  }

  unload(name: string): void {
    this.world.removeClass(name);
    this.settle();
  }

  // --- what clients do ---

  client(): Client {
    const client: Client = { id: ++this.#lastWaiter, outcome: null };
    this.clients.push(client);
    return client;
  }

  start(name: string, ...env: string[]): Client {
    return this.#request((client) => this.world.requests.start(name, env, client));
  }

  stop(name: string, ...env: string[]): Client {
    return this.#request((client) => this.world.requests.stop(name, env, client));
  }

  restart(name: string, ...env: string[]): Client {
    return this.#request((client) => this.world.requests.restart(name, env, client));
  }

  /** `by`: the job of whose process the client is. */
  emit(name: string, env: readonly string[] = [], options: EmitOptions = {}, by?: string): Client {
    const client = by === undefined ? this.client() : Object.assign(this.client(), { by });
    this.world.emit(name, env, client, options);
    this.settle();
    return client;
  }

  /** As a process inside the job does. */
  inside(what: "start" | "stop" | "restart", name: string, instance = ""): Request {
    const method = { start: "startInstance", stop: "stopInstance", restart: "restartInstance" } as const;
    const request = this.world.requests[method[what]](name, instance);
    this.settle();
    return request;
  }

  #request(ask: (client: Client) => Request): Client {
    const client = this.client();
    const request = ask(client);
    if (!request.ok) client.outcome = { ok: false, error: request.error, message: request.message };
    this.settle();
    return client;
  }

  // --- what processes do ---

  /** Ends a process: with an exit status, or killed by a signal. */
  end(name: string, process: ProcessName, status: number | { readonly signal: number } = 0): void {
    this.endPid(this.pid(name, process), status);
  }

  endPid(pid: number, status: number | { readonly signal: number } = 0): void {
    this.processes.delete(pid);
    const ended: ProcessStatus =
      typeof status === "number" ? { type: "exited", status } : { type: "killed", signal: status.signal };
    this.world.tell({ type: "process", pid, status: ended });
    this.settle();
  }

  pid(name: string, process: ProcessName = "main"): number {
    for (const each of this.processes.values()) {
      if (displayName(each.job) === name && each.process === process) return each.pid;
    }
    throw new Error(`${name} has no ${process} process`);
  }

  ready(name: string): void {
    this.world.tell({ type: "ready", job: this.job(name) });
    this.settle();
  }

  /** The outcome of the oldest try of a job. */
  probed(name: string, outcome: ProbeOutcome, reason = ""): void {
    const index = this.probes.findIndex(({ job }) => displayName(job) === name);
    const [trial] = this.probes.splice(index, index < 0 ? 0 : 1);
    if (trial === undefined) throw new Error(`nothing of ${name} is tried`);
    this.world.tell({ type: "probed", job: trial.job, id: trial.id, outcome, reason });
    this.settle();
  }

  job(name: string, instance = ""): Job {
    const job = this.world.findJob(name, instance);
    if (job === undefined) throw new Error(`${name} has no instance "${instance}"`);
    return job;
  }

  // --- time ---

  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { at }]) => at <= end)
        .sort(([, a], [, b]) => a.at - b.at || a.job.id - b.job.id)[0];
      if (due === undefined) break;
      const [key, { job, timer, at }] = due;
      this.#timers.delete(key);
      this.time = Math.max(this.time, at);
      this.world.tell({ type: "timer", job, timer });
      this.settle();
    }
    this.time = end;
  }

  /** Time in which nothing runs, upinit neither; then all timers that are due come at once. */
  freeze(milliseconds: number): void {
    this.time += milliseconds;
    this.pass(0);
  }

  get timers(): number {
    return this.#timers.size;
  }

  // --- what is to be seen ---

  /** As `status` prints it, without its last newline and with PID for the numbers. */
  status(name: string, instance = ""): string {
    const job = this.world.findJob(name, instance);
    if (job === undefined) return `${name} stop/waiting`;
    const live = processNames.filter((process) => job.pids.has(process));
    const [first, ...others] = live;
    const kind = first === "post-start" || first === "pre-stop" || first === "security" ? `(${first}) ` : "";
    const shown = first === undefined ? "" : `, ${kind}process PID`;
    const more = others.map((process) => `\n\t${process} process PID`).join("");
    return `${displayName(job)} ${job.goal}/${job.state}${shown}${more}`;
  }

  list(): string[] {
    return this.world.classes().flatMap((entry) => {
      const { name } = entry.jobClass;
      if (entry.instances.size === 0) return [this.status(name)];
      return [...entry.instances.keys()].map((instance) => this.status(name, instance));
    });
  }

  /** The variables of a process that differ from those that every job has. */
  env(name: string, process: ProcessName = "main"): string[] {
    const env = this.environments.get(`${name} ${process}`) ?? [];
    return env.filter((entry) => !/^(PATH=\/bin|TERM=linux|UPSTART_JOB=.*|UPSTART_INSTANCE=.*)$/.test(entry));
  }

  /** Events of these names since the last call, with their variables. */
  takeEvents(...names: string[]): string[] {
    return this.events
      .splice(0)
      .filter((event) => names.length === 0 || names.includes(event.split(" ")[0] as string));
  }

  // --- the supervisor ---

  settle(): void {
    let effects: Effect[];
    do {
      effects = this.world.run();
      for (const effect of effects) this.#carryOut(effect);
    } while (effects.length > 0 || this.world.isBusy);
  }

  #carryOut(effect: Effect): void {
    this.effects.push(effect);
    switch (effect.type) {
      case "spawn":
        if (this.#slowSpawn) this.#pending.push(effect);
        else this.execute(effect);
        break;
      case "kill":
        this.#signal(effect.pid, effect.signal);
        break;
      case "probe":
        this.probes.push({
          job: effect.job,
          id: effect.id,
          text: `${effect.probe.kind} ${effect.probe.text}`,
        });
        break;
      case "probe-cancel":
        this.probes = this.probes.filter(({ job }) => job !== effect.job);
        break;
      case "timer": {
        const at = this.time + effect.after;
        this.#timers.set(`${effect.job.id} ${effect.timer}`, { job: effect.job, timer: effect.timer, at });
        break;
      }
      case "timer-cancel":
        this.#timers.delete(`${effect.job.id} ${effect.timer}`);
        break;
      case "answer": {
        const client = this.clients.find(({ id }) => id === effect.waiter.id);
        if (client === undefined || client.outcome !== null)
          throw new Error("answered nobody, or somebody twice");
        client.outcome = effect.outcome;
        break;
      }
      case "log":
        this.log.push(effect.priority === "warn" ? effect.text : `${effect.priority}: ${effect.text}`);
        break;
      case "finished":
        this.finished.push({
          job: displayName(effect.job),
          failed: effect.failed,
          exitStatus: effect.exitStatus,
        });
        break;
      case "destroyed":
        break;
      case "trace":
        if (effect.what.type === "event" && effect.what.progress === "handling") {
          this.events.push([effect.what.name, ...effect.what.env].join(" "));
        }
        break;
    }
  }

  /** With `slowSpawn`: the processes that are asked for and not executed, by the age of their jobs. */
  pendingSpawns(): Extract<Effect, { type: "spawn" }>[] {
    this.#pending = this.#pending.filter(
      ({ job, process }) => job.spawning === process && !job.pids.has(process),
    );
    return this.#pending.toSorted((a, b) => a.job.id - b.job.id);
  }

  /** Forks and executes; the command says what happens then. */
  execute({
    job,
    process,
    env,
  }: {
    readonly job: Job;
    readonly process: ProcessName;
    readonly env: readonly string[];
  }): void {
    this.#pending = this.#pending.filter((each) => each.job !== job || each.process !== process);
    const command = job.jobClass.processes[process]?.command ?? "";
    if (command === "missing") {
      const reason = "unable to execute: No such file or directory";
      this.world.tell({ type: "spawn-failed", job, process, reason, exitStatus: 127 });
      return;
    }
    const pid = ++this.#lastPid;
    this.processes.set(pid, { pid, job, process, command, env });
    this.environments.set(`${displayName(job)} ${process}`, env);
    this.ran.push(`${displayName(job)} ${process}`);
    this.world.tell({ type: "started", job, process, pid });
    this.world.tell({ type: "executed", job, process });
    const [verb, argument] = command.split(" ");
    if (verb === "true") this.#end(pid, { type: "exited", status: 0 });
    else if (verb === "exit") this.#end(pid, { type: "exited", status: Number(argument) });
    else if (verb === "die") this.#end(pid, { type: "killed", signal: Number(argument) });
    else if (verb === "stop")
      this.world.tell({ type: "process", pid, status: { type: "stopped", signal: SIGSTOP } });
  }

  #end(pid: number, status: ProcessStatus): void {
    this.processes.delete(pid);
    this.world.tell({ type: "process", pid, status });
  }

  #signal(pid: number, signal: number): void {
    const process = this.processes.get(pid);
    if (process === undefined) {
      this.world.tell({ type: "gone", pid });
      return;
    }
    if (signal === SIGCONT) return;
    const [verb, argument] = process.command.split(" ");
    if (verb === "stuck") return;
    if (signal === SIGKILL) this.#end(pid, { type: "killed", signal });
    else if (verb === "sleep" || verb === "stop") this.#end(pid, { type: "killed", signal });
    else if (verb === "trap") this.#end(pid, { type: "exited", status: Number(argument) });
  }

  // --- re-exec ---

  /** Goes on with another world, as after a re-exec: same processes, same clients, same time. */
  become(world: World): void {
    this.world = world;
    for (const [pid, process] of this.processes) {
      const job = world.findJob(process.job.jobClass.name, process.job.instance);
      if (job !== undefined) this.processes.set(pid, { ...process, job });
    }
    this.#timers.clear();
    this.#pending = [];
    this.settle();
  }
}

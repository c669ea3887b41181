import fc from "fast-check";
import { restore, snapshot } from "../../../src/jobs/snapshot.ts";
import type { MachineOptions } from "../../support/virtual-machine.ts";
import { VirtualMachine } from "../../support/virtual-machine.ts";

/** Names of the jobs; a job's `start on` names only those before it, so that no two start each other for ever. */
export const names = ["a", "b", "c", "d", "e"] as const;
const freeEvents = ["go", "more", "halt"] as const;
const instances = ["1", "2"] as const;

function eventOf(jobs: readonly string[]): fc.Arbitrary<string> {
  const free = fc.constantFrom(...freeEvents, "halt I=$I", "more $I");
  if (jobs.length === 0) return free;
  const ofJob = fc
    .tuple(fc.constantFrom("starting", "started", "stopping", "stopped"), fc.constantFrom(...jobs))
    .map(([event, job]) => `${event} ${job}`);
  return fc.oneof(free, ofJob);
}

function conditionOf(jobs: readonly string[]): fc.Arbitrary<string> {
  const event = eventOf(jobs);
  return fc.oneof(
    { weight: 3, arbitrary: event },
    {
      weight: 2,
      arbitrary: fc.tuple(event, fc.constantFrom("and", "or"), event).map((words) => words.join(" ")),
    },
    fc.tuple(event, event, event).map(([x, y, z]) => `(${x} and ${y}) or ${z}`),
  );
}

/** The text of a job. No process ends by itself: each end is a step of the test. */
function jobText(index: number, stoppedBy: readonly string[]): fc.Arbitrary<string> {
  const sometimes = (line: string): fc.Arbitrary<string> =>
    fc.boolean().map((chosen) => (chosen ? line : ""));
  const rarely = (line: string): fc.Arbitrary<string> =>
    fc.nat(3).map((chance) => (chance === 0 ? line : ""));
  return fc
    .tuple(
      fc
        .option(conditionOf(names.slice(0, index)))
        .map((condition) => (condition ? `start on ${condition}` : "")),
      fc.option(conditionOf(stoppedBy)).map((condition) => (condition ? `stop on ${condition}` : "")),
      sometimes("task"),
      fc.constantFrom("", "", "respawn", "respawn\nrespawn limit 2 60", "respawn\nrespawn backoff 1 4"),
      fc.constantFrom("exec run", "exec run", "exec run", "exec missing", ""),
      rarely("pre-start exec run"),
      rarely("post-start exec run"),
      rarely("pre-stop exec run"),
      rarely("post-stop exec run"),
      fc.constantFrom("", "", "", "expect stop", "expect fork", "expect notify\nwatchdog 30"),
      rarely("instance $I"),
      rarely("normal exit 1 TERM"),
      rarely("export X"),
    )
    .map((lines) => lines.filter((line) => line !== "").join("\n"))
    .map((text) => (text.includes("exec run") ? text : `${text}\npre-start exec run`));
}

export const jobSet: fc.Arbitrary<Record<string, string>> = fc.record(
  Object.fromEntries(names.map((name, index) => [name, jobText(index, names)])),
);

/**
 * Jobs that can always be brought to an end: `stop on`, too, names only jobs before it and the job itself. Else two
 * jobs can wait for each other for ever, as they can in Upstart.
 */
export const endingJobSet: fc.Arbitrary<Record<string, string>> = fc.record(
  Object.fromEntries(names.map((name, index) => [name, jobText(index, names.slice(0, index + 1))])),
);

export type Step =
  | { readonly do: "start" | "stop" | "restart"; readonly job: string; readonly instance: string }
  | { readonly do: "inside"; readonly what: "start" | "stop" | "restart"; readonly index: number }
  | { readonly do: "emit"; readonly event: string; readonly instance: string }
  | { readonly do: "end"; readonly index: number; readonly status: number | { readonly signal: number } }
  | { readonly do: "ready" | "fork" | "alive"; readonly index: number }
  | { readonly do: "execute"; readonly index: number }
  | { readonly do: "pass"; readonly time: number }
  | { readonly do: "load"; readonly job: string; readonly text: string }
  | { readonly do: "unload"; readonly job: string }
  | { readonly do: "abandon"; readonly index: number };

const index = fc.nat(1000);
const job = fc.constantFrom(...names);
const instance = fc.constantFrom(...instances);

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("start", "start", "stop", "restart"), job, instance }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("inside"),
      what: fc.constantFrom("start", "stop", "restart"),
      index,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("emit"), event: fc.constantFrom(...freeEvents), instance }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("end"),
      index,
      status: fc.constantFrom(0, 0, 1, 3, { signal: 9 }, { signal: 15 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("ready", "fork", "alive"), index }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("execute"), index }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("pass"), time: fc.constantFrom(100, 1_000, 5_000, 30_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(names.length - 1).chain((at) =>
      fc.record({
        do: fc.constant("load"),
        job: fc.constant(names[at] as string),
        text: jobText(at, names.slice(0, at + 1)),
      }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unload"), job }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abandon"), index }) },
) as fc.Arbitrary<Step>;

/** Plays steps on a machine. A step that names a process or a job by number takes the one at that place, if any. */
export class Player {
  readonly machine: VirtualMachine;
  readonly abandoned = new Set<number>();

  #lastPid = 50_000;

  constructor(jobs: Readonly<Record<string, string>>, options: MachineOptions = {}) {
    this.machine = new VirtualMachine(jobs, options);
  }

  play(step: Step): void {
    const { machine } = this;
    const jobs = [...machine.world.jobs()];
    switch (step.do) {
      case "start":
      case "stop":
      case "restart":
        machine[step.do](step.job, `I=${step.instance}`, "X=1");
        break;
      case "inside": {
        const chosen = jobs[step.index % jobs.length];
        if (chosen) machine.inside(step.what, chosen.jobClass.name, chosen.instance);
        break;
      }
      case "emit":
        machine.emit(step.event, [`I=${step.instance}`]);
        break;
      case "end": {
        const pids = [...machine.processes.keys()];
        const pid = pids[step.index % pids.length];
        if (pid !== undefined) machine.endPid(pid, step.status);
        break;
      }
      case "ready":
      case "alive":
      case "fork": {
        const chosen = jobs[step.index % jobs.length];
        const main = chosen?.pids.get("main");
        if (chosen === undefined || main === undefined) break;
        if (step.do === "fork") this.#fork(main);
        else machine.world.tell({ type: step.do, job: chosen });
        machine.settle();
        break;
      }
      case "execute":
        this.#execute(step.index);
        break;
      case "pass":
        machine.pass(step.time);
        break;
      case "load":
        machine.load(step.job, step.text);
        break;
      case "unload":
        machine.unload(step.job);
        break;
      case "abandon": {
        const client = machine.clients[step.index % machine.clients.length];
        if (client === undefined) break;
        this.abandoned.add(client.id);
        machine.world.tell({ type: "abandoned", waiter: client });
        machine.settle();
        break;
      }
    }
  }

  /** The main process forks, and its child stands for the job: the parent ends. */
  #fork(pid: number): void {
    const { machine } = this;
    const process = machine.processes.get(pid);
    if (process === undefined) return;
    const child = ++this.#lastPid;
    machine.processes.delete(pid);
    machine.processes.set(child, { ...process, pid: child });
    machine.world.tell({ type: "main-pid", job: process.job, pid: child });
    machine.world.tell({ type: "process", pid, status: { type: "exited", status: 0 } });
  }

  /** With `slowSpawn`: executes one of the processes that are asked for. */
  #execute(at: number): void {
    const pending = this.machine.pendingSpawns();
    const chosen = pending[at % pending.length];
    if (chosen === undefined) return;
    this.machine.execute(chosen);
    this.machine.settle();
  }

  /** As a re-exec does: the state is written out, read, and another world goes on with it. */
  reexec(): void {
    const state = JSON.stringify(snapshot(this.machine.world));
    this.machine.become(restore(JSON.parse(state), this.machine.options));
  }

  /** Ends everything: all definitions go, all jobs are stopped, all processes end, time passes. */
  drain(): void {
    const { machine } = this;
    machine.world.quiesce();
    machine.settle();
    for (const name of names) machine.unload(name);
    for (let round = 0; round < 100 && [...machine.world.jobs()].length > 0; round++) {
      for (const each of [...machine.world.jobs()]) machine.inside("stop", each.jobClass.name, each.instance);
      for (const each of machine.pendingSpawns()) machine.execute(each);
      machine.settle();
      for (const pid of [...machine.processes.keys()]) machine.endPid(pid);
      machine.pass(60_000);
    }
  }
}

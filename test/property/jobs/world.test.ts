import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job, JobEvent } from "../../../src/jobs/job.ts";
import { displayName, type World } from "../../../src/jobs/world.ts";
import type { VirtualMachine } from "../../support/virtual-machine.ts";
import { endingJobSet, jobSet, Player, step } from "./random-jobs.ts";

const runs = Number(process.env["UPINIT_PROPERTY_RUNS"] ?? 100);

/** Why a job rests where it is; null if there is no reason to. */
function causeOfRest(job: Job, world: World): string | null {
  const busy = (process: "pre-start" | "main" | "post-start" | "pre-stop" | "post-stop"): string | null =>
    job.spawning === process || job.pids.has(process) ? `process ${process}` : null;
  switch (job.state) {
    case "starting":
    case "stopping":
      return job.blocker !== null && world.queue.find(job.blocker.id) === job.blocker ? "its event" : null;
    case "pre-start":
    case "post-start":
    case "pre-stop":
      return busy(job.state);
    case "spawned":
      return busy("main");
    case "pre-starting":
      return busy("pre-start");
    case "spawning":
      return busy("main");
    case "post-starting":
      return busy("post-start");
    case "pre-stopping":
      return busy("pre-stop");
    case "post-stopping":
      return busy("post-stop");
    case "killed":
      return job.pids.has("main") && (job.killAt !== null || job.jobClass.killTimeout === 0)
        ? "main"
        : busy("main");
    case "post-stop":
      return busy("post-stop") ?? (job.goal === "start" && job.respawnAt !== null ? "respawn backoff" : null);
    case "running": {
      const hasMain = job.jobClass.processes.main !== undefined;
      return job.goal === "start" && job.pids.has("main") === hasMain ? "running" : null;
    }
    default:
      return null;
  }
}

/** How often an event is held, counted by those who hold it. */
function holders(world: World): Map<JobEvent, { jobs: number; held: number }> {
  const counts = new Map<JobEvent, { jobs: number; held: number }>();
  const count = (event: JobEvent, kind: "jobs" | "held"): void => {
    const found = counts.get(event) ?? { jobs: 0, held: 0 };
    found[kind] += 1;
    counts.set(event, found);
  };
  for (const { startOn } of world.classes()) {
    for (const event of startOn?.arrived ?? []) if (event) count(event, "held");
  }
  for (const job of world.jobs()) {
    for (const event of job.stopOn?.arrived ?? []) if (event) count(event, "held");
    for (const waiter of job.waiters) if (waiter.type === "event") count(waiter.event, "jobs");
  }
  return counts;
}

/** What has to hold whenever the world stands still. */
function check(machine: VirtualMachine): void {
  const { world } = machine;
  const owned = new Map<number, string>();
  for (const job of world.jobs()) {
    const where = `${displayName(job)} ${job.goal}/${job.state}`;
    expect(causeOfRest(job, world), where).not.toBeNull();
    expect(job.goal === "respawn" && !/^(post-start|pre-stop)/.test(job.state), where).toBe(false);
    expect(job.spawning !== null && job.pids.size > 1, where).toBe(false);
    for (const [process, pid] of job.pids) owned.set(pid, `${displayName(job)} ${process}`);
    for (const [process, pid] of job.pids) expect(world.jobOfPid(pid), where).toEqual({ job, process });
  }
  const running = [...machine.processes.values()].map(({ pid, job, process }) => [
    pid,
    `${displayName(job)} ${process}`,
  ]);
  expect([...owned].sort(), "each process has its owner").toEqual(running.sort());
  const counts = holders(world);
  for (const event of world.queue.events) {
    expect(world.queue.isBlocked(event), event.name).toBe(true);
    expect(counts.get(event), event.name).toEqual({ jobs: event.jobs, held: event.held });
    counts.delete(event);
  }
  expect(
    [...counts.keys()].map(({ name }) => name),
    "nobody holds an event that is finished",
  ).toEqual([]);
}

const steps = fc.array(step, { maxLength: 80, size: "max" });
const story = fc.tuple(jobSet, steps);
const storyWithEnd = fc.tuple(endingJobSet, steps);

describe("any jobs and any story", () => {
  it.each([false, true])("keep the world in order (processes executed late: %j)", (slowSpawn) => {
    fc.assert(
      fc.property(story, ([jobs, steps]) => {
        const player = new Player(jobs, { slowSpawn });
        for (const each of steps) {
          player.play(each);
          check(player.machine);
        }
      }),
      { numRuns: runs },
    );
  });

  it.each([false, true])(
    "come to an end with everybody answered (processes executed late: %j)",
    (slowSpawn) => {
      fc.assert(
        fc.property(storyWithEnd, ([jobs, steps]) => {
          const player = new Player(jobs, { slowSpawn });
          const { machine } = player;
          for (const each of steps) player.play(each);
          player.drain();
          expect(machine.list()).toEqual([]);
          expect([...machine.processes.keys()]).toEqual([]);
          expect([...machine.world.queue.events].map(({ name }) => name)).toEqual([]);
          expect(machine.timers).toBe(0);
          const waiting = machine.clients.filter(
            ({ id, outcome }) => outcome === null && !player.abandoned.has(id),
          );
          expect(waiting).toEqual([]);
        }),
        { numRuns: runs },
      );
    },
  );

  it.each([false, true])("go on after a re-exec as if there had been none (late: %j)", (slowSpawn) => {
    fc.assert(
      fc.property(story, fc.nat(59), ([jobs, steps], at) => {
        const one = new Player(jobs, { slowSpawn });
        const other = new Player(jobs, { slowSpawn });
        for (const [index, each] of steps.entries()) {
          one.play(each);
          other.play(each);
          if (index >= at % steps.length) other.reexec();
          check(other.machine);
          expect(other.machine.list()).toEqual(one.machine.list());
        }
        one.drain();
        other.drain();
        for (const what of ["log", "events", "ran", "finished", "clients"] as const) {
          expect(other.machine[what], what).toEqual(one.machine[what]);
        }
      }),
      { numRuns: runs / 2 },
    );
  });

  it("are told the same story by the same steps", () => {
    fc.assert(
      fc.property(story, ([jobs, steps]) => {
        const logs = [new Player(jobs), new Player(jobs)].map((player) => {
          for (const each of steps) player.play(each);
          return player.machine.log;
        });
        expect(logs[0]).toEqual(logs[1]);
      }),
      { numRuns: 30 },
    );
  });
});

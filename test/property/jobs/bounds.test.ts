import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endingJobSet, names, Player, step } from "./random-jobs.ts";

const runs = Number(process.env["UPINIT_PROPERTY_RUNS"] ?? 100);

const stopTimeout = 20;
const killTimeout = 5;
/**
 * Longest way down of one job, in milliseconds: a hook of the start (TERM and SIGKILL), `stop timeout`, and after that
 * main and post-stop, with SIGKILL at the latest after `kill timeout` each.
 */
const wayDown = (stopTimeout + 6 * killTimeout) * 1000;

function bounded(jobs: Readonly<Record<string, string>>): Record<string, string> {
  const bounds = `\nstop timeout ${stopTimeout}\nkill timeout ${killTimeout}\n`;
  return Object.fromEntries(Object.entries(jobs).map(([name, text]) => [name, text + bounds]));
}

describe("nothing waits without end", () => {
  it.each([false, true])(
    "from any state, goal stop leads to waiting within the timeouts, though no process ends by itself (frozen: %j)",
    (frozen) => {
      fc.assert(
        fc.property(endingJobSet, fc.array(step, { maxLength: 60, size: "max" }), (jobs, steps) => {
          const player = new Player(bounded(jobs));
          const { machine } = player;
          for (const each of steps) if (each.do !== "load") player.play(each);
          for (const name of names) machine.unload(name);
          // A job that another one's stop starts comes down after it, so each has a way down of its own.
          for (let round = 0; round <= names.length; round++) {
            for (const { jobClass, instance } of [...machine.world.jobs()])
              machine.inside("stop", jobClass.name, instance);
            if (frozen) machine.freeze(10_000);
            machine.pass(wayDown + (frozen ? wayDown : 0));
          }
          expect(machine.list()).toEqual([]);
          expect([...machine.processes.keys()]).toEqual([]);
          expect([...machine.world.queue.events].map(({ name }) => name)).toEqual([]);
        }),
        { numRuns: runs },
      );
    },
  );

  it("`stop --force` leads to waiting within three times kill timeout, without a stop timeout", () => {
    fc.assert(
      fc.property(endingJobSet, fc.array(step, { maxLength: 60, size: "max" }), (jobs, steps) => {
        const player = new Player(jobs);
        const { machine } = player;
        for (const each of steps) if (each.do !== "load") player.play(each);
        for (const name of names) machine.unload(name);
        for (let round = 0; round <= names.length; round++) {
          for (const { jobClass, instance } of [...machine.world.jobs()]) {
            const env = jobClass.instance === "" ? [] : [`I=${instance}`];
            machine.world.requests.forceStop(jobClass.name, env, null);
          }
          machine.settle();
          machine.pass(3 * killTimeout * 1000);
        }
        expect(machine.list()).toEqual([]);
      }),
      { numRuns: runs },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualMachine } from "../../support/virtual-machine.ts";

const runs = Number(process.env["UPINIT_PROPERTY_RUNS"] ?? 100);
const names = ["a", "b", "c", "d", "e", "f"];

/** A graph without circles: each job may require those before it in the alphabet. */
const graph = fc
  .tuple(...names.map((_, index) => fc.subarray(names.slice(0, index), { maxLength: Math.min(3, index) })))
  .chain((edges) =>
    fc.tuple(
      fc.constant(edges),
      fc.array(fc.record({ soft: fc.boolean(), respawn: fc.boolean(), readies: fc.boolean() }), {
        minLength: names.length,
        maxLength: names.length,
      }),
    ),
  );

const step = fc.oneof(
  fc.record({
    do: fc.constantFrom("start", "stop", "restart", "die", "ready", "reload"),
    job: fc.constantFrom(...names),
  }),
  fc.record({ do: fc.constant("pass"), job: fc.constant("") }),
);

type Graph = typeof graph extends fc.Arbitrary<infer Value> ? Value : never;
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function jobsOf([edges, kinds]: Graph): Record<string, string> {
  return Object.fromEntries(
    names.map((name, index) => {
      const { soft, respawn, readies } = kinds[index] as Graph[1][number];
      const required = edges[index] as string[];
      const lines = [
        ...(required.length > 0 ? [`requires ${soft ? "soft " : ""}${required.join(" ")}`] : []),
        ...(respawn ? ["respawn", "respawn limit 100 5"] : []),
        ...(readies ? ["ready tcp 80"] : []),
        "start on go",
        "exec sleep",
      ];
      return [name, `${lines.join("\n")}\n`];
    }),
  );
}

function play(
  machine: VirtualMachine,
  jobs: Readonly<Record<string, string>>,
  { do: what, job }: Step,
): void {
  const main = [...machine.processes.values()].find((each) => each.job.jobClass.name === job);
  if (what === "pass") machine.pass(700);
  else if (what === "start") machine.start(job);
  else if (what === "stop") machine.stop(job);
  else if (what === "restart") machine.restart(job);
  else if (what === "reload") machine.load(job, jobs[job] ?? "");
  else if (what === "die" && main !== undefined) machine.endPid(main.pid, { signal: 11 });
  else if (what === "ready" && machine.probes.some((probe) => probe.job.jobClass.name === job))
    machine.probed(job, "good");
}

/** Whether the job runs. */
const runsNow = (machine: VirtualMachine, name: string): boolean => {
  const job = machine.world.findJob(name, "");
  return job?.state === "running" && job.goal === "start";
};

describe("graphs of requirements", () => {
  it("R3 R4 R6 R10 R15: settle: no job passes starting before what it requires is there, and at rest all that is wanted runs", () => {
    fc.assert(
      fc.property(graph, fc.array(step, { maxLength: 40, size: "max" }), (shape, steps) => {
        const jobs = jobsOf(shape);
        const machine = new VirtualMachine(jobs);
        const requiredBy = (name: string): string[] => shape[0][names.indexOf(name)] as string[];
        for (const each of steps) {
          play(machine, jobs, each);
          for (const { jobClass, state, goal } of machine.world.jobs()) {
            const isUp = state === "spawned" || state === "running";
            if (!isUp || goal !== "start") continue;
            const soft = jobClass.requires.some((required) => required.soft);
            if (!soft)
              for (const name of requiredBy(jobClass.name))
                expect([jobClass.name, name, runsNow(machine, name)]).toEqual([jobClass.name, name, true]);
          }
        }
        // Everything that is asked becomes ready, and time passes.
        for (let round = 0; round < 3 * names.length; round += 1) {
          for (const { job } of [...machine.probes]) machine.probed(job.jobClass.name, "good");
          machine.pass(10_000);
        }
        for (const entry of machine.world.classes()) {
          const ready = requiredBy(entry.jobClass.name).every((name) => runsNow(machine, name));
          if (ready) expect([entry.jobClass.name, entry.wishes.size]).toEqual([entry.jobClass.name, 0]);
          for (const job of entry.instances.values()) expect(job.state).toBe("running");
        }
        // The stop takes dependents first.
        const order: string[] = [];
        machine.takeEvents();
        for (const { jobClass } of [...machine.world.jobs()])
          if (runsNow(machine, jobClass.name)) machine.stop(jobClass.name);
        machine.pass(60_000);
        for (const event of machine.takeEvents("stopped")) order.push(/JOB=(\w)/.exec(event)?.[1] ?? "");
        order.forEach((name, index) => {
          for (const required of requiredBy(name))
            expect(order.indexOf(required) < 0 || order.indexOf(required) > index).toBe(true);
        });
        expect(machine.list().filter((line) => !line.endsWith("stop/waiting"))).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  it.each([
    ["a chain", (index: number) => (index === 0 ? "" : `requires j${index - 1}\n`)],
    ["a star", (index: number) => (index === 0 ? "" : "requires j0\n")],
  ])(
    "%s of a thousand starts and stops without more work for each job than one of ten",
    (_shape, requires) => {
      const work = (count: number): number => {
        const machine = new VirtualMachine(
          Object.fromEntries(
            Array.from({ length: count }, (_, index) => [
              `j${index}`,
              `${requires(index)}manual\nexec sleep`,
            ]),
          ),
        );
        for (let index = 0; index < count; index += 1) machine.start(`j${index}`);
        expect([...machine.world.jobs()].every(({ state }) => state === "running")).toBe(true);
        machine.stop("j0");
        expect([...machine.world.jobs()]).toEqual([]);
        return machine.effects.length / count;
      };
      expect(work(1_000)).toBeLessThan(work(10) * 1.2);
    },
  );
});

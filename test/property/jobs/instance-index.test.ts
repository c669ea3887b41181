import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJob } from "../../../src/config/parser.ts";
import { compileCondition } from "../../../src/events/condition-state.ts";
import { matchesPattern } from "../../../src/events/pattern.ts";
import { InstanceIndex } from "../../../src/jobs/instance-index.ts";
import { Job } from "../../../src/jobs/job.ts";
import type { JobClass } from "../../../src/jobs/job-class.ts";

const patterns = ["e K=$K", "e $K", "e L=$L K=x", "e K!=$K", "e x $K", "e K=$K*", "e", "f K=$K"];
const stopOn = fc
  .array(fc.constantFrom(...patterns), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(" or "));
const value = fc.constantFrom("x", "y", "z", "*", "", "[xy]");
const env = fc
  .tuple(fc.option(value), fc.option(value))
  .map(([k, l]) => [...(k === null ? [] : [`K=${k}`]), ...(l === null ? [] : [`L=${l}`])]);

function classOf(text: string): JobClass {
  const parsed = parseJob(`stop on ${text}`, { name: "a", path: "a.conf" });
  if (!parsed.ok) throw new Error(text);
  return parsed.jobClass;
}

describe("InstanceIndex", () => {
  it("misses no instance that an event can mean, whatever came and went before", () => {
    fc.assert(
      fc.property(stopOn, fc.array(fc.tuple(fc.nat(5), fc.option(env))), env, (text, story, eventEnv) => {
        const jobClass = classOf(text);
        if (jobClass.stopOn === null) throw new Error("no condition");
        const compiled = compileCondition(jobClass.stopOn);
        const index = InstanceIndex.of(compiled);
        const all = Array.from({ length: 6 }, (_, id) => new Job(id, jobClass, String(id), null, 0));
        const there = new Set<Job>();
        for (const [at, now] of story) {
          const job = all[at] as Job;
          if (now === null) {
            index?.remove(job);
            there.delete(job);
          } else {
            job.env = now;
            index?.update(job);
            there.add(job);
          }
        }
        const candidates = index === null ? null : index.candidates("e", eventEnv);
        if (candidates === null) return;
        const meant = [...there].filter((job) =>
          compiled.leaves.some((leaf) => leaf.event === "e" && matchesPattern(leaf, eventEnv, job.env)),
        );
        expect(candidates).toEqual(expect.arrayContaining(meant));
        expect([...there]).toEqual(expect.arrayContaining(candidates));
        expect(candidates.map(({ id }) => id)).toEqual(candidates.map(({ id }) => id).toSorted());
      }),
      { numRuns: 2_000 },
    );
  });
});

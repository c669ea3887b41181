import { eachMatch, jobOfMatch } from "../config/show.ts";
import type { JobConfiguration } from "../control/answers.ts";
import type { MatchCondition } from "../events/condition.ts";
import { matchesGlob } from "../events/glob.ts";

/** One event of a condition, and what brings it about. */
export interface Relation {
  /** The job that is started or stopped. */
  readonly job: string;
  readonly action: "start" | "stop";
  /** The event as it is written in the file. */
  readonly event: string;
  /** Loaded jobs whose life, or whose `emits`, brings the event about; none: it comes from outside. */
  readonly from: readonly string[];
  /** The event is one of a job's life. */
  readonly ofLife: boolean;
}

const lifeEvents: ReadonlySet<string> = new Set(["starting", "started", "stopping", "stopped"]);

/** What leads to what, over all loaded jobs, in their order. */
export function relationsOf(jobs: readonly JobConfiguration[]): Relation[] {
  const relations: Relation[] = [];
  for (const job of jobs) {
    for (const required of job.requires)
      relations.push({
        job: job.name,
        action: "start",
        event: `${required} is there`,
        from: jobs.filter(({ name }) => name === required).map(({ name }) => name),
        ofLife: true,
      });
    for (const action of ["start", "stop"] as const) {
      const condition = action === "start" ? job.startOn : job.stopOn;
      if (condition === null) continue;
      for (const match of eachMatch(condition)) relations.push(relationOf(job.name, action, match, jobs));
    }
  }
  return relations;
}

function relationOf(
  job: string,
  action: "start" | "stop",
  match: MatchCondition,
  jobs: readonly JobConfiguration[],
): Relation {
  const event = [match.event, ...match.args].join(" ");
  const ofLife = lifeEvents.has(match.event);
  if (!ofLife) {
    const from = jobs.filter(({ emits }) => emits.some((glob) => matchesGlob(glob, match.event)));
    return { job, action, event, from: from.map(({ name }) => name), ofLife };
  }
  const named = jobOfMatch(match).job;
  const from = named === "" ? [] : jobs.filter(({ name }) => matchesGlob(named, name));
  return { job, action, event, from: from.map(({ name }) => name), ofLife };
}

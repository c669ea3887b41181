import * as native from "upinit:native";
import type { TopAnswer } from "../control/answers.ts";
import { forTerminal } from "./output.ts";
import { displayName } from "./render.ts";
import type { Style } from "./style.ts";
import { span, table } from "./text.ts";

type Job = TopAnswer["jobs"][number];

/** A job with what its processes use. */
export interface Measured extends Job {
  /** Percent of one processor since the last look, or since the process began. */
  readonly cpu: number;
  /** Resident bytes. */
  readonly memory: number;
}

/** Clock ticks a second; Linux has shown 100 to programs for as long as there is /proc. */
const ticks = 100;
const pageSize = 4096;

interface Sample {
  readonly used: number;
  readonly at: number;
}

/** Reads from /proc what processes use, and remembers it for the difference to the next time. */
export class Meter {
  #before = new Map<number, Sample>();

  measure(answer: TopAnswer): Measured[] {
    const at = native.monotonicTime();
    const samples = new Map<number, Sample>();
    const measured = answer.jobs.map((job) => {
      let cpu = 0;
      let memory = 0;
      for (const { pid } of job.processes) {
        const use = processUse(pid);
        if (use === null) continue;
        const before = this.#before.get(pid) ?? { used: 0, at: at - Math.max(1, job.since) };
        cpu += ((use.used - before.used) / Math.max(1, at - before.at)) * 100;
        memory += use.memory;
        samples.set(pid, { used: use.used, at });
      }
      return { ...job, cpu: Math.max(0, cpu), memory };
    });
    this.#before = samples;
    return measured;
  }
}

/** Milliseconds of processor time and resident bytes; null if the process is gone. */
function processUse(pid: number): { readonly used: number; readonly memory: number } | null {
  const text = native.readPseudoFile(`/proc/${pid}/stat`);
  if (typeof text === "number") return null;
  // The name in parentheses may hold blanks; what follows it does not.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number);
  return { used: (((user ?? 0) + (system ?? 0)) / ticks) * 1000, memory: (pages ?? 0) * pageSize };
}

/** The picture: a line about the whole, and a table of the instances. */
export function topLines(answer: TopAnswer, jobs: readonly Measured[], style: Style): string[] {
  const running = jobs.filter(({ state }) => state === "running").length;
  const failed = answer.failed.length === 0 ? "" : `, ${answer.failed.length} failed`;
  const head = `init ${answer.phase}, up ${span(answer.uptime)}; ${jobs.length} instances, ${running} running${failed}`;
  const rows = jobs.map((job) => [
    forTerminal(displayName(job)),
    `${job.goal}/${job.state}`,
    span(job.since),
    String(job.restarts),
    job.cpu.toFixed(1),
    bytes(job.memory),
    String(job.processes[0]?.pid ?? "-"),
  ]);
  const [titles, ...lines] = table(
    [["JOB", "STATE", "SINCE", "RESTARTS", "CPU %", "MEMORY", "PID"], ...rows],
    [2, 3, 4, 5, 6],
  );
  return [
    style.faint(head),
    style.strong(titles ?? ""),
    ...lines.map((line, index) => (jobs[index]?.state === "running" ? line : style.notable(line))),
    ...answer.failed.map(({ name, why }) => style.notable(forTerminal(`${name}  ${why}`))),
  ];
}

function bytes(count: number): string {
  if (count < 1024 * 1024) return `${Math.round(count / 1024)} K`;
  if (count < 1024 * 1024 * 1024) return `${(count / 1024 / 1024).toFixed(1)} M`;
  return `${(count / 1024 / 1024 / 1024).toFixed(1)} G`;
}

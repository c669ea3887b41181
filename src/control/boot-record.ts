import type { Trace } from "../jobs/messages.ts";

/** One moment of the boot. `at` is milliseconds since PID 1 began. */
export type BootRecord =
  | {
      readonly type: "state";
      readonly at: number;
      readonly job: string;
      readonly instance: string;
      readonly state: string;
      /** Its run has failed by now. */
      readonly failed?: true;
    }
  | { readonly type: "event"; readonly at: number; readonly event: string; readonly finished: boolean };

/** States that no job ever rests in. */
const passing: ReadonlySet<string> = new Set(["security-spawning", "security"]);

/** How many entries of the list one moment takes. */
const width = 4;
const noState = "";
/** In front of the state of a job whose run has failed. */
const failureMark = "!";

/**
 * Keeps the first so many moments since PID 1 began, for `initctl boot`. Bounded: once full it records nothing
 * more, since what comes later is no longer the boot. One flat list, because an object a moment would take more than
 * all the rest that is kept of a job.
 */
export class BootRecorder {
  /** Time, job or event, instance or progress, and state (none for an event). */
  readonly #moments: (number | string)[] = [];
  readonly #sinceStart: () => number;
  readonly #limit: number;
  /** When the boot was over, in milliseconds since PID 1 began; null before. */
  bootedAt: number | null = null;

  /** `sinceStart` gives milliseconds since PID 1 began. */
  constructor(sinceStart: () => number, limit = 2000) {
    this.#sinceStart = sinceStart;
    this.#limit = limit;
  }

  get records(): readonly BootRecord[] {
    const records: BootRecord[] = [];
    for (let index = 0; index < this.#moments.length; index += width) {
      const [at, name, detail, state] = this.#moments.slice(index, index + width) as [
        number,
        string,
        string,
        string,
      ];
      if (state === noState)
        records.push({ type: "event", at, event: name, finished: detail === "finished" });
      else if (state.startsWith(failureMark))
        records.push({ type: "state", at, job: name, instance: detail, state: state.slice(1), failed: true });
      else records.push({ type: "state", at, job: name, instance: detail, state });
    }
    return records;
  }

  /** The boot is over. */
  end(): void {
    this.bootedAt ??= this.#now();
  }

  #now(): number {
    return Math.round(this.#sinceStart() * 1000) / 1000;
  }

  record(trace: Trace): void {
    if (this.#moments.length >= this.#limit * width) return;
    const at = this.#now();
    if (trace.type === "event") {
      this.#moments.push(at, trace.name, trace.progress, noState);
    } else if (trace.type === "state" && !passing.has(trace.to)) {
      const { jobClass, instance, failure } = trace.job;
      this.#moments.push(at, jobClass.name, instance, failure === null ? trace.to : failureMark + trace.to);
    }
  }
}

/** When one schedule is due, through every change of the clocks (docs/rules.md#schedules). */
import { nextTime } from "./next-time.ts";
import type { Schedule } from "./schedule.ts";
import type { NamedZone } from "./time-zone.ts";

/** In milliseconds; `wall` since 1970. */
export interface Clocks {
  monotonic(): number;
  wall(): number;
}

/** A clock that goes back by less than this was corrected: what has run does not run twice. Seconds. */
const correction = 3 * 3600;

/** A schedule and its next time. cron's times follow the wall clock; `every` follows the monotonic one. */
export class Plan {
  readonly schedule: Schedule;
  readonly zone: NamedZone;
  readonly #clocks: Clocks;
  /** Seconds since 1970 for cron, monotonic milliseconds for `every`; null: never again. */
  #next: number | null = null;
  /** The last time that was due, in the same terms. */
  #last = Number.NEGATIVE_INFINITY;

  /** Nothing from before now is made up for. */
  constructor(schedule: Schedule, zone: NamedZone, clocks: Clocks) {
    this.schedule = schedule;
    this.zone = zone;
    this.#clocks = clocks;
    this.advance();
  }

  /** The next time as the wall clock will show it, in milliseconds since 1970; null: never again. */
  get nextWallTime(): number | null {
    if (this.#next === null) return null;
    if (this.schedule.type === "cron") return this.#next * 1000;
    return this.#clocks.wall() + this.#next - this.#clocks.monotonic();
  }

  /** Milliseconds until it is due, by the clocks as they are. */
  get wait(): number {
    if (this.#next === null) return Number.POSITIVE_INFINITY;
    if (this.schedule.type === "every") return this.#next - this.#clocks.monotonic();
    return this.#next * 1000 - this.#clocks.wall();
  }

  /** Whether it is due; then the time that was due, in seconds since 1970, and the next one is found. */
  takeDue(): number | null {
    if (this.#next === null || this.wait > 0) return null;
    this.#last = this.#next;
    this.advance();
    return this.schedule.type === "every" ? this.#seconds() : this.#last;
  }

  /** Finds the next time from now on; what was missed is not made up for. False if time does not advance by it. */
  advance(): boolean {
    if (this.schedule.type === "every") {
      this.#next = this.#nextStep(this.schedule.seconds * 1000);
      return true;
    }
    const { fields } = this.schedule;
    const now = this.#seconds();
    const ranAhead = this.#last > now && this.#last - now < correction && !fields.followsElapsedTime;
    const from = ranAhead ? this.#last : now;
    const next = nextTime(fields, this.zone.zone, from);
    const advances = next === null || next > from;
    this.#next = advances ? next : null;
    return advances;
  }

  #seconds(): number {
    return Math.floor(this.#clocks.wall() / 1000);
  }

  #nextStep(step: number): number {
    const now = this.#clocks.monotonic();
    const from = Number.isFinite(this.#last) ? this.#last : now;
    const missed = Math.max(0, Math.floor((now - from) / step));
    return from + (missed + 1) * step;
  }
}

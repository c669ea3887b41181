import { describe, expect, it } from "vitest";
import { Plan } from "../../../src/schedule/plan.ts";
import { readSchedule } from "../../../src/schedule/schedule.ts";
import { zoneOfContainer } from "../../../src/schedule/time-zone.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** A day that begins at midnight in UTC. */
const midnight = Date.UTC(2026, 5, 1);

/** A schedule on clocks that the test sets: the wall clock can be set, the monotonic one only goes on. */
class Bench {
  wall = midnight;
  monotonic = 5 * hour;
  readonly plan: Plan;
  /** When it was due, as the wall clock would show it, and what the wall clock really showed. */
  readonly runs: string[] = [];

  constructor(text: string) {
    const read = readSchedule(text);
    if (!read.ok) throw new Error(read.error);
    const zone = zoneOfContainer("UTC0", () => null);
    this.plan = new Plan(read.schedule, zone, { monotonic: () => this.monotonic, wall: () => this.wall });
  }

  /** Time passes, a second at a time. */
  pass(milliseconds: number): this {
    for (let gone = 0; gone < milliseconds; gone += second) {
      this.wall += second;
      this.monotonic += second;
      this.#look();
    }
    return this;
  }

  /** Nothing runs meanwhile. */
  freeze(milliseconds: number): this {
    this.wall += milliseconds;
    this.monotonic += milliseconds;
    this.#look();
    return this;
  }

  /** Somebody sets the clock. */
  setClock(by: number): this {
    this.wall += by;
    this.#look();
    this.plan.advance();
    return this;
  }

  #look(): void {
    const due = this.plan.takeDue();
    if (due !== null) this.runs.push(new Date(due * 1000).toISOString().slice(11, 16));
  }
}

describe("S4: a plan", () => {
  it("runs at each of its times", () => {
    expect(new Bench("0 * * * *").pass(3 * hour).runs).toEqual(["01:00", "02:00", "03:00"]);
  });

  it("runs once after a freeze of any length, and then at its regular time", () => {
    const bench = new Bench("0 * * * *").freeze(50 * hour + 10 * minute).pass(hour);
    expect(bench.runs).toEqual(["01:00", "03:00"]);
    const every = new Bench("every 600").freeze(10 * hour + 5 * minute).pass(15 * minute);
    expect(every.runs).toHaveLength(3);
  });

  it("makes up for one run where the clock is set forward", () => {
    const bench = new Bench("0 * * * *")
      .pass(10 * minute)
      .setClock(5 * hour)
      .pass(hour);
    expect(bench.runs).toEqual(["01:00", "06:00"]);
  });

  it("runs nothing twice where the clock is set back a little; a star follows the new time at once", () => {
    const bench = new Bench("0 1 * * *")
      .pass(hour + minute)
      .setClock(-30 * minute)
      .pass(hour);
    expect(bench.runs).toEqual(["01:00"]);
    expect(bench.pass(24 * hour).runs).toEqual(["01:00", "01:00"]);
    const star = new Bench("*/20 * * * *")
      .pass(hour + minute)
      .setClock(-30 * minute)
      .pass(20 * minute);
    expect(star.runs).toEqual(["00:20", "00:40", "01:00", "00:40"]);
  });

  it("begins anew where the clock is set back by a day", () => {
    const bench = new Bench("0 1 * * *")
      .pass(2 * hour)
      .setClock(-24 * hour)
      .pass(24 * hour);
    expect(bench.runs).toEqual(["01:00", "01:00"]);
  });

  it("`every` notices nothing of the wall clock", () => {
    const bench = new Bench("every 60")
      .pass(minute)
      .setClock(5 * hour)
      .setClock(-9 * hour)
      .pass(2 * minute);
    expect(bench.runs).toHaveLength(3);
  });

  it("says when it is due next, by the wall clock", () => {
    const bench = new Bench("every 60").pass(10 * second);
    expect(bench.plan.wait).toBe(50 * second);
    expect(bench.plan.nextWallTime).toBe(bench.wall + 50 * second);
    expect(new Bench("30 0 * * *").plan.nextWallTime).toBe(midnight + 30 * minute);
  });
});

import * as native from "upinit:native";
import type { ScheduleRecord } from "../jobs/job-registry.ts";
import type { ClassEntry, World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { nextTime } from "../schedule/next-time.ts";
import { readSchedule, type Schedule, zoneOf } from "../schedule/schedule.ts";
import { type NamedZone, zoneOfContainer } from "../schedule/time-zone.ts";

/** One `schedule` stanza of a loaded class. */
interface Plan {
  readonly job: string;
  readonly text: string;
  readonly schedule: Schedule;
  readonly zone: NamedZone;
  /** Seconds since 1970 for cron, monotonic milliseconds for `every`; null: never again. */
  next: number | null;
  /** The last time that was due, in the same terms. */
  last: number;
}

const largestZone = 1024 * 1024;
/** A timer is set for at most this long: what is far away is looked at again. Milliseconds. */
const longestWait = 3_600_000;
/** A clock that goes back by less than this was corrected: what has run does not run twice. Seconds. */
const correction = 3 * 3600;

/**
 * Starts jobs by their `schedule` stanzas (docs/schedules.md). Loaded only where a job has one. cron's times follow the
 * wall clock through every change of it; `every` follows the monotonic clock and does not notice.
 */
export class Scheduler {
  readonly #reactor: Reactor;
  readonly #world: World;
  readonly #log: Log;
  readonly #container: NamedZone;
  #plans: Plan[] = [];
  #timer: Timer | null = null;
  #clock = -1;

  /** `tz` is the container's TZ; null where it has none. */
  constructor(reactor: Reactor, world: World, log: Log, tz: string | null) {
    this.#reactor = reactor;
    this.#world = world;
    this.#log = log;
    this.#container = zoneOfContainer(tz, readFile);
    const { name, missing } = this.#container;
    if (missing !== null) log.warn(`Schedules follow ${name}: there is no ${missing}`);
    this.#watchClock();
  }

  /** Classes came, went or changed: what is as it was keeps its time, and nothing from before is made up for. */
  refresh(): void {
    const before = this.#plans;
    this.#plans = this.#world.classes().flatMap((entry) =>
      entry.jobClass.schedules.flatMap((text) => {
        const job = entry.jobClass.name;
        const known = before.find((plan) => plan.job === job && plan.text === text);
        if (known !== undefined) return [known];
        const made = this.#planOf(job, text);
        return made === null ? [] : [made];
      }),
    );
    for (const entry of this.#world.classes()) this.#show(entry);
    this.#arm();
  }

  #planOf(job: string, text: string): Plan | null {
    const read = readSchedule(text);
    if (!read.ok) return null;
    const zone = zoneOf(read.schedule, this.#container, readFile);
    if (zone === null) {
      this.#log.error(`${job}: schedule ${text}: there is no such zone`);
      return null;
    }
    const plan: Plan = {
      job,
      text,
      schedule: read.schedule,
      zone,
      next: null,
      last: Number.NEGATIVE_INFINITY,
    };
    this.#advance(plan);
    return plan;
  }

  #now(): number {
    return Math.floor(native.realTime() / 1000);
  }

  /** The next time from now on. */
  #advance(plan: Plan): void {
    const { schedule } = plan;
    if (schedule.type === "every") {
      const step = schedule.seconds * 1000;
      const from = Number.isFinite(plan.last) ? plan.last : this.#reactor.now();
      // What was missed is not made up for.
      const missed = Math.max(0, Math.floor((this.#reactor.now() - from) / step));
      plan.next = from + (missed + 1) * step;
      return;
    }
    const now = this.#now();
    const ranAhead = plan.last > now && plan.last - now < correction && !schedule.fields.followsElapsedTime;
    const from = ranAhead ? plan.last : now;
    const next = nextTime(schedule.fields, plan.zone.zone, from);
    if (next !== null && next <= from) {
      this.#log.error(`${plan.job}: schedule ${plan.text} does not advance, and is left out`);
      plan.next = null;
    } else plan.next = next;
  }

  #isDue({ schedule, next }: Plan): boolean {
    if (next === null) return false;
    return schedule.type === "every" ? next <= this.#reactor.now() : next <= this.#now();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    let wait = longestWait;
    for (const plan of this.#plans) wait = Math.min(wait, this.#waitOf(plan));
    if (this.#plans.length > 0) this.#timer = this.#reactor.after(Math.max(0, wait), () => this.#look());
  }

  #waitOf({ schedule, next }: Plan): number {
    if (next === null) return longestWait;
    return schedule.type === "every" ? next - this.#reactor.now() : next * 1000 - native.realTime();
  }

  #look(): void {
    // Several times of one job that came together are one run.
    const due = new Map<string, number>();
    for (const plan of this.#plans) {
      if (!this.#isDue(plan)) continue;
      plan.last = plan.next as number;
      due.set(plan.job, plan.schedule.type === "every" ? this.#now() : plan.last);
      this.#advance(plan);
    }
    for (const [job, time] of due) this.#run(job, time);
    for (const job of due.keys()) {
      const entry = this.#world.findClass(job);
      if (entry !== undefined) this.#show(entry);
    }
    this.#arm();
  }

  /** After a random delay, where the job has a jitter. */
  #run(job: string, time: number): void {
    const jitter = this.#world.findClass(job)?.jobClass.scheduleJitter ?? null;
    if (jitter === null) this.#start(job, time);
    else this.#reactor.after(Math.random() * jitter * 1000, () => this.#start(job, time));
  }

  #start(job: string, time: number): void {
    const entry = this.#world.findClass(job);
    if (entry === undefined || this.#world.quiescing) return;
    const record = this.#recordOf(entry);
    if (entry.instances.size > 0) {
      if (record.skipped === record.skippedBefore)
        this.#log.warn(`  ${job} is due by its schedule, and still runs: skipped until it has ended`);
      record.skipped += 1;
      return;
    }
    record.skippedBefore = record.skipped;
    record.last = time * 1000;
    this.#world.emitSchedule(job, new Date(time * 1000).toISOString().replace(".000Z", "Z"));
  }

  /** What `explain` and `list -l` show. */
  #show(entry: ClassEntry): void {
    if (entry.jobClass.schedules.length === 0) {
      entry.schedule = null;
      return;
    }
    const record = this.#recordOf(entry);
    let next = Number.POSITIVE_INFINITY;
    for (const plan of this.#plans) {
      if (plan.job !== entry.jobClass.name || plan.next === null) continue;
      const wall =
        plan.schedule.type === "every"
          ? native.realTime() + plan.next - this.#reactor.now()
          : plan.next * 1000;
      if (wall < next) {
        next = wall;
        record.zone = plan.schedule.type === "every" ? "" : plan.zone.name;
      }
    }
    record.next = Number.isFinite(next) ? Math.round(next) : null;
  }

  #recordOf(entry: ClassEntry): ScheduleRecord {
    entry.schedule ??= { next: null, last: null, zone: "", skipped: 0, skippedBefore: 0 };
    return entry.schedule;
  }

  /** Each change of the wall clock: what it passed over runs once, and all next times are computed anew. */
  #watchClock(): void {
    this.#clock = native.watchClock();
    if (this.#clock < 0) return;
    this.#reactor.watch(this.#clock, native.EPOLLIN, () => {
      native.watchClockAgain(this.#clock);
      this.#look();
      for (const plan of this.#plans) if (plan.schedule.type === "cron") this.#advance(plan);
      for (const entry of this.#world.classes()) this.#show(entry);
      this.#arm();
    });
  }
}

function readFile(path: string): Uint8Array | null {
  const fd = native.open(path, native.O_RDONLY);
  if (fd < 0) return null;
  const buffer = new Uint8Array(largestZone);
  const length = native.read(fd, buffer, 0, buffer.length);
  native.close(fd);
  return length < 0 ? null : buffer.subarray(0, length);
}

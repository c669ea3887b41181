import * as native from "upinit:native";
import type { ScheduleRecord } from "../jobs/job-registry.ts";
import type { ClassEntry, World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Reactor, Timer } from "../runtime/reactor.ts";
import { type Clocks, Plan } from "../schedule/plan.ts";
import { readSchedule, zoneOf } from "../schedule/schedule.ts";
import { type NamedZone, zoneOfContainer } from "../schedule/time-zone.ts";

/** One `schedule` stanza of a loaded class. */
interface Entry {
  readonly job: string;
  readonly text: string;
  readonly plan: Plan;
}

const largestZone = 1024 * 1024;
/** A timer is set for at most this long: what is far away is looked at again. Milliseconds. */
const longestWait = 3_600_000;
/**
 * Starts jobs by their `schedule` stanzas (docs/schedules.md). Loaded only where a job has one. cron's times follow the
 * wall clock through every change of it; `every` follows the monotonic clock and does not notice.
 */
export class Scheduler {
  readonly #reactor: Reactor;
  readonly #world: World;
  readonly #log: Log;
  readonly #container: NamedZone;
  readonly #clocks: Clocks;
  #entries: Entry[] = [];
  #timer: Timer | null = null;
  #clock = -1;

  /** `tz` is the container's TZ; null where it has none. */
  constructor(reactor: Reactor, world: World, log: Log, tz: string | null) {
    this.#reactor = reactor;
    this.#world = world;
    this.#log = log;
    this.#clocks = { monotonic: () => reactor.now(), wall: () => native.realTime() };
    this.#container = zoneOfContainer(tz, readFile);
    const { name, missing } = this.#container;
    if (missing !== null) log.warn(`Schedules follow ${name}: there is no ${missing}`);
    this.#watchClock();
  }

  /** Classes came, went or changed: what is as it was keeps its time, and nothing from before is made up for. */
  refresh(): void {
    const before = this.#entries;
    this.#entries = this.#world.classes().flatMap(({ jobClass }) =>
      jobClass.schedules.flatMap((text) => {
        const known = before.find((entry) => entry.job === jobClass.name && entry.text === text);
        return known ?? this.#entryOf(jobClass.name, text) ?? [];
      }),
    );
    for (const entry of this.#world.classes()) this.#show(entry);
    this.#arm();
  }

  #entryOf(job: string, text: string): Entry | null {
    const read = readSchedule(text);
    if (!read.ok) return null;
    const zone = zoneOf(read.schedule, this.#container, readFile);
    if (zone === null) {
      this.#log.error(`${job}: schedule ${text}: there is no such zone`);
      return null;
    }
    return { job, text, plan: new Plan(read.schedule, zone, this.#clocks) };
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    let wait = longestWait;
    for (const { plan } of this.#entries) wait = Math.min(wait, plan.wait);
    if (this.#entries.length > 0) this.#timer = this.#reactor.after(Math.max(0, wait), () => this.#look());
  }

  #look(): void {
    // Several times of one job that came together are one run.
    const due = new Map<string, number>();
    for (const { job, plan } of this.#entries) {
      const time = plan.takeDue();
      if (time !== null) due.set(job, time);
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
    for (const { job, plan } of this.#entries) {
      const wall = plan.nextWallTime;
      if (job !== entry.jobClass.name || wall === null || wall >= next) continue;
      next = wall;
      record.zone = plan.schedule.type === "every" ? "" : plan.zone.name;
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
      for (const { job, text, plan } of this.#entries) {
        if (plan.schedule.type === "cron" && !plan.advance())
          this.#log.error(`${job}: schedule ${text} does not advance, and is left out`);
      }
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

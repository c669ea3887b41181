/** A `schedule` stanza: what it says, and when it is due next. */
import { type CronFields, parseCron } from "./cron.ts";
import { nextTime } from "./next-time.ts";
import { type NamedZone, type ReadFile, zoneOfSchedule } from "./time-zone.ts";

export type Schedule =
  | { readonly type: "every"; readonly seconds: number }
  /** `zone` is of CRON_TZ; null: that of the container. */
  | { readonly type: "cron"; readonly fields: CronFields; readonly zone: string | null };

export type ScheduleResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly error: string; readonly advice: string | null };

const longestEvery = 1_000_000_000;

/** Reads `every SECONDS`, or cron's five fields or @name, with `CRON_TZ=ZONE` in front. A date that never comes is an error. */
export function readSchedule(text: string): ScheduleResult {
  const every = /^every\s+(\S+)$/.exec(text);
  if (every !== null) {
    const seconds = Number(every[1]);
    return /^\d+$/.test(every[1] as string) && seconds >= 1 && seconds <= longestEvery
      ? { ok: true, schedule: { type: "every", seconds } }
      : { ok: false, error: `${every[1]} is no number of seconds above 0`, advice: "every 60" };
  }
  const zoned = /^CRON_TZ=(\S+)\s+(.*)$/.exec(text);
  const cron = parseCron(zoned?.[2] ?? text);
  if (!cron.ok) return cron;
  // The year does not matter, but that it is the same at each reading.
  if (nextTime(cron.fields, { stretchAt: () => always }, 0) === null)
    return { ok: false, error: "this date never comes", advice: null };
  return { ok: true, schedule: { type: "cron", fields: cron.fields, zone: zoned?.[1] ?? null } };
}

const always = { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY, offset: 0, offsetBefore: 0 };

/** The zone that decides; null where CRON_TZ names none. */
export function zoneOf(schedule: Schedule, container: NamedZone, readFile: ReadFile): NamedZone | null {
  if (schedule.type === "every" || schedule.zone === null) return container;
  return zoneOfSchedule(schedule.zone, readFile);
}

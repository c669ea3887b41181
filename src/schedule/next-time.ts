/** When a schedule is due next, through every change of its zone's clock (docs/schedules.md). */

import { type CivilDate, dateOf, dayNumber, daysInMonth, secondsPerDay, weekdayOf } from "./civil-time.ts";
import type { CronFields } from "./cron.ts";
import type { Stretch, Zone } from "./zone.ts";

/**
 * Every date with a given weekday comes again within this many years, 29 February over the end of a century
 * included.
 */
const yearsOfAllDates = 41;

/**
 * The first time after the moment at which the schedule is due, both in seconds since 1970 in UTC; null if that never
 * comes. A fixed time that the clock skips is due at the first minute after the gap, once for all such times; one that
 * comes twice is due the first time. A schedule that follows elapsed time is due whenever the clock shows its time.
 */
export function nextTime(fields: CronFields, zone: Zone, moment: number): number | null {
  const limit = moment + yearsOfAllDates * 366 * secondsPerDay;
  let from = moment + 1;
  while (from < limit) {
    const stretch = zone.stretchAt(from);
    if (!fields.followsElapsedTime) {
      const afterGap = dueAfterGap(fields, stretch);
      if (afterGap !== null && afterGap >= from) return afterGap;
      from = Math.max(from, endOfRepetition(stretch));
    }
    const civil = nextCivil(fields, from + stretch.offset);
    if (civil === null) return null;
    if (civil - stretch.offset < stretch.end) return civil - stretch.offset;
    from = stretch.end;
  }
  return null;
}

/** The first minute of a stretch, if a time of the schedule fell into the gap before it. */
function dueAfterGap(fields: CronFields, { start, offset, offsetBefore }: Stretch): number | null {
  if (offsetBefore >= offset) return null;
  const skipped = nextCivil(fields, start + offsetBefore);
  if (skipped === null || skipped >= start + offset) return null;
  return Math.ceil((start + offset) / 60) * 60 - offset;
}

/** From when on the stretch's clock shows what it has not shown before. */
function endOfRepetition({ start, offset, offsetBefore }: Stretch): number {
  return offsetBefore > offset ? start + offsetBefore - offset : start;
}

/** The first civil time at or after the given one that the fields match; null if none comes. */
function nextCivil(fields: CronFields, from: number): number | null {
  const minute = Math.ceil(from / 60);
  const today = Math.floor(minute / 1440);
  const minuteOfDay = nextMinute(fields, minute - today * 1440);
  if (minuteOfDay !== null && matchesDay(fields, dateOf(today), today))
    return today * secondsPerDay + minuteOfDay * 60;
  const day = nextDay(fields, today + 1);
  const first = nextMinute(fields, 0);
  return day === null || first === null ? null : day * secondsPerDay + first * 60;
}

/** The first minute of the day at or after the given one; null if the day has none left. */
function nextMinute(fields: CronFields, from: number): number | null {
  for (let hour = Math.floor(from / 60); hour < 24; hour += 1) {
    if (!fields.hours.has(hour)) continue;
    for (let minute = Math.max(0, from - hour * 60); minute < 60; minute += 1) {
      if (fields.minutes.has(minute)) return hour * 60 + minute;
    }
  }
  return null;
}

function nextDay(fields: CronFields, from: number): number | null {
  const start = dateOf(from);
  for (let count = 0; count <= yearsOfAllDates * 12; count += 1) {
    const monthsSinceJanuary = start.month - 1 + count;
    const month = (monthsSinceJanuary % 12) + 1;
    if (!fields.months.has(month)) continue;
    const year = start.year + Math.floor(monthsSinceJanuary / 12);
    const found = nextDayInMonth(fields, { year, month, day: count === 0 ? start.day : 1 });
    if (found !== null) return found;
  }
  return null;
}

function nextDayInMonth(fields: CronFields, { year, month, day: first }: CivilDate): number | null {
  const start = dayNumber({ year, month, day: 1 });
  for (let day = first; day <= daysInMonth(year, month); day += 1) {
    if (matchesDay(fields, { year, month, day }, start + day - 1)) return start + day - 1;
  }
  return null;
}

function matchesDay(fields: CronFields, { month, day }: CivilDate, number: number): boolean {
  if (!fields.months.has(month)) return false;
  const byDate = fields.days.has(day);
  const byWeekday = fields.weekdays.has(weekdayOf(number));
  return fields.eitherDay ? byDate || byWeekday : byDate && byWeekday;
}

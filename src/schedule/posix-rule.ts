/** Reads the POSIX form of TZ (`CET-1CEST,M3.5.0,M10.5.0/3`); POSIX.1-2017, XBD 8.3, with the hours of RFC 8536 3.3.1. */

import { dateOf, dayNumber, daysInMonth, isLeapYear, secondsPerDay, weekdayOf } from "./civil-time.ts";
import { fixedZone, type Stretch, type Zone } from "./zone.ts";

/** A day of each year and a time of that day in seconds, which may be negative or beyond the day. */
interface YearlyChange {
  readonly day: (year: number) => number;
  readonly time: number;
}

interface Change {
  readonly at: number;
  readonly offset: number;
}

/** The zone of a rule; null if the text is none. */
export function parsePosixRule(text: string): Zone | null {
  const reader = new Reader(text);
  const standard = reader.nameAndOffset();
  if (standard === null) return null;
  if (reader.done) return fixedZone(standard);
  if (!reader.name()) return null;
  const daylight = reader.atComma || reader.done ? standard + 3600 : reader.offset();
  if (daylight === null) return null;
  // POSIX leaves the dates open; these are those that every libc takes.
  const rules = reader.done ? new Reader(",M3.2.0,M11.1.0") : reader;
  const start = rules.change();
  const end = start === null ? null : rules.change();
  if (start === null || end === null || !rules.done) return null;
  return ruleZone(standard, daylight, start, end);
}

function ruleZone(standard: number, daylight: number, start: YearlyChange, end: YearlyChange): Zone {
  const changesOf = (year: number): Change[] => [
    { at: start.day(year) * secondsPerDay + start.time - standard, offset: daylight },
    { at: end.day(year) * secondsPerDay + end.time - daylight, offset: standard },
  ];
  return {
    stretchAt(moment: number): Stretch {
      const { year } = dateOf(Math.floor(moment / secondsPerDay));
      const changes = [year - 1, year, year + 1, year + 2].flatMap(changesOf).sort((a, b) => a.at - b.at);
      let index = changes.findLastIndex((change) => change.at <= moment);
      if (index < 1) index = 1;
      const { at, offset } = changes[index] as Change;
      return {
        start: at,
        end: changes[index + 1]?.at ?? Number.POSITIVE_INFINITY,
        offset,
        offsetBefore: changes[index - 1]?.offset ?? offset,
      };
    },
  };
}

/** Reads the text from left to right; every method gives null, and stays, where something else stands. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at === this.#text.length;
  }

  get atComma(): boolean {
    return this.#text[this.#at] === ",";
  }

  nameAndOffset(): number | null {
    return this.name() ? this.offset() : null;
  }

  name(): boolean {
    return this.#take(/[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>/y) !== null;
  }

  /** Seconds to add to UTC: the text counts west as positive. */
  offset(): number | null {
    const seconds = this.#clock(24);
    return seconds === null ? null : 0 - seconds;
  }

  change(): YearlyChange | null {
    if (this.#take(/,/y) === null) return null;
    const day = this.#day();
    if (day === null) return null;
    const time = this.#take(/\//y) === null ? 2 * 3600 : this.#clock(167);
    return time === null ? null : { day, time };
  }

  #clock(mostHours: number): number | null {
    const found = this.#take(/([+-]?)(\d{1,3})(?::([0-5]\d)(?::([0-5]\d))?)?/y);
    if (found === null || Number(found[2]) > mostHours) return null;
    const seconds = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0);
    return found[1] === "-" ? -seconds : seconds;
  }

  #day(): YearlyChange["day"] | null {
    const byWeekday = this.#take(/M(\d{1,2})\.([1-5])\.([0-6])/y);
    if (byWeekday !== null)
      return dayByWeekday(Number(byWeekday[1]), Number(byWeekday[2]), Number(byWeekday[3]));
    const julian = this.#take(/(J?)(\d{1,3})/y);
    if (julian === null) return null;
    const number = Number(julian[2]);
    if (julian[1] === "") {
      return number > 365 ? null : (year) => dayNumber({ year, month: 1, day: 1 }) + number;
    }
    // J60 is always the first of March.
    if (number < 1 || number > 365) return null;
    return (year) =>
      dayNumber({ year, month: 1, day: 1 }) + number - 1 + (isLeapYear(year) && number >= 60 ? 1 : 0);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}

/** The day of `week` (5: the last) on which `weekday` falls. */
function dayByWeekday(month: number, week: number, weekday: number): YearlyChange["day"] | null {
  if (month < 1 || month > 12) return null;
  return (year) => {
    const first = dayNumber({ year, month, day: 1 });
    const offset = (weekday - weekdayOf(first) + 7) % 7;
    let day = first + offset + (week - 1) * 7;
    while (day >= first + daysInMonth(year, month)) day -= 7;
    return day;
  };
}

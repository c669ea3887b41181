import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type CronFields, parseCron } from "../../../src/schedule/cron.ts";
import { nextTime } from "../../../src/schedule/next-time.ts";
import { zoneOfSchedule } from "../../../src/schedule/time-zone.ts";

/**
 * A year with both daylight changes, minute by minute: which minutes are due is computed here from ICU's offsets and
 * the definition alone, and compared with what `nextTime` gives.
 */

const halfHour = 30 * 60;
const start = Date.parse("2026-01-01T00:00Z") / 1000;
const end = Date.parse("2027-01-01T00:00Z") / 1000;

/** ICU's offset for each half hour from one before the year to its end: no zone changes in between. */
function offsetsOf(zone: string): number[] {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const offsets: number[] = [];
  for (let moment = start - halfHour; moment < end; moment += halfHour) {
    const name = format.formatToParts(moment * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(name) ?? [];
    offsets.push((sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60));
  }
  return offsets;
}

function shows(fields: CronFields, local: number): boolean {
  const date = new Date(local * 1000);
  const byDate = fields.days.has(date.getUTCDate());
  const byWeekday = fields.weekdays.has(date.getUTCDay());
  return (
    fields.minutes.has(date.getUTCMinutes()) &&
    fields.hours.has(date.getUTCHours()) &&
    fields.months.has(date.getUTCMonth() + 1) &&
    (fields.eitherDay ? byDate || byWeekday : byDate && byWeekday)
  );
}

/** Every minute of the year: due if the clock shows the time, with the rules for gaps and repetitions. */
function expectedTimes(fields: CronFields, offsets: readonly number[]): number[] {
  const due: number[] = [];
  let latestLocal = start - halfHour + (offsets[0] as number) - 60;
  for (let moment = start - halfHour; moment < end; moment += 60) {
    const index = Math.floor((moment - start + halfHour) / halfHour);
    const local = moment + (offsets[index] as number);
    let isDue = shows(fields, local);
    if (!fields.followsElapsedTime) {
      for (let skipped = latestLocal + 60; skipped < local; skipped += 60) isDue ||= shows(fields, skipped);
      if (local <= latestLocal) isDue = false;
    }
    latestLocal = Math.max(latestLocal, local);
    if (isDue && moment >= start) due.push(moment);
  }
  return due;
}

describe("S3: a year of a schedule", () => {
  describe.each(["Europe/Madrid", "America/Santiago", "Australia/Lord_Howe"])("in %s", (name) => {
    const offsets = offsetsOf(name);
    const zone = zoneOfSchedule(name, (path) => readFileSync(path))?.zone;

    it.each([
      "30 2 * * *",
      "0 0 * * *",
      "5,55 0-3 * * 0,6",
      "*/15 2 * * sun",
      "0 * * * *",
      "30 */4 * * *",
      "15 1 25-31 3,10 *",
      "0 3 13 * 5",
      "0 4 29 2 *",
    ])("%s", (cron) => {
      const result = parseCron(cron);
      if (!result.ok || zone === undefined) throw new Error("not readable");
      const times: number[] = [];
      for (let next = nextTime(result.fields, zone, start - 1); next !== null && next < end; ) {
        times.push(next);
        next = nextTime(result.fields, zone, next);
      }
      expect(times).toEqual(expectedTimes(result.fields, offsets));
    });
  });
});

import type { JobClass } from "../jobs/job-class.ts";
import { nextTime } from "../schedule/next-time.ts";
import { readSchedule, zoneOf } from "../schedule/schedule.ts";
import { type ReadFile, zoneOfContainer } from "../schedule/time-zone.ts";

const shownTimes = 3;

/** What follows from a job's stanzas and does not stand in its file: the next times of schedules, the action of checks. */
export function detailsOf(
  { schedules, checks, checkAction, checkEvery, checkFailures }: JobClass,
  now: number,
  tz: string | null,
  readFile: ReadFile,
): string[] {
  const lines = schedules.map((text) => `schedule ${text}: ${timesOf(text, now, tz, readFile)}`);
  if (checks.length > 0)
    lines.push(`check: every ${checkEvery} s, ${checkFailures} failures in a row lead to ${checkAction}`);
  return lines;
}

/** The next three times with their zone; `now` is in seconds since 1970. */
function timesOf(text: string, now: number, tz: string | null, readFile: ReadFile): string {
  const read = readSchedule(text);
  if (!read.ok) return read.error;
  const { schedule } = read;
  if (schedule.type === "every") return `every ${schedule.seconds} s from its load on`;
  const zone = zoneOf(schedule, zoneOfContainer(tz, readFile), readFile);
  if (zone === null) return "there is no such zone";
  const times: string[] = [];
  for (
    let moment = nextTime(schedule.fields, zone.zone, now);
    moment !== null && times.length < shownTimes;
  ) {
    times.push(localTime(moment, zone.zone.stretchAt(moment).offset));
    moment = nextTime(schedule.fields, zone.zone, moment);
  }
  return `${times.join(", ")} (${zone.name})`;
}

/** RFC 3339 with the offset of the zone. */
function localTime(moment: number, offset: number): string {
  const text = new Date((moment + offset) * 1000).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.round(offset / 60));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${text}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

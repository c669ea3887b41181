import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCron } from "../../../src/schedule/cron.ts";
import { nextTime } from "../../../src/schedule/next-time.ts";
import { parsePosixRule } from "../../../src/schedule/posix-rule.ts";
import { zoneOfContainer, zoneOfSchedule } from "../../../src/schedule/time-zone.ts";
import { utc, type Zone } from "../../../src/schedule/zone.ts";

function readFile(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

function zoneNamed(name: string): Zone {
  const found = zoneOfSchedule(name, readFile);
  if (found === null) throw new Error(`no zone ${name}`);
  return found.zone;
}

const seconds = (text: string): number => Date.parse(text) / 1000;
const text = (moment: number): string => new Date(moment * 1000).toISOString().replace(":00.000Z", "Z");

/** The times at which the schedule is due from one moment up to and with another. */
function timesBetween(cron: string, zone: Zone, from: string, to: string): string[] {
  const result = parseCron(cron);
  if (!result.ok) throw new Error(result.error);
  const times: string[] = [];
  let moment: number | null = seconds(from) - 1;
  for (;;) {
    moment = nextTime(result.fields, zone, moment);
    if (moment === null || moment > seconds(to)) return times;
    times.push(text(moment));
  }
}

const madrid = parsePosixRule("CET-1CEST,M3.5.0,M10.5.0/3") as Zone;

describe("nextTime", () => {
  it("is later than the moment it starts from", () => {
    expect(timesBetween("0 12 * * *", utc, "2026-01-01T12:00Z", "2026-01-03T12:00Z")).toEqual([
      "2026-01-01T12:00Z",
      "2026-01-02T12:00Z",
      "2026-01-03T12:00Z",
    ]);
  });

  it("S1: either day field where both restrict", () => {
    expect(timesBetween("0 0 13 * 5", utc, "2026-03-01T00:00Z", "2026-03-31T00:00Z")).toEqual(
      ["06", "13", "20", "27"].map((day) => `2026-03-${day}T00:00Z`),
    );
    expect(timesBetween("0 0 13 * 5", utc, "2026-05-11T00:00Z", "2026-05-16T00:00Z")).toEqual([
      "2026-05-13T00:00Z",
      "2026-05-15T00:00Z",
    ]);
    // Mondays with an odd date.
    expect(timesBetween("0 0 */2 * 1", utc, "2026-06-01T00:00Z", "2026-06-30T00:00Z")).toEqual([
      "2026-06-01T00:00Z",
      "2026-06-15T00:00Z",
      "2026-06-29T00:00Z",
    ]);
  });

  it("S3: a time in the gap is due at the first minute after it, once", () => {
    expect(timesBetween("15,45 2 * * *", madrid, "2026-03-28T12:00Z", "2026-03-30T12:00Z")).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:15Z",
      "2026-03-30T00:45Z",
    ]);
  });

  it("S3: a time in the gap and one right after it are one run", () => {
    expect(timesBetween("0 2,3 * * *", madrid, "2026-03-29T00:00Z", "2026-03-29T23:00Z")).toEqual([
      "2026-03-29T01:00Z",
    ]);
  });

  it("S3: a time that comes twice is due the first time", () => {
    expect(timesBetween("30 2 * * *", madrid, "2026-10-24T12:00Z", "2026-10-26T12:00Z")).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(timesBetween("0 3 * * *", madrid, "2026-10-25T00:00Z", "2026-10-25T23:00Z")).toEqual([
      "2026-10-25T02:00Z",
    ]);
  });

  it("S3: a schedule with a star follows elapsed time through both", () => {
    expect(timesBetween("0 * * * *", madrid, "2026-03-29T00:00Z", "2026-03-29T02:00Z")).toEqual([
      "2026-03-29T00:00Z",
      "2026-03-29T01:00Z",
      "2026-03-29T02:00Z",
    ]);
    expect(timesBetween("0 * * * *", madrid, "2026-10-25T00:00Z", "2026-10-25T02:00Z")).toHaveLength(3);
    expect(timesBetween("*/30 2 * * *", madrid, "2026-10-25T00:00Z", "2026-10-25T12:00Z")).toHaveLength(4);
  });

  it("S2: only the schedule's own zone decides", () => {
    const year = timesBetween("30 1 * * *", utc, "2026-01-01T00:00Z", "2026-12-31T23:59Z");
    expect(year).toHaveLength(365);
    expect(year.every((time) => time.endsWith("T01:30Z"))).toBe(true);
  });

  it("finds the next leap day, also over the end of a century", () => {
    expect(timesBetween("0 0 29 2 *", utc, "2026-01-01T00:00Z", "2032-12-01T00:00Z")).toEqual([
      "2028-02-29T00:00Z",
      "2032-02-29T00:00Z",
    ]);
    expect(timesBetween("0 0 29 2 *", utc, "2097-01-01T00:00Z", "2104-12-01T00:00Z")).toEqual([
      "2104-02-29T00:00Z",
    ]);
  });

  it.each(["0 0 30 2 *", "0 0 31 2,4,6 *"])("knows that %j never comes", (cron) => {
    const result = parseCron(cron);
    expect(result.ok && nextTime(result.fields, madrid, seconds("2026-01-01T00:00Z"))).toBeNull();
  });

  it("6.1: a change at midnight keeps the day's run (America/Santiago)", () => {
    const days = timesBetween(
      "0 0 * * *",
      zoneNamed("America/Santiago"),
      "2026-09-01T00:00Z",
      "2026-09-10T12:00Z",
    );
    expect(days).toHaveLength(10);
    expect(days).toContain("2026-09-06T04:00Z");
  });

  it("6.3: a change by half an hour (Australia/Lord_Howe)", () => {
    const zone = zoneNamed("Australia/Lord_Howe");
    expect(timesBetween("15 2 * * *", zone, "2026-10-03T00:00Z", "2026-10-05T00:00Z")).toEqual([
      "2026-10-03T15:30Z",
      "2026-10-04T15:15Z",
    ]);
    expect(timesBetween("45 1 * * *", zone, "2026-04-04T00:00Z", "2026-04-05T23:00Z")).toEqual([
      "2026-04-04T14:45Z",
      "2026-04-05T15:15Z",
    ]);
  });
});

describe("zones", () => {
  it.each([
    "Europe/Madrid",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
  ])("has the offsets of %s that ICU has, from its file", (name) => {
    const zone = zoneNamed(name);
    for (
      let moment = seconds("1975-01-01T00:00Z");
      moment < seconds("2036-12-31T00:00Z");
      moment += 86_400 * 5 + 3_600
    ) {
      const stretch = zone.stretchAt(moment);
      expect(stretch.start <= moment && moment < stretch.end).toBe(true);
      expect([moment, stretch.offset]).toEqual([moment, icuOffset(name, moment)]);
    }
  });

  it.each([
    ["EST5EDT,M3.2.0,M11.1.0", "2026-07-01T00:00Z", -4],
    ["EST5EDT", "2026-07-01T00:00Z", -4],
    ["<+0330>-3:30", "2026-07-01T00:00Z", 3.5],
    ["NZST-12NZDT,M9.5.0,M4.1.0/3", "2026-01-01T00:00Z", 13],
    ["IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00Z", 0],
    ["XXX3YYY,J60/0,J300/0", "2024-03-01T03:00Z", -2],
    ["XXX3YYY,59/0,300/0", "2024-02-29T03:00Z", -2],
    ["<-03>3<-02>,M3.5.0/-1,M10.5.0/-1", "2026-07-01T00:00Z", -2],
  ])("reads the rule %s", (rule, moment, hours) => {
    expect(parsePosixRule(rule)?.stretchAt(seconds(moment)).offset).toBe(hours * 3600);
  });

  it.each([
    "",
    "CET",
    "C-1",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0x",
    "CET-25",
  ])("refuses the rule %j", (rule) => {
    expect(parsePosixRule(rule)).toBeNull();
  });

  it("S2: a zone of TZ without data is UTC and says so; one of a schedule is an error", () => {
    expect(zoneOfContainer("Europe/Nowhere", readFile)).toMatchObject({
      name: "UTC (no data for Europe/Nowhere)",
      missing: "/usr/share/zoneinfo/Europe/Nowhere",
    });
    expect(zoneOfSchedule("Europe/Nowhere", readFile)).toBeNull();
    expect(zoneOfSchedule("../../etc/passwd", readFile)).toBeNull();
    expect(zoneOfContainer("", readFile).name).toBe("UTC");
    expect(zoneOfContainer(":Europe/Madrid", readFile)).toMatchObject({
      name: "Europe/Madrid",
      missing: null,
    });
  });

  it("refuses files that are cut off or something else", () => {
    const whole = readFileSync("/usr/share/zoneinfo/Europe/Madrid");
    for (const bytes of [whole.subarray(0, 30), whole.subarray(0, whole.length - 5), new Uint8Array(200)]) {
      expect(zoneOfSchedule("Any", () => bytes)).toBeNull();
    }
  });
});

function icuOffset(zone: string, moment: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(moment * 1000));
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local / 1000 - moment;
}

import { describe, expect, it } from "vitest";
import { parseCron } from "../../../src/schedule/cron.ts";

function fieldsOf(text: string) {
  const result = parseCron(text);
  if (!result.ok) throw new Error(result.error);
  return result.fields;
}

function errorOf(text: string): string {
  const result = parseCron(text);
  if (result.ok) throw new Error(`${text} was accepted`);
  return `${result.error}; ${result.advice}`;
}

describe("parseCron", () => {
  it("reads stars, numbers, ranges, steps, lists and names", () => {
    const fields = fieldsOf("*/20 1-3,22 1-31/10 jan,MAR-apr mon-fri");
    expect([...fields.minutes]).toEqual([0, 20, 40]);
    expect([...fields.hours]).toEqual([1, 2, 3, 22]);
    expect([...fields.days]).toEqual([1, 11, 21, 31]);
    expect([...fields.months]).toEqual([1, 3, 4]);
    expect([...fields.weekdays]).toEqual([1, 2, 3, 4, 5]);
  });

  it("takes 0 and 7 for Sunday", () => {
    expect([...fieldsOf("0 0 * * 5-7").weekdays].sort()).toEqual([0, 5, 6]);
    expect([...fieldsOf("0 0 * * 0").weekdays]).toEqual([0]);
  });

  it.each(["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"])(
    "knows %s",
    (name) => {
      expect([...fieldsOf(name).minutes]).toEqual([0]);
    },
  );

  it("S1: two restricted day fields match either; a field that begins with a star does not restrict", () => {
    expect(fieldsOf("0 0 13 * 5").eitherDay).toBe(true);
    expect(fieldsOf("0 0 */2 * 1").eitherDay).toBe(false);
    expect(fieldsOf("0 0 1-31/2 * 1").eitherDay).toBe(true);
    expect(fieldsOf("0 0 13 * *").eitherDay).toBe(false);
  });

  it("S3: a star at the start of the minute or the hour follows elapsed time", () => {
    expect(fieldsOf("*/5 2 * * *").followsElapsedTime).toBe(true);
    expect(fieldsOf("30 * * * *").followsElapsedTime).toBe(true);
    expect(fieldsOf("30 2 * * *").followsElapsedTime).toBe(false);
  });

  it.each([
    ["* */15 * * * *", /six fields.*\*\/15 \* \* \* \*/],
    ["0/10 * * * *", /\*\/N/],
    ["5/10 * * * *", /5-59\/N/],
    ["0 0 ? * 1", /\? in the day of month.*\*/],
    ["0 0 L * *", /L in the day of month/],
    ["0 0 15W * *", /15W/],
    ["0 0 * * 5#2", /#/],
    ["H~59 0 * * *", /jitter/],
    ["60 * * * *", /minute 60 is not in 0 to 59/],
    ["0 24 * * *", /hour 24/],
    ["0 0 0 * *", /day of month 0/],
    ["0 0 * 13 *", /month 13/],
    ["0 0 * * 8", /day of week 8/],
    ["0 22-2 * * *", /22-23,0-2/],
    ["0 0 * * */0", /step 0/],
    ["0 0 * * 1/2/3", /no day of week/],
    ["0 0 * * 1-2-3", /no day of week/],
    ["0 0 * * ,1", /no day of week/],
    ["0 0 * * mo", /"mo" is no day of week/],
    ["-1 0 * * *", /no minute/],
    ["0 0 * *", /4 fields/],
    ["", /0 fields/],
    ["@reboot", /start on startup/],
    ["@often", /@hourly/],
  ])("refuses %j with the right form", (text, message) => {
    expect(errorOf(text)).toMatch(message);
  });
});

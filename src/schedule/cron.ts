/** Reads the five fields of crontab(5), and the names that stand for them (`@hourly`). */

/** One schedule, read. A field is the set of its values. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  /** 1 to 12. */
  readonly months: ReadonlySet<number>;
  /** 0 to 6; 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Both day fields restrict: a day matches if either does. Else both must match. */
  readonly eitherDay: boolean;
  /** The minute or the hour begins with a star: the schedule follows elapsed time through a change of the clock. */
  readonly followsElapsedTime: boolean;
}

export type CronResult =
  | { readonly ok: true; readonly fields: CronFields }
  /** `advice` is the right form, where there is one. */
  | { readonly ok: false; readonly error: string; readonly advice: string | null };

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdayNames = "sun mon tue wed thu fri sat".split(" ");

const fieldTable: readonly Field[] = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: ["", ...monthNames] },
  // Both 0 and 7 are Sunday.
  { name: "day of week", least: 0, most: 7, names: weekdayNames },
];

const nicknames: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

/** An error of the text; never leaves this file. */
class CronError extends Error {
  readonly advice: string | null;
  constructor(message: string, advice: string | null = null) {
    super(message);
    this.advice = advice;
  }
}

/** Reads `MINUTE HOUR DAY MONTH WEEKDAY` or `@NAME`, separated by any blanks. */
export function parseCron(text: string): CronResult {
  try {
    return { ok: true, fields: readFields(text.trim()) };
  } catch (error) {
    if (error instanceof CronError) return { ok: false, error: error.message, advice: error.advice };
    throw error;
  }
}

function readFields(text: string): CronFields {
  const words = expandNickname(text).split(/\s+/);
  if (words.length !== 5 || words[0] === "") throw wrongCount(words[0] === "" ? 0 : words.length, words);
  const [minutes, hours, days, months, weekdays] = fieldTable.map((field, index) =>
    readField(words[index] as string, field),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  if (weekdays.delete(7)) weekdays.add(0);
  const starred = words.map((word) => word.startsWith("*"));
  return {
    minutes,
    hours,
    days,
    months,
    weekdays,
    eitherDay: !starred[2] && !starred[4],
    followsElapsedTime: starred[0] === true || starred[1] === true,
  };
}

function expandNickname(text: string): string {
  if (!text.startsWith("@")) return text;
  if (text === "@reboot") throw new CronError("@reboot is not a time", "start on startup");
  const fields = nicknames.get(text);
  if (fields === undefined) throw new CronError(`unknown name ${text}`, [...nicknames.keys()].join(", "));
  return fields;
}

function wrongCount(count: number, words: readonly string[]): CronError {
  if (count === 6) {
    return new CronError(
      "six fields, but a schedule has no seconds and no year",
      `the five fields minute, hour, day of month, month, day of week: ${words.slice(1).join(" ")}; or every SECONDS`,
    );
  }
  return new CronError(
    `${count} field${count === 1 ? "" : "s"}, but a schedule has five`,
    "minute hour day-of-month month day-of-week",
  );
}

function readField(word: string, field: Field): Set<number> {
  refuseForeignForms(word, field);
  const values = new Set<number>();
  for (const item of word.split(",")) addItem(item, field, values);
  return values;
}

/** What other programs read in a field, and cron does not. */
function refuseForeignForms(word: string, { name }: Field): void {
  const foreign = (form: string, advice: string) =>
    new CronError(`${form} in the ${name} is not cron's`, advice);
  if (word.includes("?")) throw foreign("?", "*");
  if (word.includes("#")) throw foreign("#", "a day of month range and a test of the weekday in the job");
  if (/^\d*[LW]$|^LW$/.test(word)) throw foreign(word, "days as numbers: 28-31 and a test in the job");
  if (word.includes("~")) throw foreign("~", "schedule jitter SECONDS");
}

function addItem(item: string, field: Field, values: Set<number>): void {
  const [range = "", step, more] = item.split("/");
  if (more !== undefined || item === "") throw new CronError(`"${item}" is no ${field.name}`);
  const [first, last] = readRange(range, field, step !== undefined);
  const by = step === undefined ? 1 : readNumber(step, { ...field, name: "step", least: 1, names: [] });
  for (let value = first; value <= last; value += by) values.add(value);
}

function readRange(range: string, field: Field, hasStep: boolean): readonly [number, number] {
  if (range === "*") return [field.least, field.name === "day of week" ? 6 : field.most];
  const [from = "", to, more] = range.split("-");
  if (more !== undefined) throw new CronError(`"${range}" is no ${field.name}`);
  const first = readNumber(from, field);
  if (to === undefined) {
    if (hasStep)
      throw new CronError(
        `a step in the ${field.name} needs a range`,
        first === field.least ? "*/N" : `${first}-${field.most}/N`,
      );
    return [first, first];
  }
  const last = readNumber(to, field);
  if (last < first)
    throw new CronError(
      `${range}: the ${field.name} range goes backward`,
      `${first}-${field.most},${field.least}-${last}`,
    );
  return [first, last];
}

function readNumber(text: string, { name, least, most, names }: Field): number {
  const named = names.indexOf(text.toLowerCase());
  if (text !== "" && named >= 0) return named;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new CronError(`"${text}" is no ${name}`);
  if (value < least || value > most) throw new CronError(`${name} ${value} is not in ${least} to ${most}`);
  return value;
}

import { UsageError } from "../command.ts";

/**
 * When a shutdown is to happen, in minutes from now (docs/upstart.md#104-shutdown): `now`, `+M` or `M`, `HH:MM` by the
 * local clock. `minuteOfDay` is the local time. Throws UsageError.
 */
export function minutesUntil(time: string, minuteOfDay: number): number {
  if (time === "now") return 0;
  if (time.includes(":")) return untilClock(time, minuteOfDay);
  const minutes = time.startsWith("+") ? time.slice(1) : time;
  if (!isDigits(minutes)) throw new UsageError("illegal time value");
  return Number(minutes);
}

function untilClock(time: string, minuteOfDay: number): number {
  const colon = time.indexOf(":");
  const hour = time.slice(0, colon);
  const minute = time.slice(colon + 1);
  if (!isDigits(hour) || Number(hour) > 23) throw new UsageError("illegal hour value");
  if (!isDigits(minute) || Number(minute) > 59) throw new UsageError("illegal minute value");
  const distance = Number(hour) * 60 + Number(minute) - minuteOfDay;
  return distance < 0 ? distance + 24 * 60 : distance;
}

function isDigits(text: string): boolean {
  return text !== "" && text.length < 8 && [...text].every((digit) => digit >= "0" && digit <= "9");
}

/** Which zone a schedule goes by: `CRON_TZ=`, else TZ, else /etc/localtime, else UTC. */

import { parsePosixRule } from "./posix-rule.ts";
import { utc, type Zone } from "./zone.ts";
import { parseZoneFile } from "./zone-file.ts";

const zoneDirectory = "/usr/share/zoneinfo";

/** Gives a file's bytes; null if it cannot be read. */
export type ReadFile = (path: string) => Uint8Array | null;

export interface NamedZone {
  readonly zone: Zone;
  /** For people: `Europe/Madrid`, `UTC (no data for Europe/Madrid)`. */
  readonly name: string;
  /** The file that is missing or wrong, where the zone had to be replaced by UTC. */
  readonly missing: string | null;
}

/** The zone that a schedule names by itself; null where there is no such zone, which is an error of the schedule. */
export function zoneOfSchedule(name: string, readFile: ReadFile): NamedZone | null {
  const found = namedZone(name, readFile);
  return found === null ? null : { zone: found, name, missing: null };
}

/** The zone of the container: of TZ, or of /etc/localtime where TZ is absent. Never fails: it falls back to UTC. */
export function zoneOfContainer(tz: string | null, readFile: ReadFile): NamedZone {
  if (tz === null) return zoneOfLocaltime(readFile);
  const name = tz.startsWith(":") ? tz.slice(1) : tz;
  if (name === "") return { zone: utc, name: "UTC", missing: null };
  const found = namedZone(name, readFile);
  if (found !== null) return { zone: found, name, missing: null };
  return { zone: utc, name: `UTC (no data for ${name})`, missing: pathOf(name) };
}

function zoneOfLocaltime(readFile: ReadFile): NamedZone {
  const bytes = readFile("/etc/localtime");
  const zone = bytes === null ? null : parseZoneFile(bytes);
  return { zone: zone ?? utc, name: zone === null ? "UTC" : "local time", missing: null };
}

function namedZone(name: string, readFile: ReadFile): Zone | null {
  if (name === "UTC" || name === "GMT") return utc;
  const bytes = isZoneName(name) ? readFile(pathOf(name)) : null;
  return (bytes === null ? null : parseZoneFile(bytes)) ?? parsePosixRule(name);
}

function pathOf(name: string): string {
  return name.startsWith("/") ? name : `${zoneDirectory}/${name}`;
}

/** Whether the name stays inside of the directory of zones, or is a path of its own. */
function isZoneName(name: string): boolean {
  return /^[\w+/.-]+$/.test(name) && !name.split("/").includes("..");
}

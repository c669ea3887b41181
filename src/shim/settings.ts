/** What upinit's own options say about CMD. Loaded only when there are options. */
import { signalNumber } from "../runtime/signals.ts";
import { lastValue } from "./options.ts";
import { defaultSettings, type Settings } from "./plain-settings.ts";
import type { RespawnOptions } from "./respawn.ts";

type Values = ReadonlyMap<string, readonly string[]>;

/** An option whose value makes no sense; the message is for the person who typed it. */
export class SettingError extends Error {}

const greatestSignal = 64;

/** SIGRTMIN as programs see it: libcs keep 32 and 33 for themselves. */
const firstRealTime = 34;

/** `TERM`, `SIGTERM`, `sigterm`, `RTMIN+3` or `15`; `least` 0 allows 0, which means none. */
function readSignal(text: string, option: string, least = 1): number {
  if (/^\d{1,2}$/.test(text)) {
    const number = Number(text);
    if (number >= least && number <= greatestSignal) return number;
  } else {
    const name = text.toUpperCase();
    const realTime = /^(?:SIG)?RTMIN(?:\+(\d\d?))?$/.exec(name);
    const number = realTime === null ? signalNumber(name) : firstRealTime + Number(realTime[1] ?? 0);
    if (number !== null && number <= greatestSignal) return number;
  }
  throw new SettingError(`--${option}: there is no signal "${text}"`);
}

function readRewrites(texts: readonly string[]): Map<number, number> {
  const rewrites = new Map<number, number>();
  for (const text of texts) {
    const parts = text.split(":");
    const [from, to] = parts;
    if (parts.length !== 2 || !from || !to) {
      throw new SettingError(
        `--rewrite wants FROM:TO, two signals by name or number (TO 0 drops it), not "${text}"`,
      );
    }
    rewrites.set(readSignal(from, "rewrite"), readSignal(to, "rewrite", 0));
  }
  return rewrites;
}

function readStatuses(texts: readonly string[]): Set<number> {
  return new Set(
    texts.map((text) => {
      const status = Number(text);
      if (/^\d{1,3}$/.test(text) && status <= 255) return status;
      throw new SettingError(`--remap-exit wants an exit status from 0 to 255, not "${text}"`);
    }),
  );
}

/** Two numbers of seconds, or a count and seconds, as `A/B`. */
function readPair(text: string, option: string, whole: boolean): [number, number] {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\/(\d{1,9}(?:\.\d{1,6})?)$/.exec(text);
  const first = Number(match?.[1]);
  if (match === null || (whole && !Number.isInteger(first))) {
    const form = whole ? "COUNT/SECONDS or unlimited" : "MIN/MAX in seconds";
    throw new SettingError(`--${option} wants ${form}, not "${text}"`);
  }
  return [first, Number(match[2])];
}

/** As in a job file without `respawn limit`: ten times in five seconds. */
const defaultLimit = { limit: 10, interval: 5000 };

function readRespawn(values: Values): RespawnOptions | null {
  const limit = lastValue(values, "respawn-limit");
  const backoff = lastValue(values, "respawn-backoff");
  if (!values.has("respawn")) {
    if (limit === undefined && backoff === undefined) return null;
    throw new SettingError(`--respawn-${limit === undefined ? "backoff" : "limit"} goes with --respawn`);
  }
  const [least, most] = backoff === undefined ? [0, 0] : readPair(backoff, "respawn-backoff", false);
  if (least > most) throw new SettingError(`--respawn-backoff: ${least} is more than ${most}`);
  const pauses = { least: least * 1000, most: most * 1000 };
  if (limit === undefined) return { ...defaultLimit, ...pauses };
  if (limit === "unlimited") return { limit: Number.POSITIVE_INFINITY, interval: 0, ...pauses };
  const [count, seconds] = readPair(limit, "respawn-limit", true);
  return { limit: count, interval: seconds * 1000, ...pauses };
}

/** How much is said: `-v`, `-vv`, `--debug` and `-q`, which mean the same with and without jobs. */
export function readLevel(values: Values): Settings["level"] {
  const verbose = values.get("verbose")?.length ?? 0;
  if (values.has("debug") || verbose > 1) return "debug";
  if (verbose === 1) return "info";
  return values.has("quiet") ? "error" : "message";
}

/** Reads and checks them. Throws SettingError. */
export function readSettings(values: Values): Settings {
  const single = values.has("single-child");
  const group = values.has("group");
  if (single && group) throw new SettingError("--single-child and --group exclude each other");
  const deathSignal = lastValue(values, "parent-death-signal");
  const stopSignal = lastValue(values, "stop-signal");
  return {
    ...defaultSettings,
    placement: single ? "inherit" : "group",
    target: group ? "group" : "process",
    rewrites: readRewrites(values.get("rewrite") ?? []),
    remapped: readStatuses(values.get("remap-exit") ?? []),
    subreaper: values.has("subreaper"),
    parentDeathSignal: deathSignal === undefined ? 0 : readSignal(deathSignal, "parent-death-signal"),
    stopSignal: stopSignal === undefined ? 0 : readSignal(stopSignal, "stop-signal"),
    warnOnReap: values.has("warn-on-reap"),
    respawn: readRespawn(values),
    level: readLevel(values),
  };
}

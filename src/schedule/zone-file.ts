/** Reads a compiled zone file (tzfile(5), RFC 8536). */

import { parsePosixRule } from "./posix-rule.ts";
import { fixedZone, type Stretch, type Zone } from "./zone.ts";

const headerLength = 44;
/** A zone has at most some thousand changes; what claims more is no zone file. */
const mostChanges = 100_000;

interface Header {
  readonly version: number;
  readonly utcIndicators: number;
  readonly standardIndicators: number;
  readonly leapSeconds: number;
  readonly changes: number;
  readonly types: number;
  readonly characters: number;
}

/** The zone of the file's bytes; null if they are none. */
export function parseZoneFile(bytes: Uint8Array): Zone | null {
  try {
    return readZone(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    // Reading beyond the end: the file is cut off.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readZone(view: DataView): Zone | null {
  const first = readHeader(view, 0);
  if (first === null) return null;
  if (first.version === 0) return readBlock(view, headerLength, first, 4, null);
  const second = headerLength + blockLength(first, 4);
  const header = readHeader(view, second);
  if (header === null) return null;
  const footer = second + headerLength + blockLength(header, 8);
  return readBlock(view, second + headerLength, header, 8, readFooter(view, footer));
}

function readHeader(view: DataView, at: number): Header | null {
  const isZoneFile = view.getUint32(at) === 0x545a6966; // "TZif"
  const version = view.getUint8(at + 4);
  const [utcIndicators, standardIndicators, leapSeconds, changes, types, characters] = [
    20, 24, 28, 32, 36, 40,
  ].map((offset) => view.getUint32(at + offset)) as [number, number, number, number, number, number];
  if (!isZoneFile || types === 0 || changes > mostChanges) return null;
  return { version, utcIndicators, standardIndicators, leapSeconds, changes, types, characters };
}

function blockLength(header: Header, timeSize: number): number {
  return (
    header.changes * (timeSize + 1) +
    header.types * 6 +
    header.characters +
    header.leapSeconds * (timeSize + 4) +
    header.standardIndicators +
    header.utcIndicators
  );
}

/** The rule for all times after the last change of the table. */
function readFooter(view: DataView, at: number): Zone | null {
  let text = "";
  for (let index = at + 1; view.getUint8(index) !== 10; index += 1)
    text += String.fromCharCode(view.getUint8(index));
  return text === "" ? null : parsePosixRule(text);
}

function readBlock(
  view: DataView,
  at: number,
  header: Header,
  timeSize: number,
  rule: Zone | null,
): Zone | null {
  const { changes, types } = header;
  const indices = at + changes * timeSize;
  const offsetOf = (type: number): number => view.getInt32(indices + changes + type * 6);
  const times: number[] = [];
  const offsets: number[] = [];
  for (let index = 0; index < changes; index += 1) {
    const type = view.getUint8(indices + index);
    if (type >= types) return null;
    times.push(readTime(view, at + index * timeSize, timeSize));
    offsets.push(offsetOf(type));
  }
  return tableZone(times, offsets, offsetOf(0), rule);
}

function readTime(view: DataView, at: number, size: number): number {
  return size === 4 ? view.getInt32(at) : view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}

function tableZone(
  times: readonly number[],
  offsets: readonly number[],
  first: number,
  rule: Zone | null,
): Zone {
  const last = times.length - 1;
  if (last < 0) return rule ?? fixedZone(first);
  const offsetBefore = (index: number): number => (index > 0 ? (offsets[index - 1] as number) : first);
  return {
    stretchAt(moment: number): Stretch {
      const index = lastNotAfter(times, moment);
      if (index === last && rule !== null)
        return afterTable(rule, moment, times[last] as number, offsetBefore(last));
      const offset = index < 0 ? first : (offsets[index] as number);
      return {
        start: times[index] ?? Number.NEGATIVE_INFINITY,
        end: times[index + 1] ?? Number.POSITIVE_INFINITY,
        offset,
        offsetBefore: index < 0 ? first : offsetBefore(index),
      };
    },
  };
}

/** The rule's stretch, cut where the table ends. */
function afterTable(rule: Zone, moment: number, tableEnd: number, before: number): Stretch {
  const stretch = rule.stretchAt(moment);
  return stretch.start > tableEnd ? stretch : { ...stretch, start: tableEnd, offsetBefore: before };
}

/** Index of the last element that is not above the value, -1 if all are. */
function lastNotAfter(sorted: readonly number[], value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] as number) <= value) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

/** What a time zone says: an offset that holds from one moment to the next. Moments are seconds since 1970 in UTC. */

/** A stretch of time with one offset. `end` is Infinity for the last one. */
export interface Stretch {
  /** First moment; -Infinity for the first stretch. */
  readonly start: number;
  /** First moment of the next stretch. */
  readonly end: number;
  /** Seconds to add to UTC. */
  readonly offset: number;
  /** The offset just before `start`; the same as `offset` for the first stretch. */
  readonly offsetBefore: number;
}

export interface Zone {
  /** The stretch that holds the moment. */
  stretchAt(moment: number): Stretch;
}

export const utc: Zone = fixedZone(0);

/** A zone whose clock never changes. */
export function fixedZone(offset: number): Zone {
  const stretch: Stretch = {
    start: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    offset,
    offsetBefore: offset,
  };
  return { stretchAt: () => stretch };
}

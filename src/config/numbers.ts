/**
 * Numbers as Upstart's C library calls read them. Written by hand and not with zod: the daemon reads configuration at
 * each start, and one check by zod/mini takes 42,000 instructions where this takes 4,000 (callgrind); a typical file
 * has five numbers.
 */

const decimal = /^[ \t\r]*([+-]?)([0-9]+)$/;
const octal = /^[ \t\r]*(?:\+?([0-7]+)|-(0+))$/;

/** The largest C int. */
export const largestInt = 2147483647;

/** strtol(3), base 10, on the whole text; NaN if it is no integer or out of the given range. */
export function readInteger(text: string, least: number, most: number): number {
  let value = Number(text);
  // Most numbers are written as they are printed, and that is found out faster than by the expression.
  if (String(value) !== text) {
    const found = decimal.exec(text);
    if (found === null) return Number.NaN;
    value = found[1] === "-" ? -Number(found[2]) : Number(found[2]);
  }
  // `+ 0` turns -0 into 0.
  return value >= least && value <= most && Number.isInteger(value) ? value + 0 : Number.NaN;
}

/** A number of times: of a large one, Upstart keeps the low 32 bits, and refuses what is negative then. */
export function readCount(text: string): number {
  const value = readInteger(text, 0, Number.MAX_SAFE_INTEGER);
  const kept = value | 0;
  return Number.isNaN(value) || kept < 0 ? Number.NaN : kept;
}

/** strtoul(3), base 8, on the whole text; NaN if it is no octal number or above `most`. */
export function readOctal(text: string, most: number): number {
  const found = octal.exec(text);
  if (found === null) return Number.NaN;
  const value = Number.parseInt(found[1] ?? "0", 8);
  return value <= most ? value : Number.NaN;
}

/**
 * A resource limit: `unlimited` or strtoull(3), for which -1 is the largest number, and that is RLIM_INFINITY
 * (docs/upstart.md#210-values). Above 2^53 numbers are rounded, as JavaScript has them. NaN if it is neither.
 */
export function readLimit(text: string): number {
  if (text === "unlimited") return Number.POSITIVE_INFINITY;
  const usual = Number(text);
  if (usual >= 0 && usual < 2 ** 53 && Number.isInteger(usual) && String(usual) === text) return usual;
  const found = decimal.exec(text);
  if (found === null) return Number.NaN;
  const size = Number(found[2]);
  if (size > 2 ** 64) return Number.NaN;
  const value = found[1] === "-" && size > 0 ? 2 ** 64 - size : size;
  return value >= 2 ** 64 ? Number.POSITIVE_INFINITY : value;
}

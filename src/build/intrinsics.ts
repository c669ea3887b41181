/**
 * What the engine has to set up before a chunk runs. Each costs a start as much as several hundred lines of code, so
 * the host adds them when the first chunk comes that may use them. The bits are those of host.c.
 */
export const intrinsicBits = { date: 1, regExp: 2, mapSet: 4, typedArrays: 8, weakReferences: 16 } as const;

const dates = /\bDate\b/;
const mapsAndSets = /\b(?:Map|Set|WeakMap|WeakSet)\b/;
const typedArrays =
  /\b(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array\b|\b(?:ArrayBuffer|SharedArrayBuffer|DataView|Atomics)\b/;
const weakReferences = /\b(?:WeakRef|FinalizationRegistry)\b/;
const regExpUse = /\bRegExp\b|\.(?:match|matchAll|search)\b/;
/** A slash where an expression may begin: a literal, or something in a text that looks like one, which does no harm. */
const regExpLiteral =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>\n]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield))\s*\/[^/*]/;

/** The functions of the binding that make typed arrays themselves, by their declarations. */
export function nativesWithTypedArrays(declarations: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const match of declarations.matchAll(/export function (\w+)\(.*\): (.*);$/gm)) {
    if (match[1] !== undefined && typedArrays.test(match[2] ?? "")) found.add(match[1]);
  }
  return found;
}

/** What a chunk may use, rather too much than too little; `natives` is what it imports of the binding (null: all). */
export function intrinsicsOf(
  chunk: string,
  natives: readonly string[] | null,
  makers: ReadonlySet<string>,
): number {
  let bits = 0;
  if (dates.test(chunk)) bits |= intrinsicBits.date;
  if (regExpUse.test(chunk) || regExpLiteral.test(chunk)) bits |= intrinsicBits.regExp;
  if (mapsAndSets.test(chunk)) bits |= intrinsicBits.mapSet;
  if (typedArrays.test(chunk) || natives === null || natives.some((name) => makers.has(name)))
    bits |= intrinsicBits.typedArrays;
  if (weakReferences.test(chunk)) bits |= intrinsicBits.weakReferences;
  return bits;
}

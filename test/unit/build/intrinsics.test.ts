import { describe, expect, it } from "vitest";
import { intrinsicBits, intrinsicsOf, nativesWithTypedArrays } from "../../../src/build/intrinsics.ts";

const makers = new Set(["stat"]);
const { date, regExp, mapSet, typedArrays, weakReferences } = intrinsicBits;

describe("what of the engine a chunk may use", () => {
  it.each([
    ["nothing", 'let a=b/c;kill("/etc/init")', ["kill"], 0],
    ["a date", "Date.now()", [], date],
    ["a map", "let a=new Map", [], mapSet],
    ["a set", "new Set([1])", [], mapSet],
    ["typed arrays", "new Uint8Array(1)", [], typedArrays],
    ["a buffer", "new ArrayBuffer(1)", [], typedArrays],
    ["typed arrays that the binding makes", "stat(a)", ["stat"], typedArrays],
    ["typed arrays, when it imports the whole binding", "n.kill()", null, typedArrays],
    ["weak references", "new WeakRef(a)", [], weakReferences],
    ["the names of others in longer ones", "Dates;Mapped;Settings;MyDate2", [], 0],
    ["a regular expression as argument", "a.replace(/b/,c)", [], regExp],
    ["one that is returned", "return/b/.test(c)", [], regExp],
    ["one that is assigned", "a=/b/", [], regExp],
    ["one after an arrow", "a=>/b/", [], regExp],
    ["one at the begin of a statement", "a}/b/.exec(c)", [], regExp],
    ["one on a new line", "a\n /b/.exec(c)", [], regExp],
    ["its constructor", "RegExp(a)", [], regExp],
    ["a text that becomes one", 'a.match("b")', [], regExp],
  ])("%s", (_what, chunk, natives, bits) => {
    expect(intrinsicsOf(chunk, natives, makers)).toBe(bits);
  });
});

describe("functions of the binding that make typed arrays", () => {
  it("are those whose declared result holds one", () => {
    const declarations = `
  export function stat(path: string, follow: boolean): Failable<Float64Array>;
  export function read(fd: number, into: Uint8Array, offset: number, length: number): number;
  export function readDirectory(path: string): Failable<{ names: string[]; types: Uint8Array }>;`;
    expect([...nativesWithTypedArrays(declarations)]).toEqual(["stat", "readDirectory"]);
  });
});

import { describe, expect, it } from "vitest";
import { withGlobals } from "../../../src/build/compatibility.ts";

describe("globals of packages", () => {
  it("are imported where they are used", () => {
    expect(withGlobals("const process = globalThis.process;\nexport {};", "/room")).toBe(
      'import { process as globalProcess } from "/room/process.ts"; const process = globalProcess;\nexport {};',
    );
    expect(withGlobals("console.warn(1);", "/room")).toBe(
      'const { console } = require("/room/console.ts"); console.warn(1);',
    );
    expect(withGlobals("path = process.cwd();", "/room")).toBe(
      'const { process } = require("/room/process.ts"); path = process.cwd();',
    );
  });

  it("leave every other file as it is", () => {
    const text = "module.exports = { console: 1, process: 2 };";
    expect(withGlobals(text, "/room")).toBe(text);
  });
});

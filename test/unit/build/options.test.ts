import { describe, expect, it } from "vitest";
import { readOptions } from "../../../src/build/options.ts";

describe("options of the build", () => {
  it("builds dist/upinit from bin/upinit.ts when nothing is asked for", () => {
    expect(readOptions([], {})).toEqual({
      entry: "bin/upinit.ts",
      out: "dist/upinit",
      fast: false,
      sanitize: false,
      debug: false,
      compiler: null,
    });
  });

  it("keeps a sanitized executable apart from the real one", () => {
    expect(readOptions(["--sanitize"], {}).out).toBe("dist/upinit-sanitized");
    expect(readOptions(["--sanitize", "--out", "x"], {}).out).toBe("x");
  });

  it.each([
    [["--cc", "a -m32"], { UPINIT_CC: "b", CC: "c" }, "a -m32"],
    [[], { UPINIT_CC: "b", CC: "c" }, "b"],
    [[], { CC: "c" }, "c"],
    [[], { CC: "" }, null],
  ])("takes the compiler of %j and %j", (args, environment, compiler) => {
    expect(readOptions(args, environment).compiler).toBe(compiler);
  });

  it.each([
    [["--fastt"], "unknown option --fastt"],
    [["--out"], "--out needs a value"],
    [["file.ts"], "unknown option file.ts"],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });
});

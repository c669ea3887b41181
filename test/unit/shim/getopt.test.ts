import { describe, expect, it } from "vitest";
import { getopt } from "../../../src/shim/getopt.ts";

const names = [
  ["help", "h"],
  ["verbose", "v"],
  ["version", "V"],
  ["rewrite", "r"],
] as const;

function read(args: readonly string[], permute = true) {
  return getopt({ program: "prog", letters: "hvVr:", names, permute }, args);
}

describe("getopt", () => {
  it.each([
    [[], [], []],
    [["a", "-v", "b"], [["v", ""]], ["a", "b"]],
    [["a", "-v", "--", "-h"], [["v", ""]], ["a", "-h"]],
    [["--", "-v"], [], ["-v"]],
    [["-", "-v"], [["v", ""]], ["-"]],
    [
      ["-vhr1:2", "x"],
      [
        ["v", ""],
        ["h", ""],
        ["r", "1:2"],
      ],
      ["x"],
    ],
    [["-r", "-v", "x"], [["r", "-v"]], ["x"]],
    [["--rewrite=", "x"], [["r", ""]], ["x"]],
    [["--rew", "a", "x"], [["r", "a"]], ["x"]],
    [["--verb", "x"], [["v", ""]], ["x"]],
    [["--vers"], [["V", ""]], []],
  ])("%j", (args, options, rest) => {
    expect(read(args)).toEqual({ options, rest });
  });

  it("stops at the first argument when it is not to permute", () => {
    expect(read(["-v", "a", "-h"], false)).toEqual({ options: [["v", ""]], rest: ["a", "-h"] });
  });

  it.each([
    [["-x"], "prog: invalid option -- 'x'"],
    [["-v:"], "prog: invalid option -- ':'"],
    [["-r"], "prog: option requires an argument -- 'r'"],
    [["--nope=1"], "prog: unrecognized option '--nope=1'"],
    [["--verbose=1"], "prog: option '--verbose' doesn't allow an argument"],
    [["--rewrite"], "prog: option '--rewrite' requires an argument"],
    [["--ver"], "prog: option '--ver' is ambiguous; possibilities: '--verbose' '--version'"],
  ])("%j: %s", (args, error) => {
    expect(read(args).error).toBe(error);
  });

  it("gives the options up to the error", () => {
    expect(read(["-h", "-x", "-v"]).options).toEqual([["h", ""]]);
  });
});

import { describe, expect, it } from "vitest";
import { globalOptions, noWaitOption, type OptionSpec, valuesOf } from "../../../src/commands/command.ts";
import { scan } from "../../../src/commands/scan.ts";

const many: OptionSpec = { long: "env", short: "e", value: "KEY=VALUE", help: "", many: true };
const specs = [...globalOptions, noWaitOption, many];

const scanned = (...words: string[]) => {
  const result = scan(words, specs);
  return result && { options: Object.fromEntries(result.options), args: result.args };
};

describe("a plain command line", () => {
  it.each([
    [["a", "B=1"], {}, ["a", "B=1"]],
    [["-n", "a"], { "no-wait": "" }, ["a"]],
    [["a", "--no-wait", "-q"], { "no-wait": "", quiet: "" }, ["a"]],
    [["-nq", "a"], { "no-wait": "", quiet: "" }, ["a"]],
    [["--socket", "/s", "a"], { socket: "/s" }, ["a"]],
    [["--socket=/s=x", "a"], { socket: "/s=x" }, ["a"]],
    [["--", "-n", "--"], {}, ["-n", "--"]],
    [["-", ""], {}, ["-", ""]],
    [["-eA=1", "x"], { env: "A=1" }, ["x"]],
    [["-ne", "A=1", "x"], { "no-wait": "", env: "A=1" }, ["x"]],
  ])("%j", (words, options, args) => {
    expect(scanned(...words)).toEqual({ options, args });
  });

  it("keeps all values of an option that may be repeated, and the last of others", () => {
    const options =
      scan(["-e", "A=1", "--env=B=2", "--socket", "x", "--socket", "y"], specs)?.options ?? new Map();
    expect(valuesOf(options, "env")).toEqual(["A=1", "B=2"]);
    expect([options.get("socket"), valuesOf(options, "none")]).toEqual(["y", []]);
  });
});

it.each([["-x"], ["--nope"], ["--quiet=1"], ["--socket"], ["-nx"], ["-e"], ["--no"], ["--sock", "x"]])(
  "is left to commander: %s",
  (...words) => {
    expect(scanned(...words)).toBeNull();
  },
);

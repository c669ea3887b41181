import { describe, expect, it } from "vitest";
import { nearest } from "../../../src/events/nearest.ts";
import { allOptions, lastValue, scanOptions } from "../../../src/shim/options.ts";

function scan(args: readonly string[], environment: readonly string[] = []) {
  return scanOptions(["upinit", ...args], environment);
}

/** What was understood, as plain data. */
function understood(args: readonly string[], environment: readonly string[] = []) {
  const result = scan(args, environment);
  return result.ok ? { options: Object.fromEntries(result.values), command: result.command } : result.message;
}

describe("scanOptions", () => {
  it.each([
    [[], {}, []],
    [["cmd"], {}, ["cmd"]],
    [["cmd", "-g", "--"], {}, ["cmd", "-g", "--"]],
    [["--", "-g"], {}, ["-g"]],
    [["--", "--", "x"], {}, ["--", "x"]],
    [["-", "x"], {}, ["-", "x"]],
    [["-g", "cmd"], { group: [""] }, ["cmd"]],
    [["-gs", "cmd"], { group: [""], subreaper: [""] }, ["cmd"]],
    [["-vv", "cmd"], { verbose: ["", ""] }, ["cmd"]],
    [["-ge5", "cmd"], { group: [""], "remap-exit": ["5"] }, ["cmd"]],
    [["-e", "5", "-e6", "cmd"], { "remap-exit": ["5", "6"] }, ["cmd"]],
    [["--rewrite=15:3", "--rewrite", "1:2"], { rewrite: ["15:3", "1:2"] }, []],
    [["--confdir=", "cmd"], { confdir: [""] }, ["cmd"]],
    [["--socket", "--group"], { socket: ["--group"] }, []],
    [["--install"], { install: [""] }, []],
    [["--install", "/usr/sbin"], { install: ["/usr/sbin"] }, []],
    [["--install", "-q"], { install: [""], quiet: [""] }, []],
    [["--install=/x", "y"], { install: ["/x"] }, ["y"]],
  ])("%j", (args, options, command) => {
    expect(understood(args)).toEqual({ options, command });
  });

  it.each([
    [["--nope"], "unknown option --nope"],
    [["--grou"], "unknown option --grou"],
    [["--constructor"], "unknown option --constructor"],
    [["-gZ"], "unknown option -Z"],
    [["--"], { options: {}, command: [] }],
    [["--group=1"], "option --group takes no value"],
    [["--socket"], "option --socket needs a value (PATH)"],
    [["-e"], "option --remap-exit needs a value (STATUS)"],
    [["---"], "unknown option ---"],
    [["--=x"], "unknown option --"],
  ])("%j: %j", (args, expected) => {
    expect(understood(args)).toEqual(expected);
  });

  it.each([
    [["UPINIT_GROUP=1"], { group: [""] }],
    [["UPINIT_GROUP=0"], {}],
    [["UPINIT_GROUP=No"], {}],
    [["UPINIT_GROUP="], {}],
    [["UPINIT_STOP_SIGNAL=QUIT"], { "stop-signal": ["QUIT"] }],
    [["UPSTART_CONFDIR=/x", "UPSTART_LOGDIR=/y"], { confdir: ["/x"], logdir: ["/y"] }],
    [["UPINIT_CONFDIR=/x"], {}],
    [["UPINIT_HELP=1", "UPINIT_INSTALL=/x", "UPINIT_STATE_FD=3", "UPINIT_USER=1"], {}],
    [["UPINIT_", "UPINIT_NOPE=1", "GROUP=1"], {}],
  ])("the environment %j", (environment, options) => {
    expect(understood(["cmd"], environment)).toEqual({ options, command: ["cmd"] });
  });

  it("the command line outranks the environment", () => {
    expect(understood(["--socket", "/a"], ["UPINIT_SOCKET=/b"])).toEqual({
      options: { socket: ["/a"] },
      command: [],
    });
  });
});

describe("the table", () => {
  const options = allOptions();

  it("has each name, letter and variable once", () => {
    for (const key of ["name", "letter", "environment"] as const) {
      const values = options.map((option) => option[key]).filter((value) => value !== "" && value !== "-");
      expect(new Set(values).size).toBe(values.length);
    }
  });

  it.each(options)("--$name is found by its name and its letter", ({ name, letter, value }) => {
    const found = scan(value === "required" ? [`--${name}`, "x"] : [`--${name}`]);
    expect(found.ok && lastValue(found.values, name)).toBe(value === "required" ? "x" : "");
    if (letter === "") return;
    const byLetter = scan(value === "required" ? [`-${letter}x`] : [`-${letter}`]);
    expect(byLetter.ok && lastValue(byLetter.values, name)).toBe(value === "required" ? "x" : "");
  });
});

describe("nearest", () => {
  const candidates = ["group", "respawn", "respawn-limit", "socket", "stop-signal", "user"];
  it.each([
    ["grup", "group"],
    ["gruop", "group"],
    ["soket", "socket"],
    ["respawn-limt", "respawn-limit"],
    ["stop-sig", "stop-signal"],
    ["x", undefined],
    ["completely-else", undefined],
  ])("%s: %s", (word, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

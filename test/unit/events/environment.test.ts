// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import { describe, expect, it } from "vitest";
import {
  addDeclared,
  addVariables,
  expand,
  getVariable,
  isEnvironment,
  setVariable,
} from "../../../src/events/environment.ts";

describe("expand", () => {
  const env = ["FOO=frodo", "BAR=bilbo", "BAZ=xx", "HOBBIT=FOO", "NULL=", "DOH=oops"];

  it.each([
    ["this is a $FOO test", "this is a frodo test"],
    ["${BAR}test", "bilbotest"],
    ["${$HOBBIT} baggins", "frodo baggins"],
    ["${${HOBBIT}}", "frodo"],
    ["${MEEP-a }test", "a test"],
    ["${NULL-a }test", "test"],
    ["${NULL:-a }test", "a test"],
    ["${NULL+good }test", "good test"],
    ["${NULL:+good }test", "test"],
    ["${FOO:+good }test", "good test"],
    ["${$BAZ:-${$HOBBIT}}test", "frodotest"],
    ["this is a $ test", "this is a $ test"],
    ["${}test", "$test"],
    ["$", "$"],
    ["$1", "$1"],
    ["$FOO_", null],
    ["\\$FOO", "\\frodo"],
    ["plain", "plain"],
    ["$FOO$BAR", "frodobilbo"],
  ])("%j gives %j", (text, expected) => {
    const result = expand(text, env);
    expect(result.ok ? result.text : null).toBe(expected);
  });

  it.each([
    ["$NOPE", "Unknown parameter: NOPE"],
    ["${NOPE}", "Unknown parameter: NOPE"],
    ["${FOO:-$WIBBLE}", "Unknown parameter: WIBBLE"],
    ["${NAME?x}", "Unknown parameter: NAME?x"],
    ["${FOO:!x}", "Expected operator"],
    ["${$FOO:!$BAR test", "Expected operator"],
    ["${FOO", "Mismatched braces"],
    ["${FOO:-x", "Mismatched braces"],
  ])("%j fails: %s", (text, error) => {
    expect(expand(text, env)).toEqual({ ok: false, error });
  });

  it("looks at a substituted value no second time", () => {
    expect(expand("$A", ["A=$B", "B=x"])).toEqual({ ok: true, text: "$B" });
  });

  it("refuses nesting without end", () => {
    const deep = "${".repeat(100_000);
    expect(expand(deep, []).ok).toBe(false);
  });
});

describe("environment lists", () => {
  it("replaces in place, keeps the order, and appends what is new", () => {
    const env = ["A=1", "B=2"];
    addVariables(env, ["C=3", "A=9"]);
    expect(env).toEqual(["A=9", "B=2", "C=3"]);
  });

  it("keeps what is there without replace", () => {
    const env = ["A=1"];
    setVariable(env, "A=2", false);
    setVariable(env, "B=", false);
    expect(env).toEqual(["A=1", "B="]);
  });

  it("tells a key from one that begins like it", () => {
    expect(getVariable(["AB=1", "A=2"], "A")).toBe("2");
    expect(getVariable(["AB=1"], "A")).toBeUndefined();
  });

  it("knows no difference between names that mean something to JavaScript and others", () => {
    expect(getVariable(["__proto__=x", "constructor=y"], "__proto__")).toBe("x");
    expect(getVariable([], "constructor")).toBeUndefined();
  });

  it("takes a bare name from init's environment, or removes it", () => {
    const env = ["NOPE=old"];
    addDeclared(env, "HOME", () => ["HOME=/root"]);
    addDeclared(env, "NOPE", () => ["HOME=/root"]);
    expect(env).toEqual(["HOME=/root"]);
  });

  it("accepts any key in a request, but not none", () => {
    expect(isEnvironment(["=x", "1a=x", "K=="])).toBe(true);
    expect(isEnvironment(["A=1", "FOO"])).toBe(false);
  });
});

describe("many variables", () => {
  it("are added as few are: in place, in order, the later winning", () => {
    const few: string[] = ["A=1", "B=2", "A=again"];
    const many = Array.from({ length: 5_000 }, (_, index) => `V${index}=${index}`);
    addVariables(few, [...many, "B=3", "V7=seven", "NEW=x"]);
    expect(few.slice(0, 3)).toEqual(["A=1", "B=3", "A=again"]);
    expect(few[10]).toBe("V7=seven");
    expect(few.at(-1)).toBe("NEW=x");
    expect(few).toHaveLength(5_004);
  });
});

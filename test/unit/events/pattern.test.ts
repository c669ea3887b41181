// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import { describe, expect, it } from "vitest";
import { indexKey, indexKeysOf, matchesPattern, preparePattern } from "../../../src/events/pattern.ts";

function matches(args: readonly string[], eventEnv: readonly string[], env: readonly string[] = []): boolean {
  return matchesPattern(preparePattern({ type: "match", event: "e", args }), eventEnv, env);
}

const hobbits = ["FRODO=foo", "BILBO=bar", "MERRY=baz"];

// The rules of docs/upstart.md#52-matching.
describe("matchesPattern", () => {
  it.each<[string[], boolean]>([
    [[], true],
    [["foo", "bar"], true], // 51
    [["foo", "baz"], false],
    [["BILBO=bar", "FRODO=foo"], true],
    [["MERRY=b?z"], true],
    [["f*"], true],
    [["foo", "bar", "baz", "x"], false],
    [["BILBO!=baz"], true], // 52
    [["BILBO!=bar"], false],
    [["PIPPIN!=x"], false],
    [["foo", "bar", "MERRY=baz"], true], // 53
    [["FRODO=foo", "bar"], true],
  ])("%j: %j", (args, expected) => {
    expect(matches(args, hobbits)).toBe(expected);
  });

  it("expands what the pattern refers to", () => {
    expect(matches(["$FOO"], ["X=foo"], ["FOO=foo"])).toBe(true);
    expect(matches(["$WIBBLE"], ["X=foo"], ["FOO=foo"])).toBe(false);
    expect(matches(["X!=$WIBBLE"], ["X=foo"])).toBe(false);
    expect(matches(["${WIBBLE:-foo}"], ["X=foo"])).toBe(true);
  });

  it("takes `!=` for the operator wherever it stands", () => {
    expect(matches(["A=b!=c"], ["A=b=x"])).toBe(true);
  });

  it("tells an empty value from one that is missing", () => {
    expect(matches(["X="], ["X="])).toBe(true);
    expect(matches(["X="], ["X=1"])).toBe(false);
    expect(matches(["X="], [])).toBe(false);
    expect(matches(["L!=x"], ["L="])).toBe(true);
  });
});

describe("the index", () => {
  it.each([
    [["a"], ["JOB=a", "INSTANCE="]],
    [["JOB=a"], ["JOB=a"]],
    [["JOB=a"], ["X=1", "JOB=a"]],
    [["a*"], ["JOB=abc"]],
    [["$X"], ["JOB=abc"]],
    [
      ["x", "LAST=z"],
      ["FIRST=x", "MID=q", "LAST=z"],
    ],
    [["JOB!=a"], ["JOB=b"]],
    [
      ["a*", "RESULT=failed"],
      ["JOB=ab", "RESULT=failed"],
    ],
    [[], []],
    [[], ["A=1"]],
    [[""], ["A="]],
  ])("finds %j by an event with %j", (args, eventEnv) => {
    const key = indexKey(preparePattern({ type: "match", event: "e", args }));
    expect(indexKeysOf("e", eventEnv)).toContain(key);
  });

  it("does not find what can't match", () => {
    const key = indexKey(preparePattern({ type: "match", event: "started", args: ["job1"] }));
    expect(indexKeysOf("started", ["JOB=job2", "INSTANCE="])).not.toContain(key);
  });
});

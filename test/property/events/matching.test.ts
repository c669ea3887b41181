// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax that is tested
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition } from "../../../src/events/condition.ts";
import { ConditionState, compileCondition } from "../../../src/events/condition-state.ts";
import { expand, getVariable, setVariable } from "../../../src/events/environment.ts";
import { Event } from "../../../src/events/event.ts";
import { matchesGlob } from "../../../src/events/glob.ts";
import { indexKey, indexKeysOf, matchesPattern, preparePattern } from "../../../src/events/pattern.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "1", "/", "."), maxLength: 6 });
const globPiece = fc.constantFrom("a", "b", "1", "/", ".", "*", "?", "[ab]", "[!a]", "[a-z]", "\\*");
const glob = fc.array(globPiece, { maxLength: 6 }).map((pieces) => pieces.join(""));

/** The pattern as a regular expression, of which JavaScript knows what it means. */
function asExpression(pattern: string): RegExp {
  const pieces = pattern.match(/\\.|\[[^\]]*\]|./gs) ?? [];
  const source = pieces.map((piece) => {
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    if (piece.startsWith("[")) return piece.replace("[!", "[^");
    return piece.replace(/^\\/, "").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "su");
}

describe("matchesGlob", () => {
  it("means what the same thing means as a regular expression", () => {
    fc.assert(
      fc.property(glob, word, (pattern, text) => {
        expect(matchesGlob(pattern, text)).toBe(asExpression(pattern).test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes any text for a pattern", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (pattern, text) => {
        expect(typeof matchesGlob(pattern, text)).toBe("boolean");
        expect(matchesGlob("*", text)).toBe(true);
        expect(matchesGlob(text.replace(/[*?[\\]/g, "\\$&"), text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("expand", () => {
  it("leaves text without a dollar alone, and never fails but with words", () => {
    const piece = fc.oneof(
      word,
      fc.constantFrom("$", "${", "}", ":-", ":+", "-", "+", "$A", "${B}", "${A:-x}", "$$"),
    );
    const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, (source) => {
        const result = expand(source, ["A=1", "B="]);
        if (!source.includes("$")) expect(result).toEqual({ ok: true, text: source });
        if (!result.ok)
          expect(result.error).toMatch(/^(Unknown parameter: |Mismatched braces$|Expected operator$)/s);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("environments", () => {
  it("give back what was set last", () => {
    const key = fc.constantFrom("A", "AB", "B", "__proto__", "");
    fc.assert(
      fc.property(fc.array(fc.tuple(key, word)), (entries) => {
        const env: string[] = [];
        const model = new Map<string, string>();
        for (const [name, value] of entries) {
          setVariable(env, `${name}=${value}`, true);
          model.set(name, value);
        }
        expect(env).toHaveLength(model.size);
        for (const [name, value] of model) expect(getVariable(env, name)).toBe(value);
      }),
    );
  });
});

const name = fc.constantFrom("x", "y", "z");
const entry = fc
  .tuple(fc.constantFrom("JOB", "INSTANCE", "K"), word)
  .map(([key, value]) => `${key}=${value}`);
const eventEnv = fc.uniqueArray(entry, {
  maxLength: 3,
  selector: (text) => text.slice(0, text.indexOf("=")),
});
const argument = fc.oneof(
  glob,
  word,
  fc.tuple(fc.constantFrom("JOB=", "K=", "K!=", "NOPE="), glob).map(([key, value]) => key + value),
);
const pattern = fc.record({
  type: fc.constant("match" as const),
  event: name,
  args: fc.array(argument, { maxLength: 2 }),
});

describe("the index of patterns", () => {
  it("finds each pattern that matches", () => {
    fc.assert(
      fc.property(pattern, eventEnv, (condition, env) => {
        const prepared = preparePattern(condition);
        if (!matchesPattern(prepared, env, [])) return;
        expect(indexKeysOf(condition.event, env)).toContain(indexKey(prepared));
      }),
      { numRuns: 3_000 },
    );
  });
});

const condition: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    name.map((event): Condition => ({ type: "match", event, args: [] })),
    fc.record({
      type: fc.constantFrom("and" as const, "or" as const),
      left: tie("node"),
      right: tie("node"),
    }),
  ),
})).node;

/** The operators as docs/upstart.md#53-held-events describes them: a tree whose leaves remember. */
function modelOf(source: Condition): {
  fulfil(event: string): boolean;
  value(): boolean;
  contributors(): string[];
  reset(): void;
} {
  if (source.type === "match") {
    let arrived = false;
    return {
      fulfil: (event) => {
        const changed = !arrived && event === source.event;
        arrived ||= changed;
        return changed;
      },
      value: () => arrived,
      contributors: () => (arrived ? [source.event] : []),
      reset: () => {
        arrived = false;
      },
    };
  }
  const [left, right] = [modelOf(source.left), modelOf(source.right)];
  const value = (): boolean =>
    source.type === "and" ? left.value() && right.value() : left.value() || right.value();
  return {
    fulfil: (event) => [left.fulfil(event), right.fulfil(event)].includes(true),
    value,
    contributors: () => (value() ? [...left.contributors(), ...right.contributors()] : []),
    reset: () => {
      left.reset();
      right.reset();
    },
  };
}

describe("ConditionState", () => {
  it("does what the tree of operators does, and holds each event as often as it lets go of it", () => {
    fc.assert(
      fc.property(condition, fc.array(fc.oneof(name, fc.constant("reset"))), (source, story) => {
        const state = new ConditionState<Event>(compileCondition(source));
        const model = modelOf(source);
        let held = 0;
        const holder = {
          hold: () => {
            held += 1;
          },
          unhold: () => {
            held -= 1;
          },
        };
        for (const [id, event] of story.entries()) {
          if (event === "reset") {
            state.reset(holder);
            model.reset();
            expect(held).toBe(0);
          } else {
            const changed = model.fulfil(event);
            expect(state.handle(new Event(id, event, []), [], holder)).toBe(changed && model.value());
          }
          expect(state.isFulfilled).toBe(model.value());
          expect(state.contributors().map((each) => each.name)).toEqual(model.contributors());
          expect(held).toBe(state.arrived.filter(Boolean).length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

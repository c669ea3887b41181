import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conditionSource, formatJob } from "../../../src/config/format.ts";
import { parseJob } from "../../../src/config/parser.ts";
import { scriptSections } from "../../../src/config/script-sections.ts";
import { stanzas } from "../../../src/config/stanzas.ts";
import type { JobClass } from "../../../src/jobs/job-class.ts";

/** Bytes as the binding gives them: what is no UTF-8 comes as lone surrogates. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..." \t\r\n\n\n#\"'\\()=$!-0aA\0\ufeff"),
    fc
      .integer({ min: 0, max: 255 })
      .map((byte) => (byte < 128 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte))),
    fc.constantFrom("é", "漢", "😀"),
  ),
  size: "medium",
});

const blank = fc.constantFrom(" ", "  ", "\t", " \\\n  ", "\r", "\\\n");
const word = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ..."on limit exit signal timeout exec script load score unlimited never core nofile and or ( ) foo bar K=v K!=v 5 -1 022 TERM # \" ' \\ end".split(
        " ",
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '"a b"',
      "'c d'",
      'K="x y"',
      'a\\"b',
      '"a\n b"',
      "\\\\",
      '"\\\\"',
      "e\\ f",
      "'\"'",
      "*?[a-z]",
    ),
  },
  { weight: 2, arbitrary: anyText },
);
const line = fc
  .tuple(fc.constantFrom(...stanzas.keys()), fc.array(fc.tuple(blank, word), { maxLength: 6 }))
  .map(([stanza, words]) => `${stanza}${words.map(([space, one]) => space + one).join("")}\n`);
const block = fc
  .tuple(
    fc.constantFrom("script", "pre-start script", "post-stop script"),
    fc.array(fc.tuple(fc.constantFrom("", "  ", "    ", "\t", "\r"), word), { maxLength: 6 }),
  )
  .map(
    ([stanza, lines]) =>
      `${stanza}\n${lines.map(([indent, text]) => `${indent + text}\n`).join("")}end script\n`,
  );
/** Texts that look like configuration, so that much of it is accepted. */
const configuration = fc
  .array(fc.oneof({ weight: 4, arbitrary: line }, block, fc.constantFrom("\n", "  # comment\n", "\\\n")), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));

function parse(text: string) {
  return parseJob(text, { name: "t", path: "t.conf" });
}

function checkDiagnostic(text: string): void {
  const result = parse(text);
  if (result.ok) return;
  const { line: reported, place } = result.diagnostic;
  const last = text.split("\n").length;
  expect(reported).toBeGreaterThanOrEqual(1);
  expect(reported).toBeLessThanOrEqual(last);
  expect(place).not.toBeNull();
  if (place === null) return;
  expect(place.line).toBeGreaterThanOrEqual(1);
  expect(place.line).toBeLessThanOrEqual(last);
  const characters = [...(text.split("\n")[place.line - 1] ?? "")].length;
  expect(place.column).toBeGreaterThanOrEqual(1);
  expect(place.column).toBeLessThanOrEqual(characters + 1);
}

/** Prints and reads again until nothing changes: once must be enough. */
function checkStable(jobClass: JobClass): void {
  const printed = formatJob(jobClass);
  const again = parse(printed);
  if (!again.ok) throw new Error(`${again.diagnostic.line}: ${again.diagnostic.message} in\n${printed}`);
  expect(again.jobClass).toEqual(jobClass);
  expect(formatJob(again.jobClass)).toBe(printed);
}

describe("the parser", () => {
  test("refuses any bytes with a place inside the file, or reads them", () => {
    fc.assert(fc.property(anyText, checkDiagnostic), { numRuns: 2000 });
  });

  test("refuses what looks like configuration with a place inside the file, or reads it", () => {
    fc.assert(fc.property(configuration, checkDiagnostic), { numRuns: 3000 });
  });

  test("ends with any bytes of up to a megabyte", () => {
    const large = fc.tuple(anyText, fc.integer({ min: 1, max: 1024 * 1024 })).map(([unit, length]) => {
      return unit === "" ? "" : unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    });
    const beginnings = fc.constantFrom(
      "",
      'exec "',
      "script\n",
      "start on (a or ",
      "env A=\\",
      "emits ",
      "exec ",
    );
    fc.assert(
      fc.property(beginnings, large, (beginning, rest) => checkDiagnostic(beginning + rest)),
      { numRuns: 30 },
    );
  });

  test("reads what it prints as the same class", () => {
    fc.assert(
      fc.property(configuration, (text) => {
        const result = parse(text);
        fc.pre(result.ok);
        if (result.ok) checkStable(result.jobClass);
      }),
      { numRuns: 3000, maxSkipsPerRun: 1000 },
    );
  });

  test("an override never changes the class that it is laid upon", () => {
    fc.assert(
      fc.property(configuration, configuration, (conf, override) => {
        const first = parse(conf);
        fc.pre(first.ok);
        if (!first.ok) return;
        const before = structuredClone(first.jobClass);
        parseJob(override, { name: "t", path: "t.override", base: first.jobClass });
        expect(first.jobClass).toEqual(before);
      }),
      { numRuns: 500, maxSkipsPerRun: 1000 },
    );
  });
});

describe("the printer", () => {
  const text = fc.string({
    minLength: 1,
    unit: fc.constantFrom(..." \t\ra#\"'\\()=$é漢".split(""), "and", "or"),
  });

  test("quotes any text so that it is read as it was", () => {
    fc.assert(
      fc.property(text, text, text, (description, env, command) => {
        const jobClass: JobClass = {
          ...(parse("") as { jobClass: JobClass }).jobClass,
          description,
          env: [env],
          emits: [command],
        };
        checkStable(jobClass);
      }),
      { numRuns: 1000 },
    );
  });

  test("quotes any event and argument", () => {
    const positional = text.map((one) => one.replaceAll("=", "-"));
    fc.assert(
      fc.property(positional, fc.array(positional), fc.array(text), (event, args, named) => {
        const condition = {
          type: "match" as const,
          event,
          args: [...args, ...named.map((one) => `K=${one}`)],
        };
        const result = parse(`start on ${conditionSource(condition)}\n`);
        expect(result.ok && result.jobClass.startOn).toEqual(condition);
      }),
      { numRuns: 1000 },
    );
  });
});

test("script sections are found in any text, line by line", () => {
  fc.assert(
    fc.property(configuration, (text) => {
      const lines = text.split("\n");
      for (const { line: first, body } of scriptSections(text)) {
        const expected = lines.slice(first - 1, first - 1 + body.split("\n").length - 1);
        expect(body.split("\n").slice(0, -1)).toEqual(expected);
      }
    }),
    { numRuns: 1000 },
  );
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importedNatives, nativeOrder, withNamedNatives } from "../../../src/build/natives.ts";

describe("imports of the binding", () => {
  it("become imports by name", () => {
    const text = 'import * as native from "upinit:native";\nnative.read(native.O_RDONLY, native.read);\n';
    expect(withNamedNatives(text)).toBe(
      'import { read as native_read, O_RDONLY as native_O_RDONLY } from "upinit:native";' +
        "\nnative_read(native_O_RDONLY, native_read);\n",
    );
  });

  it("leave types, and what only looks like a use", () => {
    const text =
      'import * as native from "upinit:native";\nlet a: native.SignalSet; my.native.kill(); alternative.x();';
    const result = withNamedNatives(text);
    expect(result).toContain("let a: native.SignalSet; my.native.kill(); alternative.x();");
    expect(result).toContain('import type * as native from "upinit:native";');
  });

  it("can't be the whole binding as a value", () => {
    expect(() => withNamedNatives('import * as native from "upinit:native";\nrun(native);')).toThrow(
      "native stands for the whole binding here",
    );
    const harmless = 'import * as native from "upinit:native";\n// native code\nnative.kill("native");';
    expect(withNamedNatives(harmless)).toContain('native_kill("native");');
  });

  it("leave a file alone that imports otherwise", () => {
    const text = 'import { kill } from "upinit:native";\nkill(1, 2);';
    expect(withNamedNatives(text)).toBe(text);
  });
});

describe("what a chunk imports of the binding", () => {
  it.each([
    ["nothing", 'import{a}from"./chunk.js";a()', []],
    ["names", 'import{a}from"./chunk.js";import{read as x,write}from"upinit:native";x()', ["read", "write"]],
    [
      "names of several imports, once each",
      'import { read } from "upinit:native";\nimport {\n  read as r,\n  kill\n} from "upinit:native";',
      ["read", "kill"],
    ],
    ["all of it", 'import*as n from"upinit:native";n.read()', null],
  ])("is %s", (_what, chunk, names) => {
    expect(importedNatives(chunk)).toEqual(names);
  });

  it("is not guessed", () => {
    expect(() => importedNatives('import n from "upinit:native";')).toThrow("cannot read the import");
  });
});

describe("the order of the binding's tables", () => {
  it("is that of the entries in the C files", () => {
    const directory = mkdtempSync(join(tmpdir(), "upinit-natives-"));
    try {
      writeFileSync(
        join(directory, "a.c"),
        'UPINIT_CONSTANT(O_RDONLY),\n UPINIT_FUNCTION("open", 2, js_open),',
      );
      writeFileSync(join(directory, "a.h"), 'UPINIT_FUNCTION("no", 2, no)');
      expect([...nativeOrder(directory)]).toEqual([
        ["O_RDONLY", 0],
        ["open", 1],
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

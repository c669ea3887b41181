import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cached, contentHash } from "../../../src/build/cache.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "upinit-cache-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the cache of built objects", () => {
  it("makes a file once", async () => {
    let made = 0;
    const make = async (path: string) => {
      made++;
      writeFileSync(path, "object");
    };
    const first = await cached(directory, "name", make);
    expect(await cached(directory, "name", make)).toBe(first);
    expect(readFileSync(first, "utf8")).toBe("object");
    expect(made).toBe(1);
  });

  it("holds nothing of a build that failed half way", async () => {
    const make = async (path: string) => {
      writeFileSync(path, "half");
      throw new Error("compiler");
    };
    await expect(cached(directory, "name", make)).rejects.toThrow("compiler");
    expect(existsSync(join(directory, "name"))).toBe(false);
  });

  it("names files by content, wherever they lie", () => {
    writeFileSync(join(directory, "a"), "text");
    writeFileSync(join(directory, "b"), "text");
    writeFileSync(join(directory, "c"), "other");
    const [a, b, c] = ["a", "b", "c"].map((name) => contentHash(["-Os"], [join(directory, name)]));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(contentHash(["-O2"], [join(directory, "a")])).not.toBe(a);
    expect(contentHash(["ab", "c"], [])).not.toBe(contentHash(["a", "bc"], []));
    expect(readdirSync(directory)).toHaveLength(3);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const project = join(import.meta.dirname, "../..");

/** The rooms of docs/house.md with their floors. What stands on no floor may use any room. */
const floors = new Map<string, number>();
for (const [, floor, room] of readFileSync(join(project, "docs/house.md"), "utf8").matchAll(
  /^\| (\S+) +\| `([a-z/]+)\/` /gm,
)) {
  floors.set(room as string, floor === "–" ? Number.POSITIVE_INFINITY : Number(floor));
}

function roomOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("src/") ? 2 : 1)
    .join("/");
}

function* sources(): Generator<string> {
  for (const top of ["bin", "src"]) {
    for (const name of readdirSync(join(project, top), { recursive: true, encoding: "utf8" })) {
      if (/(?<!\.d)\.ts$/.test(name)) yield `${top}/${name}`;
    }
  }
}

/** The files of the project that a file imports, at once or when it needs them. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(project, path), "utf8");
  return [...text.matchAll(/(?:\bfrom |\bimport\()"(\.[^"]*)"/g)].map(([, target]) =>
    normalize(join(dirname(path), target as string)),
  );
}

describe("the house", () => {
  it("has a floor for every room", () => {
    const rooms = new Set([...sources()].map(roomOf));
    expect([...rooms].sort()).toEqual([...floors.keys()].sort());
  });

  it("imports only downward", () => {
    const upward: string[] = [];
    for (const path of sources()) {
      for (const target of importsOf(path)) {
        const [from, to] = [roomOf(path), roomOf(target)];
        if (from !== to && !((floors.get(to) ?? 0) < (floors.get(from) ?? 0)))
          upward.push(`${path} -> ${target}`);
      }
    }
    expect(upward).toEqual([]);
  });
});

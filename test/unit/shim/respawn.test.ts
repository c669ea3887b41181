import { describe, expect, it } from "vitest";
import { Respawn } from "../../../src/shim/respawn.ts";

describe("Respawn", () => {
  it("gives up after more than the limit within the interval", () => {
    const respawn = new Respawn({ limit: 2, interval: 1000, least: 0, most: 0 });
    expect([0, 100, 200].map((now) => respawn.next(now, 1))).toEqual([0, 0, null]);
  });

  it("counts anew when the interval is over", () => {
    const respawn = new Respawn({ limit: 2, interval: 1000, least: 0, most: 0 });
    expect([0, 100, 1101, 1200, 1300].map((now) => respawn.next(now, 1))).toEqual([0, 0, 0, 0, null]);
  });

  it("doubles the pause up to the most, and begins again after a long run", () => {
    const respawn = new Respawn({ limit: Number.POSITIVE_INFINITY, interval: 0, least: 100, most: 350 });
    expect([1, 1, 1, 1, 350, 351].map((ran, index) => respawn.next(index, ran))).toEqual([
      100, 200, 350, 350, 350, 100,
    ]);
  });

  it("never gives up without a limit", () => {
    const respawn = new Respawn({ limit: Number.POSITIVE_INFINITY, interval: 0, least: 0, most: 0 });
    for (let run = 0; run < 1000; run++) expect(respawn.next(run, 0)).toBe(0);
  });
});

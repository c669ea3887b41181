import { expect, it } from "vitest";
import {
  barsOf,
  horizonOf,
  svgChart,
  textChart,
  ticksOf,
  type Until,
} from "../../../src/commands/boot-chart.ts";
import type { BootAnswer } from "../../../src/control/answers.ts";

const same = (text: string) => text;
const plain = { strong: same, faint: same, good: same, bad: same, notable: same };
const state = (at: number, job: string, to: string) => ({
  type: "state" as const,
  at,
  job,
  instance: "",
  state: to,
});

const boot: BootAnswer = {
  now: 10_000,
  phase: "running",
  booted: 500,
  records: [
    { type: "event", at: 0, event: "startup", finished: false },
    state(0, "setup", "starting"),
    state(0, "setup", "spawning"),
    state(100, "setup", "running"),
    state(0, "web", "starting"),
    state(500, "setup", "stopping"),
    state(500, "setup", "waiting"),
    state(500, "web", "pre-start"),
    state(800, "web", "spawned"),
    state(1_000, "web", "running"),
  ],
};

it("makes a bar of phases for each instance, in order of their starts", () => {
  expect(barsOf(boot)).toEqual([
    {
      name: "setup",
      ready: 100,
      failed: null,
      phases: [
        { kind: "spawn", from: 0, to: 100 },
        { kind: "run", from: 100, to: 500 },
      ],
    },
    {
      name: "web",
      ready: 1_000,
      failed: null,
      phases: [
        { kind: "blocked", from: 0, to: 500 },
        { kind: "hook", from: 500, to: 800 },
        { kind: "spawn", from: 800, to: 1_000 },
        { kind: "run", from: 1_000, to: 10_000 },
      ],
    },
  ]);
});

const until = (what: Until): number | null => horizonOf(boot, barsOf(boot), what);
const draw = (answer: BootAnswer, horizon: number): string[] =>
  textChart(answer, barsOf(answer), horizon, 70, plain, same);

it("ends where the boot ended and what was on its way then was up, at the end of an event, or now", () => {
  expect(until({ type: "boot" })).toBeCloseTo(1_050);
  expect(until({ type: "all" })).toBe(10_000);
  expect(until({ type: "event", event: "startup" })).toBeNull();
  const finished = { type: "event" as const, at: 500, event: "startup", finished: true };
  const answer = { ...boot, records: [...boot.records, finished] };
  expect(horizonOf(answer, barsOf(answer), { type: "event", event: "startup" })).toBeCloseTo(525);
  const later = { ...boot, records: [...boot.records, state(9_000, "late", "starting")] };
  expect(draw(later, 1_050).join("\n")).not.toContain("late");
});

it("has round ticks", () => {
  expect(ticksOf(1_050, 6)).toEqual([0, 200, 400, 600, 800, 1_000]);
  expect(ticksOf(7, 6)).toEqual([0, 2, 4, 6]);
});

it("draws them as text, with what became ready", () => {
  const lines = draw(boot, 1_050);
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/ready at {2}0 s +0\.2 s +0\.4 s +0\.6 s +0\.8 s/);
  expect(lines[1]).toMatch(/^setup +0\.100 s {2}\++\|=+$/);
  expect(lines[2]).toMatch(/^web +1\.000 s {2}\.+-+\++\|=*$/);
});

it("marks what failed", () => {
  const failing = { ...state(300, "bad", "stopping"), failed: true as const };
  const answer = {
    ...boot,
    records: [state(200, "bad", "pre-start"), failing, state(300, "bad", "waiting")],
  };
  expect(draw(answer, 1_000)[1]).toMatch(/^bad +-+!$/);
  expect(svgChart(barsOf(answer), 1_000)).toContain("bad: failed, 0.300 s");
});

it("says so if nothing was started", () => {
  expect(draw({ ...boot, records: [] }, 1_000)).toEqual(["No job was started since init began."]);
});

it("draws them as a picture, with every name made harmless", () => {
  const odd = { ...boot, records: [...boot.records, state(1, "<a>&\u001b\ud800", "starting")] };
  const picture = svgChart(barsOf(odd), 1_050);
  expect(picture).toMatch(/^<svg [^>]+>\n[\s\S]*<\/svg>\n$/);
  expect(picture).toContain(">&lt;a&gt;&amp;??</text>");
  expect(picture.match(/<title>web: /g)).toHaveLength(4);
});

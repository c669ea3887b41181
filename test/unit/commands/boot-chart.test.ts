import { expect, it } from "vitest";
import { barsOf, svgChart, textChart } from "../../../src/commands/boot-chart.ts";
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
      phases: [
        { kind: "spawn", from: 0, to: 100 },
        { kind: "run", from: 100, to: 500 },
      ],
    },
    {
      name: "web",
      ready: 1_000,
      phases: [
        { kind: "blocked", from: 0, to: 500 },
        { kind: "hook", from: 500, to: 800 },
        { kind: "spawn", from: 800, to: 1_000 },
        { kind: "run", from: 1_000, to: 10_000 },
      ],
    },
  ]);
});

it("draws them as text", () => {
  const lines = textChart(boot, 60, plain, same);
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^setup +0\.100 s {2}\++=+$/);
  expect(lines[2]).toMatch(/^web +1\.000 s {2}\.+-+\++=+$/);
});

it("says so if nothing was started", () => {
  expect(textChart({ ...boot, records: [] }, 60, plain, same)).toEqual([
    "No job was started since init began.",
  ]);
});

it("draws them as a picture, with every name made harmless", () => {
  const odd = { ...boot, records: [...boot.records, state(1, "<a>&\u001b\ud800", "starting")] };
  const picture = svgChart(odd);
  expect(picture).toMatch(/^<svg [^>]+>\n[\s\S]*<\/svg>\n$/);
  expect(picture).toContain(">&lt;a&gt;&amp;??</text>");
  expect(picture.match(/<title>web: /g)).toHaveLength(4);
});

import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { exceptionNames, expected } from "./exceptions.ts";
import { play } from "./player.ts";
import { readScenario, type Scenario, scenarioNames } from "./scenario.ts";

const scenarios = scenarioNames().map(readScenario);

/** Programs that a scenario names in its jobs, where it needs them. */
const needed = ["busybox", "dbus-daemon", "nginx", "perl"];
const isInstalled = (program: string) =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
const missing = needed.filter((program) => !isInstalled(program));
const lacks = ({ jobs }: Scenario) =>
  missing.some((program) => Object.values(jobs).some((text) => String(text).includes(program)));

describe.concurrent("upinit does what Upstart did", () => {
  test.each(scenarios.filter((scenario) => !lacks(scenario)))("$name: $about", async (scenario) => {
    expect(await play(scenario)).toBe(expected(scenario));
  });
});

test.skipIf(missing.length > 0)(`no scenario lacks a program (${missing.join(", ")})`, () => {
  expect(scenarios.filter(lacks)).toEqual([]);
});

test("every exception belongs to a scenario", () => {
  expect(scenarioNames()).toEqual(expect.arrayContaining([...exceptionNames()]));
});

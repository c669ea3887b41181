import { describe, expect, test } from "vitest";
import { exceptionNames, expected } from "./exceptions.ts";
import { play } from "./player.ts";
import { readScenario, scenarioNames } from "./scenario.ts";

const scenarios = scenarioNames().map(readScenario);

describe.concurrent("upinit does what Upstart did", () => {
  test.each(scenarios)("$name: $about", async (scenario) => {
    expect(await play(scenario)).toBe(expected(scenario));
  });
});

test("every exception belongs to a scenario", () => {
  expect(scenarioNames()).toEqual(expect.arrayContaining([...exceptionNames()]));
});

import { describe, expect, it } from "vitest";
import { goals, nextState, nextStates, states } from "../../../src/jobs/states.ts";

// State, goal start, goal stop, goal respawn (docs/upstart.md#41-transitions). Before running, Upstart has respawn in
// post-start only: it has no start timeout and no requirements.
const table = `
waiting           | starting          | -                             | -
starting          | security-spawning | stopping                      | stopping
security-spawning | security          | stopping                      | stopping
security          | pre-starting      | stopping                      | stopping
pre-starting      | pre-start         | stopping                      | stopping
pre-start         | spawning          | stopping                      | stopping
spawning          | spawned           | stopping                      | stopping
spawned           | post-starting     | stopping                      | stopping
post-starting     | post-start        | stopping                      | stopping
post-start        | running           | stopping                      | stopping
running           | stopping          | pre-stopping or else stopping | pre-stopping or else stopping
pre-stopping      | pre-stop          | pre-stop                      | pre-stop
pre-stop          | running           | stopping                      | stopping
stopping          | killed            | killed                        | -
killed            | post-stopping     | post-stopping                 | -
post-stopping     | post-stop         | post-stop                     | -
post-stop         | starting          | waiting                       | -
`;

describe("the state table", () => {
  const rows = table
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));

  it("has a row for each state, and no other", () => {
    expect(Object.keys(nextStates).sort()).toEqual([...states].sort());
    expect(rows.map(([state]) => state).sort()).toEqual([...states].sort());
    for (const state of states) expect(Object.keys(nextStates[state]).sort()).toEqual([...goals].sort());
  });

  it("says what docs/upstart.md says", () => {
    for (const [name, start, stop, respawn] of rows) {
      const state = states.find((each) => each === name);
      if (state === undefined) throw new Error(`no state ${name}`);
      for (const mainIsAlive of [true, false]) {
        const choose = (cell = "-"): string | null => {
          const [first = "-", second] = cell.split(" or else ");
          const chosen = mainIsAlive ? first : (second ?? first);
          return chosen === "-" ? null : chosen;
        };
        expect(nextState(state, "start", mainIsAlive)).toBe(choose(start));
        expect(nextState(state, "stop", mainIsAlive)).toBe(choose(stop));
        expect(nextState(state, "respawn", mainIsAlive)).toBe(choose(respawn));
      }
    }
  });

  it("leads from every state to waiting while the goal is stop", () => {
    for (const state of states) {
      let here = state;
      for (let steps = 0; here !== "waiting"; steps++) {
        if (steps > states.length) throw new Error(`${state} does not lead to waiting`);
        here = nextState(here, "stop", false) ?? "waiting";
      }
      expect(here).toBe("waiting");
    }
  });

  it("leads from every state to running while the goal is start", () => {
    for (const state of states) {
      let here = state;
      for (let steps = 0; here !== "running"; steps++) {
        if (steps > states.length) throw new Error(`${state} does not lead to running`);
        here = nextState(here, "start", false) ?? "running";
      }
      expect(here).toBe("running");
    }
  });
});

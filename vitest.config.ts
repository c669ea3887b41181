import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { levels } from "./test/levels.ts";

/** Generous, since a loaded machine is not a failure; a test that hangs still ends. */
const patience = 300_000;

/** Levels without a kernel, where the same inputs give the same outputs. */
const pure = ["unit", "property"];

/**
 * A real kernel shared with strangers has moments in which a process gets no time at all. A test that needs another
 * try is named with the number of tries in the report; one that fails three times is wrong.
 */
const retries = 2;

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: availableParallelism(),
    maxConcurrency: 2 * availableParallelism(),
    testTimeout: patience,
    hookTimeout: patience,
    projects: levels.map(({ name, include }) => ({
      extends: true as const,
      test: { name, include: [...include], retry: pure.includes(name) ? 0 : retries },
    })),
  },
});

import { engineProblem } from "./container/fixture/engine.ts";
import { sandboxProblem } from "./container/fixture/sandbox.ts";

/** A kind of test, from the quickest to the most real. */
export interface Level {
  readonly name: string;
  readonly include: readonly string[];
  /** What `npm test` sets for it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why this machine can't run it; `undefined` when it can. */
  readonly problem?: () => string | undefined | Promise<string | undefined>;
}

/** One project of vitest each. */
export const levels: readonly Level[] = [
  { name: "unit", include: ["test/unit/**/*.test.ts"] },
  { name: "property", include: ["test/property/**/*.test.ts"] },
  { name: "native", include: ["test/native/**/*.test.ts"] },
  { name: "shim", include: ["test/shim/**/*.test.ts"] },
  { name: "distribution", include: ["test/distribution/**/*.test.ts"] },
  { name: "conformance", include: ["test/conformance/**/*.test.ts"], problem: sandboxProblem },
  { name: "container", include: ["test/container/**/*.test.ts"], problem: sandboxProblem },
  { name: "image", include: ["test/image/**/*.test.ts"], problem: engineProblem },
];

/** Levels that run once more in the other driver's containers. */
export const inDocker: readonly Level[] = ["conformance", "container"].flatMap((name) =>
  levels
    .filter((level) => level.name === name)
    .map((level) => ({ ...level, env: { UPINIT_DRIVER: "docker" }, problem: engineProblem })),
);

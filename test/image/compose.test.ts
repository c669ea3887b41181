/** images/ci by Docker Compose, whichever of its two generations is installed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostImage } from "../container/fixture/host-image.ts";
import { project } from "../container/fixture/program.ts";
import { type ExecResult, execute } from "../container/fixture/run-command.ts";
import { buildUpinit, upinitImage } from "./build.ts";

const compose = [["docker", "compose"], ["docker-compose"]].find(
  ([program = "", ...words]) => spawnSync(program, [...words, "version"], { stdio: "ignore" }).status === 0,
);

describe.skipIf(compose === undefined)(`Docker Compose${compose ? "" : ": not installed"}`, () => {
  const file = join(project, "images/ci/compose.yaml");
  let base = "";

  function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ExecResult> {
    const [program = "", ...first] = compose ?? [];
    return execute({
      file: program,
      args: [...first, "--project-name", "upinit-test", "--file", file, ...words],
      env: {
        ...process.env,
        DOCKER_BUILDKIT: "0",
        COMPOSE_DOCKER_CLI_BUILD: "0",
        UPINIT: upinitImage,
        BASE: base,
        BUILD_NETWORK: "host",
        NETWORK: "none",
        ...env,
      },
    });
  }

  beforeAll(async () => {
    await buildUpinit();
    base = await hostImage();
  });

  afterAll(async () => {
    await run(["down", "--rmi", "local"]);
  });

  test("takes the file as it is", async () => {
    const { status, stderr } = await run(["config", "--quiet"]);
    expect(stderr.replace(/^.*`version` is obsolete.*\n/m, "")).toBe("");
    expect(status).toBe(0);
  });

  test("ends with the status of the tests", async () => {
    const up = ["up", "--build", "--exit-code-from", "integration"];
    const good = await run(up);
    expect(good.stdout + good.stderr).toMatch(/tests \| # pass 2$/m);
    expect(good.status).toBe(0);
    const bad = await run(up, { EXPECTED: "7" });
    expect(bad.stdout + bad.stderr).toMatch(/tests \| # fail 1$/m);
    expect(bad.status).toBe(1);
  });
});

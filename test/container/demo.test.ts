/** `npm run demo`, as a person would see it. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultDriver } from "./fixture/index.ts";
import { executable, project } from "./fixture/program.ts";
import { execute } from "./fixture/run-command.ts";

const env = {
  ...process.env,
  UPINIT_BINARY: executable(),
  // The demo takes the engine that answers; the sandbox is for machines where none does.
  ...(defaultDriver() === "sandbox" ? { DOCKER_HOST: "unix:///nonexistent" } : {}),
};
const tsx = join(project, "node_modules/.bin/tsx");
const demo = join(project, "images/tutorial/demo.ts");

describe("the demo", () => {
  test("tells the whole story and leaves nothing behind", async () => {
    const place = mkdtempSync(join(tmpdir(), "demo-"));
    const { status, stdout, stderr } = await execute({
      file: tsx,
      args: [demo],
      env: { ...env, TMPDIR: place },
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(defaultDriver() === "docker" ? "(Docker)" : "Linux namespaces");
    expect(stdout).toContain("     Hello World\n");
    expect(stdout).toContain("     greeting | Good day, Ada\n");
    expect(stdout).toMatch(/nodetest state changed from post-start to running/);
    expect(stdout).toMatch(/Node Test Stopping\n\nPID 1 ended with status 0\.\n$/);
    expect(readdirSync(place).filter((name) => name.startsWith("upinit-"))).toEqual([]);
    rmSync(place, { recursive: true });
  });

  test("hands over the keyboard when asked for a shell", async () => {
    const args = ["--quiet", "--return", "--command", `${tsx} ${demo} --shell`, "/dev/null"];
    const { status, stdout } = await execute({ file: "script", args, env }, "initctl list\nexit\n");
    expect(status).toBe(0);
    expect(stdout).toMatch(/testjob stop\/waiting\r\n/);
  });
});

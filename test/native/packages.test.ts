import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, runProgram } from "./program.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-packages-"));
let program = "";

beforeAll(() => {
  program = buildProgram("packages", directory);
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("npm packages inside the engine", () => {
  it("commander parses, zod checks, pino logs, signal-exit is told", async () => {
    const ending = await runProgram(program, ["--port", "81", "web"], { PACKAGES_TEST: "yes" });
    expect(ending).toEqual({
      status: 3,
      signal: null,
      errors: "",
      output: 'ok web 81\n{"time":0,"level":30,"job":"web","msg":"logged 81"}\npid true yes\nexit 3 null\n',
    });
  });

  it("zod refuses", async () => {
    const ending = await runProgram(program, ["--port", "0", "web"]);
    expect(ending.output).toMatch(/^bad port\n/);
  });

  it("commander helps and complains", async () => {
    expect(await runProgram(program, ["--help"])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/^Usage: packages \[options\] <name>\n/),
    });
    expect(await runProgram(program, ["--nonsense", "web"])).toMatchObject({
      status: 1,
      errors: "error: unknown option '--nonsense'\n",
    });
  });

  it("signal-exit is told of a signal that comes during a wait, and the signal still ends the program", async () => {
    const child = spawn(program, ["--wait", "web"], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    const end = new Promise((resolve) => child.once("close", (_status, signal) => resolve(signal)));
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.endsWith("waiting\n")) child.kill("SIGINT");
    });
    expect(await end).toBe("SIGINT");
    expect(output).toMatch(/waiting\nexit null SIGINT\n$/);
  });
});

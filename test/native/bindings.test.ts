import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, runProgram } from "./program.ts";

const suites = [
  "text",
  "bytes",
  "files",
  "process",
  "spawn",
  "spawn in lent memory",
  "signals",
  "pipes",
  "poll",
  "inotify",
  "sockets",
  "terminal",
  "trace",
  "leaks",
] as const;

const builds: readonly (readonly [name: string, options: readonly string[]])[] = [
  ["as it ships", []],
  ["under AddressSanitizer and UndefinedBehaviorSanitizer", ["--sanitize"]],
];

/** The lines of failures, and how many tests were good. */
function summary(output: string): { readonly failed: readonly string[]; readonly passed: number } {
  const lines = output.split("\n");
  const first = lines.findIndex((line) => line.startsWith("not ok"));
  return {
    failed: first < 0 ? [] : lines.slice(first).filter((line) => !line.startsWith("ok ") && line !== ""),
    passed: lines.filter((line) => line.startsWith("ok ")).length,
  };
}

describe.each(builds)("bindings %s", (_name, options) => {
  const directory = mkdtempSync(join(tmpdir(), "upinit-bindings-"));
  let program = "";

  beforeAll(() => {
    program = buildProgram("bindings", directory, ...options);
    // For the runs as another user.
    chmodSync(directory, 0o755);
  }, 600_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(suites)(
    "%s",
    async (suite) => {
      const { status, signal, output, errors } = await runProgram(program, [suite]);
      const { failed, passed } = summary(output);
      expect(failed).toEqual([]);
      expect({ status, signal, errors }).toEqual({ status: 0, signal: null, errors: "" });
      expect(passed).toBeGreaterThan(2);
    },
    60_000,
  );

  it.runIf(existsSync("/usr/bin/strace") && options.length === 0).each([
    ["close_range", ["close_range:error=ENOSYS"]],
    ["close_range and a readable /proc", ["close_range:error=EPERM", "getdents64:error=EACCES"]],
  ])("spawn, without %s", async (_what, faults) => {
    const injections = faults.flatMap((fault) => ["-e", `inject=${fault}`]);
    const quiet = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=close_range,getdents64"];
    const { output } = await runProgram("/usr/bin/strace", [...quiet, ...injections, program, "descriptors"]);
    expect(summary(output)).toEqual({ failed: [], passed: 6 });
  });

  it.runIf(process.getuid?.() === 0)(
    "spawn, as a user without rights",
    async () => {
      const { status, output } = await runProgram("/usr/bin/setpriv", [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        program,
        "spawn",
      ]);
      expect(summary(output).failed).toEqual([]);
      expect(status).toBe(0);
    },
    60_000,
  );
});

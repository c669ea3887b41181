/** The same stimuli on all three originals, and on upinit under their names: where they differ, so does it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import * as harness from "./harness.ts";
import {
  descendants,
  hasSignal,
  onTerminal,
  processRow,
  Running,
  run,
  statusField,
  until,
  within,
} from "./harness.ts";
import { type Kind, programs } from "./programs.ts";

interface Expectation {
  readonly kind: Kind;
  readonly options: readonly string[];
  readonly missingFile: number;
  readonly directory: number;
  readonly child: "own session" | "own group" | "same";
}

const table: readonly Expectation[] = [
  { kind: "tini", options: ["-s"], missingFile: 127, directory: 126, child: "own group" },
  { kind: "dumb-init", options: [], missingFile: 2, directory: 2, child: "own session" },
  { kind: "dumb-init", options: ["-c"], missingFile: 2, directory: 2, child: "same" },
  { kind: "catatonit", options: [], missingFile: 1, directory: 1, child: "own group" },
];

const cases = table.flatMap((expectation) =>
  programs(expectation.kind).map((program) => ({ ...expectation, ...program })),
);

const directory = mkdtempSync(join(tmpdir(), "upinit-stimuli-"));
const plain = join(directory, "plain");
const noFormat = join(directory, "no-format");
writeFileSync(plain, "#!/bin/sh\n", { mode: 0o644 });
writeFileSync(noFormat, "\x7fELF nothing more\n", { mode: 0o755 });
const script = join(directory, "script");
writeFileSync(script, "exit 42\n", { mode: 0o755 });

afterAll(() => rmSync(directory, { recursive: true }));
afterEach(harness.sweep);

describe.each(cases)("$label $options $missing", (row) => {
  const { path, options, missing, child, ours } = row;
  const command = (...words: string[]) => [path, ...options, "--", ...words];

  describe.skipIf(missing !== undefined)("", () => {
    it.each([
      ["a missing file", "/does/not/exist", row.missingFile],
      ["what is not in PATH", "does-not-exist", row.missingFile],
      ["a directory", "/etc", row.directory],
      ["a file that is not executable", plain, row.directory],
      ["a file of no known format, which a shell gets", noFormat, 127],
      ["a script without a first line", script, 42],
    ])("%s", async (_what, file, expected) => {
      expect((await run(command(file))).status).toBe(expected);
    });

    it.each([15, 9, 11])("a child killed by %i", async (signal) => {
      expect((await run(command("sh", "-c", `kill -${signal} $$; sleep 100`))).status).toBe(128 + signal);
    });

    it("TERM to a shell that traps it", async () => {
      const running = new Running(
        command("sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do read x; done"),
      );
      await running.printed("ready");
      running.signal(15);
      expect((await within(running.ended, "it ends")).status).toBe(3);
    });

    it("the child's session and group", async () => {
      const running = new Running(command("sh", "-c", "echo ready; read line"));
      await running.printed("ready");
      const found = processRow(descendants(running.pid)[0]?.pid ?? 0);
      const session = child === "own session" ? found?.pid : running.pid;
      const group = child === "same" ? running.pid : found?.pid;
      expect([found?.session, found?.group]).toEqual([session, group]);
      running.closeInput();
      await running.ended;
    });

    it("what the parent ignored and blocked", async () => {
      const given = [
        "env",
        "--ignore-signal=INT",
        "--block-signal=USR1",
        ...command("cat", "/proc/self/status"),
      ];
      const { stdout } = await run(given);
      const set = (field: string) => new RegExp(`${field}:\\s*([0-9a-f]+)`).exec(stdout)?.[1] ?? "0";
      const kept = row.kind !== "dumb-init";
      expect([hasSignal(set("SigIgn"), 2), hasSignal(set("SigBlk"), 10)]).toEqual([kept, kept]);
    });

    // tini and catatonit never hear of their child then.
    it.runIf(ours || row.kind === "dumb-init")(
      "SIGCHLD ignored by the parent does not lose the child's status",
      async () => {
        const given = ["env", "--ignore-signal=CHLD", ...command("sh", "-c", "exit 5")];
        expect((await run(given)).status).toBe(5);
      },
    );

    it("a descriptor above the standard ones reaches the child", async () => {
      const { stdout } = await run([
        "sh",
        "-c",
        'exec 9</dev/null; exec "$@"',
        "sh",
        ...command("readlink", "/proc/self/fd/9"),
      ]);
      expect(stdout).toBe("/dev/null\n");
    });

    it.runIf(ours)("and upinit itself keeps neither that nor its working directory", async () => {
      const given = [
        "sh",
        "-c",
        'exec 9</dev/null; exec "$@"',
        "sh",
        ...command("sh", "-c", "echo ready; read line"),
      ];
      const running = new Running(given, { cwd: "/tmp" });
      await running.printed("ready");
      await until("it has let go", () => !harness.openDescriptors(running.pid).includes(9));
      await until("it is in /", () => harness.workingDirectory(running.pid) === "/");
      expect(harness.workingDirectory(descendants(running.pid)[0]?.pid ?? 0)).toBe("/tmp");
      running.closeInput();
      await running.ended;
    });

    it("an interactive shell on a terminal, with job control", async () => {
      const running = new Running(onTerminal(command("bash", "--norc", "-i")));
      await until("the prompt", () => /[$#] $/.test(running.stdout));
      expect(running.stdout).not.toContain("no job control");
      running.write("exit 7\n");
      expect((await within(running.ended, "script ends")).status).toBe(7);
    });

    it("Ctrl-C on sleep", async () => {
      const running = new Running(onTerminal(command("sleep", "1000")));
      await until("sleep runs", () =>
        descendants(running.pid).some((one) => statusField(one.pid, "Name") === "sleep"),
      );
      running.write("\x03");
      expect((await within(running.ended, "script ends")).status).toBe(130);
    });
  });
});

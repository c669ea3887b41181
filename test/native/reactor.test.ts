import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram, runProgram } from "./program.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-reactor-"));
let program = "";

beforeAll(() => {
  program = buildProgram("reactor", directory);
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the reactor", () => {
  it.each<[what: string, scene: string, output: string, status?: number]>([
    [
      "takes descriptors, signals, the child signal, timers, then the end of the turn",
      "order",
      "descriptor\nSIGTERM\nany 33\nany 64\nchild\ntimer\nend of turn\n",
    ],
    ["says who sent a signal, and stops with the status it is given", "sender", "37 true true 0\n", 3],
    [
      "gets every signal that others send, and stays open for faults of its own",
      "fault-signals-from-outside",
      "blocked: fffffffffffbfa17\n",
    ],
    ["calls no handler that was closed in the same turn", "closed-in-the-same-turn", "called\n"],
    [
      "gives events only to the descriptor that they belong to",
      "number-used-again-in-the-same-turn",
      "old 0\nsame number\n",
    ],
    [
      "mutes a descriptor altogether, and looks again when told",
      "changed-and-muted",
      "writable\nhang-up true\n",
    ],
    [
      "leaves a handler alone that throws time after time",
      "handler-that-throws",
      "descriptor N: broken\ngood\nsignal N: broken too\ndescriptor N: broken\ndescriptor N: broken\n" +
        "timer: also broken\n3 calls\n",
    ],
    ["tries it again later", "pause-ends", "call 4: x\n"],
    [
      "interrupts an endless handler and goes on with the next",
      "endless",
      "signal 10: interrupted\nthe next signal\nthe child\n",
    ],
    ["runs timers in order, never too early", "timers", "0\n-5\n10\n10.5\n20\n30\ntoo early: 0\n"],
    [
      "is not held up by a timer that sets itself anew",
      "timer-that-sets-itself",
      "not starved\nin a few rounds: true\n",
    ],
    ["loses no queued signal", "many-signals", "200\n"],
    ["serves more descriptors than one wait reports", "many-descriptors", "300\n"],
    [
      "refuses what can't be watched",
      "misuse",
      "watch: descriptor N is watched already\nwatch: epoll_ctl: Bad file descriptor\n" +
        "watch: epoll_ctl: Operation not permitted\n",
    ],
    ["sleeps when nothing happens", "idle", "asleep\n"],
    ["ends the process the way it was told", "own-exit", "clean up, then 7\n", 7],
  ])("%s", async (_what, scene, output, status = 0) => {
    expect(await runProgram(program, [scene])).toEqual({ status, signal: null, output, errors: "" });
  });

  it("says errors that nobody listens to, and errors of the listener", async () => {
    const ending = await runProgram(program, ["errors-without-listener"]);
    expect(ending).toEqual({
      status: 0,
      signal: null,
      output: "false\n",
      errors:
        "upinit: first: no listener\n" +
        "upinit: second: Error: of the handler; reporting it failed too: Error: of the listener\n",
    });
  });
});

/** Entry of a program for test/native/bindings.test.ts: the suite that the first argument names. */
import { exit, argv as programArguments } from "upinit:native";
import { bytesSuite } from "../suites/bytes.ts";
import { filesSuite } from "../suites/files.ts";
import { runSuite, type Suite } from "../suites/harness.ts";
import { inotifySuite } from "../suites/inotify.ts";
import { leaksSuite } from "../suites/leaks.ts";
import { pipesSuite } from "../suites/pipes.ts";
import { pollSuite } from "../suites/poll.ts";
import { execItself, processSuite } from "../suites/process.ts";
import { signalsSuite } from "../suites/signals.ts";
import { connect, socketsSuite } from "../suites/sockets.ts";
import {
  descriptorsSuite,
  lentMemorySuite,
  sayPlace,
  spawnBare,
  spawnOrphan,
  spawnSuite,
} from "../suites/spawn.ts";
import { foreground, terminalSuite } from "../suites/terminal.ts";
import { textSuite } from "../suites/text.ts";
import { traceSuite } from "../suites/trace.ts";

const suites: ReadonlyMap<string, Suite> = new Map<string, Suite>([
  ["bytes", bytesSuite],
  ["descriptors", descriptorsSuite],
  ["files", filesSuite],
  ["inotify", inotifySuite],
  ["leaks", leaksSuite],
  ["pipes", pipesSuite],
  ["poll", pollSuite],
  ["process", processSuite],
  ["signals", signalsSuite],
  ["sockets", socketsSuite],
  ["spawn", spawnSuite],
  ["spawn in lent memory", lentMemorySuite],
  ["terminal", terminalSuite],
  ["text", textSuite],
  ["trace", traceSuite],
]);

/** What the suites run as children of their own. */
const children: ReadonlyMap<string, (argv: readonly string[]) => number> = new Map([
  ["connect", connect],
  ["exec-itself", execItself],
  ["foreground", foreground],
  ["say-place", sayPlace],
  ["spawn-bare", spawnBare],
  ["spawn-orphan", spawnOrphan],
]);

const argv = programArguments();
const name = argv[1] ?? "";
const child = children.get(name);
exit(child === undefined ? runSuite(suites.get(name) ?? []) : child(argv));

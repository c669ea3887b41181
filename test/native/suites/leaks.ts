import * as native from "upinit:native";
import { equal, good, type Suite, test } from "./harness.ts";
import { plainEnvironment, run } from "./helpers.ts";

/** What the engine holds after the function ran often, compared with what it held after the first few times. */
function growth(call: () => void): number {
  const rounds = (count: number): number => {
    for (let round = 0; round < count; round++) call();
    native.collectGarbage();
    return native.memoryUsed();
  };
  rounds(20);
  const before = rounds(20);
  return rounds(200) - before;
}

function attempt(call: () => unknown): void {
  try {
    call();
  } catch {
    // A refusal must not leak either.
  }
}

const buffer = new Uint8Array(64);
const child = { file: "/none", argv: ["none"], env: plainEnvironment, descriptors: [] };
const bad = 5 as unknown as string;

const calls: Readonly<Record<string, () => void>> = {
  text() {
    native.decode(native.encode("a\udcffé🐧"), 0, 8);
    native.errorText(2);
    attempt(() => native.encode(bad));
  },
  "paths and refused paths"() {
    native.stat("/", true);
    native.stat("/none", true);
    native.readDirectory("/proc/self/fd");
    native.readDirectory("/none");
    native.readFile("/etc/hostname", 4096);
    native.readFile("/etc/passwd", 1);
    native.readPseudoFile("/proc/self/stat");
    native.readlink("/proc/self/exe");
    native.rename("/none/\udcff", "/none/b");
    native.rename("/none/a", "b\0");
    attempt(() => native.rename("a", bad));
    attempt(() => native.open(bad, 0));
  },
  "refused plans"() {
    native.spawn({ ...child, argv: ["a\0"] });
    native.spawn({ ...child, descriptors: [[-1, 0]] });
    native.spawn({ ...child, open: [[0, "a\0", 0]] });
    native.spawn({ ...child, limits: [[1, -1, 1]] });
    attempt(() => native.spawn({ ...child, env: [bad] }));
    attempt(() => native.spawn({ ...child, groups: [bad as unknown as number] }));
    attempt(() => native.spawn({ ...child, ignored: bad as unknown as native.SignalSet }));
    attempt(() => native.spawn({ ...child, open: [[0, bad, 0]] }));
    attempt(() => native.spawn(bad as unknown as native.SpawnPlan));
  },
  sockets() {
    const [left, right] = good(native.socketPair());
    native.peerCredentials(left);
    native.send(left, buffer, 0, 64);
    native.receive(right, buffer, 0, 64);
    native.receiveDatagram(right, buffer);
    attempt(() => native.send(left, buffer, 0, 65));
    native.close(left);
    native.close(right);
    native.unixConnect("/none");
    attempt(() => native.unixConnect(bad));
    native.interfacesUp();
  },
  "signals, polling, inotify, terminals"() {
    native.inheritedSignals();
    const fd = good(native.signalfd([0, 1]));
    native.readSignals(fd, new Int32Array(8));
    native.pollOne(fd, native.EPOLLIN, 0);
    native.close(fd);
    const watch = good(native.inotifyOpen());
    native.inotifyAdd(watch, "/proc/self/none", native.IN_CREATE);
    native.inotifyRead(watch);
    native.close(watch);
    native.windowSize(watch);
    native.rawTerminal(watch);
  },
};

export const leaksSuite: Suite = [
  ...Object.entries(calls).map(([name, call]) => test(name, () => equal(growth(call), 0, "growth"))),
  test("spawning, whole", () => {
    run(["/bin/true"]);
    native.collectGarbage();
    const descriptors = good(native.readDirectory("/proc/self/fd")).names;
    for (let round = 0; round < 20; round++) run([round % 2 === 0 ? "/bin/true" : "/none"]);
    equal(good(native.readDirectory("/proc/self/fd")).names, descriptors);
  }),
];

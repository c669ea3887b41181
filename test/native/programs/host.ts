/** Entry of a program for test/native/host.test.ts: things that go wrong, each by name. */
import {
  blockSignals,
  contain,
  EPOLLIN,
  endIfLost,
  epollCreate,
  epollWait,
  exit,
  getpid,
  guardInit,
  inheritedSignals,
  kill,
  memoryUsed,
  pollOne,
  argv as programArguments,
  readPseudoFile,
  readSignals,
  type SignalSet,
  setSubreaper,
  setTurn,
  setTurnLimit,
  setUncaught,
  signalfd,
  sleep,
  writeText,
} from "upinit:native";

function say(text: string): void {
  writeText(1, `${text}\n`);
}

function endless(): never {
  for (;;) memoryUsed();
}

function depth(levels: number): number {
  return 1 + depth(levels + 1);
}

/** Says what escaped, and takes so many turns. */
function reportTurns(turns: readonly (() => void)[]): void {
  setUncaught((error, kind) => say(`${kind}: ${error instanceof Error ? error.message : error}`));
  let index = 0;
  setTurn(() => {
    const turn = turns[index++];
    turn?.();
    return turn !== undefined;
  });
}

const SIGSEGV = 11;
/** SIGILL, SIGABRT, SIGBUS, SIGFPE and SIGSEGV as bits. */
const faults = [4, 6, 7, 8, SIGSEGV].reduce((set, signal) => set | (1 << (signal - 1)), 0);

const scenes: Readonly<Record<string, () => void>> = {
  throw() {
    throw new Error("the reason");
  },
  reject() {
    void Promise.reject(new Error("the reason"));
  },
  "reject-handled-later"() {
    const promise = Promise.reject(new Error("the reason"));
    void Promise.resolve().then(() => promise.catch(() => say("handled")));
  },
  turns() {
    reportTurns([
      () => {
        throw new Error("first");
      },
      () => void Promise.reject(new Error("second")),
      () => say("third"),
    ]);
  },
  endless() {
    setTurnLimit(50);
    reportTurns([
      () => {
        try {
          endless();
        } catch {
          say("caught");
        }
      },
      () => say("next"),
    ]);
  },
  "endless-promises"() {
    setTurnLimit(50);
    const again = (): Promise<void> => Promise.resolve().then(again);
    reportTurns([() => void again(), () => say("next")]);
  },
  "endless-contained"() {
    setTurnLimit(50);
    reportTurns([
      () => {
        try {
          contain(endless);
        } catch (error) {
          say(`contained: ${error instanceof Error ? error.message : error}`);
        }
        say("same turn");
      },
    ]);
  },
  "asleep-within-limit"() {
    setTurnLimit(50);
    reportTurns([() => sleep(150), () => say("next")]);
  },
  recursion() {
    reportTurns([() => void depth(0), () => say("next")]);
  },
  "handler-fails"() {
    guardInit();
    setUncaught(() => {
      throw new Error("handler");
    });
    let index = 0;
    setTurn(() => {
      if (index++ === 0) throw new Error("turn");
      say("next");
      // An init that only comes to its end had no loop.
      exit(0);
    });
  },
  "every-turn-fails"() {
    setSubreaper(true);
    guardInit();
    setTurn(() => {
      throw new Error("again");
    });
  },
  memory() {
    const kept: Uint8Array[] = [];
    reportTurns([
      () => {
        for (;;) kept.push(new Uint8Array(4 << 20).fill(1));
      },
      () => {
        kept.length = 0;
        say("next");
      },
    ]);
  },
  fault() {
    setSubreaper(true);
    guardInit();
    kill(getpid(), SIGSEGV);
  },
  "fault-while-stopping"() {
    setSubreaper(true);
    guardInit();
    endIfLost();
    kill(getpid(), SIGSEGV);
  },
  "fault-sent"() {
    guardInit();
    const everySignal: SignalSet = [0xffff_ffff, 0xffff_ffff];
    const butFaults: SignalSet = [(everySignal[0] & ~faults) >>> 0, everySignal[1]];
    blockSignals(butFaults);
    const fd = signalfd(everySignal);
    say("ready");
    pollOne(fd, EPOLLIN, -1);
    // As after another fault signal that was read before this one came.
    blockSignals(butFaults);
    const fields = new Int32Array(4);
    readSignals(fd, fields);
    say(`${fields[0]} from ${fields[1]}`);
  },
  inherited() {
    const { blocked, ignored } = inheritedSignals();
    say(`blocked ${blocked.map((word) => (word >>> 0).toString(16)).join(" ")}`);
    say(`ignored ${ignored.map((word) => (word >>> 0).toString(16)).join(" ")}`);
  },
  idle() {
    const resident = () => {
      const pages = String(readPseudoFile("/proc/self/statm")).split(" ")[1];
      return Number(pages);
    };
    let garbage: unknown[] = [];
    for (let index = 0; index < 20_000; index++) {
      const cycle: { self?: unknown } = {};
      cycle.self = cycle;
      garbage.push(cycle);
    }
    garbage = [];
    const before = resident();
    const epoll = epollCreate();
    epollWait(epoll, new Int32Array(2), 500);
    say(resident() < before - 100 ? "gave back" : `kept ${resident()} of ${before}`);
  },
  status() {
    exit(42);
  },
};

const scene = scenes[programArguments()[1] ?? ""];
if (scene === undefined) exit(64);
scene();

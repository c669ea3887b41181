/** Entry of a program for test/native/reactor.test.ts: the reactor in the situation that the first argument names. */
import * as native from "upinit:native";
import { Reactor } from "../../../src/runtime/reactor.ts";
import { signals } from "../../../src/runtime/signals.ts";
import { good } from "../suites/harness.ts";
import { plainEnvironment, statusField } from "../suites/helpers.ts";

function say(text: string): void {
  native.writeText(1, `${text}\n`);
}

/** A pipe with something in it, or nothing. */
function makePipe(text = ""): readonly [read: number, write: number] {
  const pipe = good(native.pipe(native.O_NONBLOCK));
  if (text !== "") native.writeText(pipe[1], text);
  return pipe;
}

function readText(fd: number): string {
  const buffer = new Uint8Array(100);
  const count = native.read(fd, buffer, 0, buffer.length);
  return count < 0 ? native.errorName(-count) : native.decode(buffer, 0, count);
}

function start(command: string): number {
  const plan = {
    file: "/bin/sh",
    argv: ["sh", "-c", command],
    env: plainEnvironment,
    descriptors: [
      [1, 1],
      [2, 2],
    ] as const,
  };
  const [pid, statusFd] = good(native.spawn(plan));
  native.close(statusFd);
  return pid;
}

const scenes: Readonly<Record<string, (reactor: Reactor) => void>> = {
  order(reactor) {
    reactor.afterTurn(() => say("end of turn"));
    const [read] = makePipe("x");
    const timer = reactor.after(0, () => {
      say("timer");
      reactor.stop(0);
    });
    const watch = reactor.watch(read, native.EPOLLIN, () => {
      say("descriptor");
      watch.close();
    });
    reactor.onSignal(signals.SIGCHLD, () => say("child"));
    reactor.onSignal(signals.SIGTERM, () => say("SIGTERM"));
    reactor.onAnySignal(({ signal }) => say(`any ${signal}`));
    for (const signal of [signals.SIGCHLD, signals.SIGTERM, 33, 64]) native.kill(native.getpid(), signal);
    if (timer === undefined) say("no timer");
  },

  sender(reactor) {
    reactor.onSignal(37, ({ signal, pid, uid, code }) => {
      say(`${signal} ${pid === child} ${uid === native.getuid()} ${code}`);
      reactor.stop(3);
    });
    const child = start(`exec kill -37 ${native.getpid()}`);
  },

  "fault-signals-from-outside"(reactor) {
    native.guardInit();
    const self = native.getpid();
    const all = Array.from({ length: 64 }, (_, index) => index + 1).filter(
      (each) => ![9, 17, 19].includes(each),
    );
    const seen = new Set<number>();
    reactor.onAnySignal(({ signal }) => seen.add(signal));
    start(`for s in ${all.join(" ")} ${all.join(" ")}; do kill -$s ${self}; done`);
    reactor.afterTurn(() => {
      // A later stop signal takes a pending CONT away.
      if (!all.every((signal) => seen.has(signal) || signal === signals.SIGCONT)) return;
      say(`blocked: ${statusField(good(native.readPseudoFile("/proc/self/status")), "SigBlk")}`);
      reactor.stop(0);
    });
  },

  "closed-in-the-same-turn"(reactor) {
    const pipes = [makePipe("a"), makePipe("b")];
    const watches = pipes.map(([read]) =>
      reactor.watch(read, native.EPOLLIN, () => {
        say("called");
        for (const watch of watches) watch.close();
        reactor.after(20, () => reactor.stop(0));
      }),
    );
  },

  "number-used-again-in-the-same-turn"(reactor) {
    const pipes = [makePipe("old"), makePipe("old")];
    const watches = pipes.map(([read], index) =>
      reactor.watch(read, native.EPOLLIN, () => {
        say(`old ${index}`);
        const other = 1 - index;
        watches[index]?.close();
        watches[other]?.close();
        const number = pipes[other]?.[0] ?? -1;
        native.close(number);
        const [fresh] = makePipe();
        say(fresh === number ? "same number" : "another number");
        reactor.watch(fresh, native.EPOLLIN, () => say("called without a reason"));
        reactor.after(20, () => reactor.stop(0));
      }),
    );
  },

  "changed-and-muted"(reactor) {
    const [left, right] = good(native.socketPair());
    const watch = reactor.watch(left, native.EPOLLOUT, (events) => {
      if ((events & native.EPOLLOUT) !== 0) {
        say("writable");
        watch.set(0);
        native.close(right);
        reactor.after(20, () => watch.set(native.EPOLLIN));
      } else {
        say(`hang-up ${(events & native.EPOLLHUP) !== 0}`);
        watch.close();
        watch.close();
        watch.set(native.EPOLLIN);
        reactor.stop(0);
      }
    });
  },

  "handler-that-throws"(reactor) {
    let calls = 0;
    reactor.onError((what, error) => say(`${what}: ${(error as Error).message}`.replace(/\d+/, "N")));
    const afterwards = (): void => {
      reactor.after(0, () => {
        throw new Error("also broken");
      });
      reactor.after(200, () => {
        say(`${calls} calls`);
        reactor.stop(0);
      });
    };
    const [read] = makePipe("never read");
    reactor.watch(read, native.EPOLLIN, () => {
      calls++;
      // By then it is left alone.
      if (calls === 3) afterwards();
      throw new Error("broken");
    });
    const [good] = makePipe("good");
    const watch = reactor.watch(good, native.EPOLLIN, () => {
      say(readText(good));
      watch.close();
    });
    reactor.onSignal(signals.SIGUSR1, () => {
      throw new Error("broken too");
    });
    native.kill(native.getpid(), signals.SIGUSR1);
  },

  "pause-ends"(reactor) {
    let calls = 0;
    reactor.onError(() => {});
    const [read] = makePipe("x");
    reactor.watch(read, native.EPOLLIN, () => {
      if (++calls <= 3) throw new Error("broken");
      say(`call ${calls}: ${readText(read)}`);
      reactor.stop(0);
    });
  },

  "errors-without-listener"(reactor) {
    reactor.guard("first", () => {
      throw new Error("no listener");
    });
    reactor.onError(() => {
      throw new Error("of the listener");
    });
    say(
      String(
        reactor.guard("second", () => {
          throw new Error("of the handler");
        }),
      ),
    );
    reactor.stop(0);
  },

  endless(reactor) {
    native.setTurnLimit(50);
    reactor.onError((what, error) => say(`${what}: ${(error as Error).message}`));
    reactor.onSignal(signals.SIGUSR1, () => {
      for (;;) native.getpid();
    });
    reactor.onSignal(signals.SIGUSR2, () => say("the next signal"));
    reactor.onSignal(signals.SIGCHLD, () => {
      say("the child");
      reactor.stop(0);
    });
    for (const signal of [signals.SIGUSR1, signals.SIGUSR2, signals.SIGCHLD])
      native.kill(native.getpid(), signal);
  },

  timers(reactor) {
    const begin = reactor.now();
    const early: number[] = [];
    for (const ms of [30, 10, 20, 10.5, 0, -5]) {
      reactor.after(ms, () => {
        say(String(ms));
        if (reactor.now() - begin < ms) early.push(ms);
      });
    }
    const cancelled = reactor.after(15, () => say("cancelled"));
    cancelled.cancel();
    cancelled.cancel();
    reactor.after(Number.POSITIVE_INFINITY, () => say("never"));
    const late = reactor.after(25, () => say("cancelled by a timer"));
    reactor.after(20, () => late.cancel());
    reactor.after(40, () => {
      say(`too early: ${early.length}`);
      reactor.stop(0);
    });
  },

  "timer-that-sets-itself"(reactor) {
    let rounds = 0;
    const again = (): void => {
      rounds++;
      reactor.after(0, again);
    };
    again();
    const [read] = makePipe("not starved");
    reactor.watch(read, native.EPOLLIN, () => {
      say(readText(read));
      say(`in a few rounds: ${rounds < 10}`);
      reactor.stop(0);
    });
  },

  "many-signals"(reactor) {
    let count = 0;
    for (let round = 0; round < 200; round++) native.kill(native.getpid(), 40);
    reactor.onSignal(40, () => {
      if (++count < 200) return;
      say("200");
      reactor.stop(0);
    });
  },

  "many-descriptors"(reactor) {
    let count = 0;
    for (let index = 0; index < 300; index++) {
      const [read] = makePipe("x");
      const watch = reactor.watch(read, native.EPOLLIN, () => {
        watch.close();
        if (++count === 300) {
          say("300");
          reactor.stop(0);
        }
      });
    }
  },

  misuse(reactor) {
    const [read] = makePipe();
    reactor.watch(read, native.EPOLLIN, () => {});
    const attempts = [
      () => reactor.watch(read, native.EPOLLIN, () => {}),
      () => reactor.watch(999, native.EPOLLIN, () => {}),
      () => reactor.watch(good(native.open("/proc/self/exe", 0)), native.EPOLLIN, () => {}),
    ];
    reactor.onError((what, error) => say(`${what}: ${(error as Error).message}`.replace(/\d+/, "N")));
    for (const attempt of attempts) reactor.guard("watch", attempt);
    reactor.stop(0);
  },

  /** A child counts how often this process was woken while nothing happens. */
  idle(reactor) {
    makePipe();
    const self = native.getpid();
    const look = `n=$(grep ctxt /proc/${self}/status); echo "$n"`;
    start(
      `sleep 0.2; a=$(${look}); sleep 0.7; b=$(${look}); [ "$a" = "$b" ] && echo asleep; kill -USR1 ${self}`,
    );
    reactor.onSignal(signals.SIGUSR1, () => reactor.stop(0));
  },

  "own-exit"() {
    const reactor = new Reactor({
      exit: (status) => {
        say(`clean up, then ${status}`);
        native.exit(status);
      },
    });
    reactor.stop(7);
    reactor.start();
  },
};

const name = native.argv()[1] ?? "";
if (name === "own-exit") scenes[name]?.(undefined as never);
else {
  const reactor = new Reactor();
  scenes[name]?.(reactor);
  reactor.start();
}

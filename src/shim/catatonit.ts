/** upinit called as `catatonit` or `podman-init`: catatonit 0.1.7's options, environment variables, exit codes. */
import * as native from "upinit:native";
import { signals } from "../runtime/signals.ts";
import { lookUp } from "./environment.ts";
import { type Arguments, getopt } from "./getopt.ts";
import { letGo, prepareProcess } from "./launch.ts";
import { MainCommand, type Voice } from "./main-command.ts";
import { serve } from "./serve.ts";

const version = "tini version 0.1.7_catatonit";
const usage = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]\n";

/** What a terminal stops a job with: catatonit lets them pass by. */
const ignored: ReadonlyMap<number, number> = new Map([
  [signals.SIGTSTP, 0],
  [signals.SIGTTIN, 0],
  [signals.SIGTTOU, 0],
]);

/** catatonit's words for what may fail before its child runs. */
const actions: Readonly<Record<string, string>> = {
  sigprocmask: "block all signals",
  epoll: "create epoll",
  signalfd: "create signalfd",
  pipe: "create pipe",
  fork: "fork child",
  foreground: "set as foreground process",
};

class CatatonitVoice implements Voice {
  readonly #verbose: boolean;

  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  /** `pid` is whose line it is: catatonit's child speaks for itself until it is executed. */
  say(level: "ERROR" | "WARN" | "DEBUG", text: string, pid = native.getpid()): void {
    if (level !== "ERROR" && !this.#verbose) return;
    native.writeText(2, `${level} (catatonit:${pid}): ${text}\n`);
  }

  spawned(pid: number, command: readonly string[]): void {
    this.say("DEBUG", `pid1 (${pid}) spawned: ${command[0]}`);
  }

  reaped(pid: number, code: number, status: number, isMain: boolean): void {
    if (isMain) return;
    const how = code === native.CLD_EXITED ? "exited with code" : "exited due to signal";
    this.say("DEBUG", `child process ${pid} ${how} ${status}`);
  }

  forwarding(sent: number): void {
    if (sent === 0) this.say("DEBUG", "ignoring a signal that would stop us: it is the terminal's");
  }

  reapedAll(areChildrenLeft: boolean): void {
    if (!areChildrenLeft) this.say("DEBUG", "got ECHILD: no children left to monitor");
  }

  cannotExecute(_command: readonly string[], errno: number, pid: number): number {
    return this.fail("exec pid1", errno, pid);
  }

  cannotSpawn(step: string, errno: number, pid?: number): number {
    if (step === "group") this.say("ERROR", "failed to create process group", pid);
    else this.fail(actions[step] ?? step, errno, pid);
    return step === "fork" ? this.fail("spawn pid1", errno) : 1;
  }

  cannotSignal(signal: number, pid: number, errno: number): null {
    this.say("WARN", `forwarding of signal ${signal} to pid1 (${pid}) failed: ${native.errorText(errno)}`);
    return null;
  }

  /** The status to leave with. */
  fail(what: string, errno: number, pid?: number): number {
    this.say("ERROR", `failed to ${what}: ${native.errorText(errno)}`, pid);
    return 1;
  }
}

interface Request {
  group: boolean;
  pause: boolean;
}

/** Applies the options in their order. Returns the status to leave with at once, or null to go on. */
async function applyOptions(given: Arguments, request: Request): Promise<number | null> {
  for (const [letter] of given.options) {
    if (letter === "g") request.group = true;
    else if (letter === "P") request.pause = true;
    else return show(letter);
  }
  if (given.error === undefined) return null;
  native.writeText(2, `${given.error}\n${usage}`);
  return 1;
}

async function show(letter: string): Promise<number> {
  if (letter === "V") {
    native.writeText(1, `${version}\n`);
    return 0;
  }
  const { catatonitOptions, licence } = await import("./texts.ts");
  if (letter === "L") native.writeText(1, licence);
  else native.writeText(2, usage + catatonitOptions);
  return 0;
}

/** `-P`: what holds a pod's namespaces. Ends with 0 on SIGTERM or SIGINT, reaps, and does nothing else. */
async function pause(voice: CatatonitVoice): Promise<number> {
  const { Reactor } = await import("../runtime/reactor.ts");
  const descriptors = prepareProcess();
  if ("step" in descriptors) return voice.cannotSpawn(descriptors.step, descriptors.errno);
  letGo([descriptors.epoll, descriptors.signals], false);
  const reactor = new Reactor({ descriptors });
  const child = new Int32Array(3);
  for (const signal of [signals.SIGTERM, signals.SIGINT]) reactor.onSignal(signal, () => reactor.stop(0));
  reactor.onSignal(signals.SIGCHLD, () => {
    while (native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOHANG, child) >= 0 && child[0] !== 0);
  });
  reactor.onAnySignal(() => {});
  reactor.start();
  return new Promise<never>(() => {});
}

/**
 * Whether sockets were passed to this process (sd_listen_fds(3)). They are meant for the program, which takes only what
 * bears its own pid.
 */
function isForUs(listenPid: string | undefined): boolean {
  return listenPid !== undefined && Number.parseInt(listenPid, 10) === native.getpid();
}

/** catatonit's command line and environment, then CMD. */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = native.environment();
  const program = argv[0] ?? "catatonit";
  const voice = new CatatonitVoice(lookUp(environment, "CATATONIT_DEBUG") !== undefined);
  if (lookUp(environment, "CATATONIT_LOG") !== undefined) {
    voice.say("ERROR", "CATATONIT_LOG is reserved for future use");
    return 1;
  }
  const request: Request = { group: false, pause: false };
  const permute = lookUp(environment, "POSIXLY_CORRECT") === undefined;
  const given = getopt({ program, letters: "ghLPV", names: [["version", "V"]], permute }, argv.slice(1));
  const done = await applyOptions(given, request);
  if (done !== null) return done;
  if (!request.pause && given.rest.length === 0) {
    voice.say("ERROR", "missing program name");
    native.writeText(2, usage);
    return 1;
  }
  const adopted = native.getpid() === 1 ? 0 : native.setSubreaper(true);
  if (adopted < 0) return voice.fail("set child-reaper as non-pid1", -adopted);
  if (request.pause) return pause(voice);
  return serve(
    new MainCommand(
      {
        command: given.rest,
        placement: "group",
        target: request.group ? "group" : "process",
        rewrites: ignored,
        remapped: new Set(),
        ...(isForUs(lookUp(environment, "LISTEN_PID")) ? { pidVariable: "LISTEN_PID" } : {}),
      },
      voice,
    ),
  );
}

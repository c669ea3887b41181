/** upinit called as `tini` or `docker-init`: tini 0.19's options, environment variables, messages and exit codes. */
import * as native from "upinit:native";
import { lookUp } from "./environment.ts";
import { type Arguments, getopt } from "./getopt.ts";
import { executionStatus, MainCommand, type Voice } from "./main-command.ts";
import { serve } from "./serve.ts";

const version = "tini version 0.19.0";

/** tini's levels: a line is written if the verbosity is greater. */
const warning = 0;
const info = 1;
const debug = 2;
const trace = 3;

/** SIGTTIN and SIGTTOU, which the terminal sends, as it thinks, to a background process: tini ignores them. */
const ignored: ReadonlyMap<number, number> = new Map([
  [21, 0],
  [22, 0],
]);

class TiniVoice implements Voice {
  verbosity = 1;
  warnOnReap = false;
  /** A signal in words. */
  #text: (signal: number) => string = String;

  /** Errors and warnings go to standard error, the rest to standard output, as tini has it. */
  #say(level: number, label: string, text: string): void {
    if (this.verbosity <= level) return;
    native.writeText(level === warning ? 2 : 1, `[${label} tini (${native.getpid()})] ${text}\n`);
  }

  /** Loads what only a talkative one needs. */
  async prepare(): Promise<void> {
    if (this.verbosity <= info) return;
    const { signalText } = await import("../runtime/signal-texts.ts");
    this.#text = signalText;
  }

  /** `pid` is whose line it is: tini's child speaks for itself until it is executed. */
  fatal(text: string, pid = native.getpid()): void {
    native.writeText(2, `[FATAL tini (${pid})] ${text}\n`);
  }

  warn(text: string): void {
    this.#say(warning, "WARN ", text);
  }

  trace(text: string): void {
    this.#say(trace, "TRACE", text);
  }

  spawned(pid: number, command: readonly string[]): void {
    // The original's child writes into a buffer that its exec forgets, unless a terminal reads it line by line.
    if (native.isTerminal(1)) this.#tellNoTerminal(pid);
    this.#say(info, "INFO ", `Spawned child process '${command[0]}' with pid '${pid}'`);
  }

  received(signal: number): void {
    if (signal === 17) this.#say(debug, "DEBUG", "Received SIGCHLD");
  }

  forwarding(sent: number): void {
    if (this.verbosity > debug && sent !== 0) {
      this.#say(debug, "DEBUG", `Passing signal: '${this.#text(sent)}'`);
    }
  }

  reaped(pid: number, code: number, status: number, isMain: boolean): void {
    if (this.verbosity > debug) this.#say(debug, "DEBUG", `Reaped child with pid: '${pid}'`);
    if (isMain) {
      if (this.verbosity <= info) return;
      const how =
        code === native.CLD_EXITED
          ? `normally (with status '${status}')`
          : `with signal (with signal '${this.#text(status)}')`;
      this.#say(info, "INFO ", `Main child exited ${how}`);
    } else if (this.warnOnReap) {
      this.warn(`Reaped zombie process with pid=${pid}`);
    }
  }

  reapedAll(areChildrenLeft: boolean): void {
    this.trace(areChildrenLeft ? "No child to reap" : "No child to wait");
  }

  leaving(): void {
    this.trace("Exiting: child has exited");
  }

  #tellNoTerminal(pid: number): void {
    if (this.verbosity <= debug || native.isTerminal(0)) return;
    native.writeText(1, `[DEBUG tini (${pid})] tcsetpgrp failed: no tty (ok to proceed)\n`);
  }

  cannotExecute(command: readonly string[], errno: number, pid: number): number {
    this.fatal(`exec ${command[0]} failed: ${native.errorText(errno)}`, pid);
    if (!native.isTerminal(1)) this.#tellNoTerminal(pid);
    return executionStatus(errno);
  }

  cannotSpawn(step: string, errno: number, pid?: number): number {
    const call = step === "group" ? "setpgid" : step === "foreground" ? "tcsetpgrp" : step;
    const reason = native.errorText(errno);
    this.fatal(`${call} failed: ${step === "sigprocmask" ? `'${reason}'` : reason}`, pid);
    return 1;
  }

  cannotSignal(_signal: number, _pid: number, errno: number): number {
    this.fatal(`Unexpected error when forwarding signal: '${native.errorText(errno)}'`);
    return 1;
  }
}

interface Request {
  group: boolean;
  subreaper: boolean;
  deathSignal: number;
  readonly remapped: Set<number>;
}

/** Applies the options in their order. Returns the status to leave with at once, or null to go on. */
async function applyOptions(given: Arguments, request: Request, voice: TiniVoice): Promise<number | null> {
  for (const [letter, value] of given.options) {
    if (letter === "h" || letter === "l") return writeText(1, letter === "h" ? "usage" : "licence", 0);
    if (letter === "s") request.subreaper = true;
    else if (letter === "g") request.group = true;
    else if (letter === "w") voice.warnOnReap = true;
    else if (letter === "v") voice.verbosity++;
    else if (letter === "e") {
      // As strtol(3) reads it: nothing at all is 0.
      const status = value === "" ? 0 : /^\s*[+-]?\d+$/.test(value) ? Number(value) : -1;
      if (status < 0 || status > 255) return refuse(voice, "-e", value);
      request.remapped.add(status);
    } else if (letter === "p") {
      const signal = await readSignal(value);
      if (signal === null) return refuse(voice, "-p", value);
      request.deathSignal = signal;
    }
  }
  if (given.error === undefined && given.rest.length > 0) return null;
  if (given.error !== undefined) native.writeText(2, `${given.error}\n`);
  return writeText(2, "usage", 1);
}

/** Names of signals that Linux has and tini does not know. */
const unknownNames: readonly string[] = ["SIGIOT", "SIGSTKFLT", "SIGCLD", "SIGIO", "SIGPOLL", "SIGPWR"];

async function readSignal(name: string): Promise<number | null> {
  if (!name.startsWith("SIG") || unknownNames.includes(name)) return null;
  const { signalNumber } = await import("../runtime/signals.ts");
  return signalNumber(name);
}

function refuse(voice: TiniVoice, option: string, value: string): number {
  voice.fatal(`Not a valid option for ${option}: ${value}`);
  return 1;
}

async function writeText(fd: number, which: "usage" | "licence", status: number): Promise<number> {
  const { licence, tiniUsage } = await import("./texts.ts");
  native.writeText(fd, which === "usage" ? tiniUsage(programName(), version) : licence);
  return status;
}

function programName(): string {
  const called = native.argv()[0] ?? "tini";
  return called.slice(called.lastIndexOf("/") + 1);
}

/** Orphans that go elsewhere are the most common mistake with tini, so it speaks of it unasked. */
function warnIfNoReaper(voice: TiniVoice): void {
  if (native.getpid() === 1 || native.isSubreaper()) return;
  voice.warn(
    "Tini is not running as PID 1 and isn't registered as a child subreaper.\n" +
      "Orphans will not become children of Tini, so zombie reaping won't work.\n" +
      "Give the option -s or set the environment variable TINI_SUBREAPER to register Tini as a child subreaper, " +
      "or run Tini as PID 1.",
  );
}

/** tini's command line and environment, then CMD. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 2 && argv[1] === "--version") {
    native.writeText(1, `${version}\n`);
    return 0;
  }
  const environment = native.environment();
  const voice = new TiniVoice();
  const request: Request = {
    group: lookUp(environment, "TINI_KILL_PROCESS_GROUP") !== undefined,
    subreaper: lookUp(environment, "TINI_SUBREAPER") !== undefined,
    deathSignal: 0,
    remapped: new Set(),
  };
  const program = argv[0] ?? "tini";
  const permute = lookUp(environment, "POSIXLY_CORRECT") === undefined;
  const given = getopt({ program, letters: "p:hvwgle:s", permute }, argv.slice(1));
  const done = await applyOptions(given, request, voice);
  if (done !== null) return done;

  // After the options, which it overrides. tini takes atoi's answer without a sign: -1 is everything.
  const verbosity = lookUp(environment, "TINI_VERBOSITY");
  if (verbosity !== undefined) voice.verbosity = Number.parseInt(verbosity, 10) >>> 0;
  await voice.prepare();
  if (request.deathSignal !== 0 && native.setParentDeathSignal(request.deathSignal) < 0) {
    voice.fatal("Failed to set up parent death signal");
    return 1;
  }
  if (request.subreaper) {
    const adopted = native.setSubreaper(true);
    if (adopted < 0) {
      voice.fatal(`Failed to register as child subreaper: ${native.errorText(-adopted)}`);
      return 1;
    }
    voice.trace("Registered as child subreaper");
  }
  warnIfNoReaper(voice);
  return serve(
    new MainCommand(
      {
        command: given.rest,
        placement: "group",
        target: request.group ? "group" : "process",
        rewrites: ignored,
        remapped: request.remapped,
      },
      voice,
    ),
  );
}

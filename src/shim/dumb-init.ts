/** upinit called as `dumb-init`: dumb-init 1.2.5's options, environment variables, messages and exit codes. */

import * as native from "upinit:native";
import { EPERM } from "../runtime/errno.ts";
import { signals } from "../runtime/signals.ts";
import { lookUp } from "./environment.ts";
import { type Arguments, getopt } from "./getopt.ts";
import { type Ending, MainCommand, type Voice } from "./main-command.ts";
import { serve } from "./serve.ts";

const version = "dumb-init v1.2.5";
const prefix = "[dumb-init] ";

/** What a terminal stops a job with. */
const terminalStops: readonly number[] = [signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU];
const lastRewritable = 31;

class DumbInitVoice implements Voice {
  verbose = false;

  debug(text: string): void {
    if (this.verbose) native.writeText(2, `${prefix}${text}\n`);
  }

  spawned(pid: number): void {
    this.debug(`Child spawned with PID ${pid}.`);
  }

  received(signal: number): void {
    this.debug(`Received signal ${signal}.`);
  }

  reaped(pid: number, code: number, status: number): void {
    if (!this.verbose) return;
    const how = code === native.CLD_EXITED ? "exited with exit status" : "was terminated by signal";
    this.debug(`A child with PID ${pid} ${how} ${status}.`);
  }

  cannotExecute(command: readonly string[], errno: number): number {
    native.writeText(2, `${prefix}${command[0]}: ${native.errorText(errno)}\n`);
    return 2;
  }

  cannotSpawn(step: string, errno: number): number {
    const call = step === "session" ? "setsid" : step;
    const reason = step === "fork" ? "" : ` (errno=${errno} ${native.errorText(errno)})`;
    native.writeText(2, `${prefix}Unable to ${call}${reason}. Exiting.\n`);
    return 1;
  }
}

/** dumb-init's child: in a session of its own, and stopped and continued together with dumb-init. */
class DumbInitCommand extends MainCommand {
  /** Signals whose next arrival is our own doing: giving the terminal up sends them. */
  readonly #ignoredOnce = new Set<number>();
  /** The error that the child meets when it takes the terminal, as far as it is known, or 0; null once it is told. */
  #attachment: number | null = null;

  get #debug(): (text: string) => void {
    return (text) => (this.voice as DumbInitVoice).debug(text);
  }

  override start(): number | null {
    if (this.options.placement !== "session") return super.start();
    this.#attachment = this.#giveTerminalUp();
    return super.start();
  }

  override setUp(failed: string | null): void {
    const attachment = this.#attachment;
    this.#attachment = null;
    if (attachment === null || failed === "session") return;
    if (attachment < 0) this.#complain("attach to", attachment);
    this.#debug("setsid complete.");
  }

  /**
   * The child takes it, which it can only if nobody has the terminal. Returns the error that the child will meet then, as
   * far as it is known, or 0.
   */
  #giveTerminalUp(): number {
    const detached = native.detachTerminal(0);
    if (detached < 0) {
      this.#complain("detach from", detached);
      return native.isTerminal(0) ? 0 : detached;
    }
    if (native.getsid(0) !== native.getpid()) {
      this.#debug("Detached from controlling tty, but was not session leader.");
      return -EPERM;
    }
    this.#debug("Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.");
    this.#ignoredOnce.add(signals.SIGHUP).add(signals.SIGCONT);
    return 0;
  }

  #complain(what: string, error: number): void {
    this.#debug(`Unable to ${what} controlling tty (errno=${-error} ${native.errorText(-error)}).`);
  }

  override forward(signal: number): boolean {
    if (this.#ignoredOnce.delete(signal)) {
      this.#debug(`Ignoring tty hand-off signal ${signal}.`);
      return false;
    }
    const sent = this.options.rewrites.get(signal) ?? signal;
    this.#translated(signal, sent);
    if (sent !== 0) this.send(sent);
    this.#passed(sent);
    if (terminalStops.includes(signal)) {
      this.#debug("Suspending self due to TTY signal.");
      native.kill(native.getpid(), signals.SIGSTOP);
    }
    return true;
  }

  #translated(signal: number, sent: number): void {
    if (this.options.rewrites.has(signal)) this.#debug(`Translating signal ${signal} to ${sent}.`);
  }

  #passed(sent: number): void {
    this.#debug(
      sent === 0 ? "Not forwarding signal 0 to children (ignored)." : `Forwarded signal ${sent} to children.`,
    );
  }

  /** Whatever else is in the child's session ends with it; a child alone is gone, and its number may be another's. */
  override leftBehind(pid: number, { status }: Ending): void {
    const { rewrites, target } = this.options;
    const sent = rewrites.get(signals.SIGTERM) ?? signals.SIGTERM;
    this.#translated(signals.SIGTERM, sent);
    if (sent !== 0 && target === "group") native.kill(-pid, sent);
    this.#passed(sent);
    this.#debug(`Child exited with status ${status}. Goodbye.`);
  }
}

interface Request {
  single: boolean;
  readonly rewrites: Map<number, number>;
}

/** `15:3`, as sscanf(3) reads it, so whatever comes behind does not matter. Null if it isn't two numbers of signals. */
function readRewrite(text: string): readonly [from: number, to: number] | null {
  const match = /^\s*([+-]?\d+):\s*([+-]?\d+)/.exec(text);
  if (match === null) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from >= 1 && from <= lastRewritable && to >= 0 && to <= lastRewritable ? [from, to] : null;
}

/** Applies the options in their order. Returns the status to leave with at once, or null to go on. */
async function applyOptions(
  program: string,
  given: Arguments,
  request: Request,
  voice: DumbInitVoice,
): Promise<number | null> {
  for (const [letter, value] of given.options) {
    if (letter === "h") {
      const { dumbInitUsage } = await import("./texts.ts");
      native.writeText(2, dumbInitUsage(program));
      return 0;
    }
    if (letter === "V") {
      native.writeText(2, `${version}\n`);
      return 0;
    }
    if (letter === "c") request.single = true;
    else if (letter === "v") voice.verbose = true;
    else if (letter === "r") {
      const rewrite = readRewrite(value);
      if (rewrite === null) return refuseRewrite();
      request.rewrites.set(...rewrite);
    }
  }
  if (given.error !== undefined) {
    native.writeText(2, `${given.error}\n`);
    return 1;
  }
  if (given.rest.length > 0) return null;
  native.writeText(2, `Usage: ${program} [option] program [args]\nTry ${program} --help for full usage.\n`);
  return 1;
}

function refuseRewrite(): number {
  native.writeText(
    2,
    "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n" +
      "This option can be specified multiple times.\nUse --help for full usage.\n",
  );
  return 1;
}

/** dumb-init's command line and environment, then CMD. */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = native.environment();
  const program = argv[0] ?? "dumb-init";
  const voice = new DumbInitVoice();
  const request: Request = { single: false, rewrites: new Map() };
  const names = [
    ["help", "h"],
    ["single-child", "c"],
    ["rewrite", "r"],
    ["verbose", "v"],
    ["version", "V"],
  ] as const;
  const given = getopt({ program, letters: "hvVcr:", names, permute: false }, argv.slice(1));
  const done = await applyOptions(program, given, request, voice);
  if (done !== null) return done;

  if (lookUp(environment, "DUMB_INIT_DEBUG") === "1") {
    voice.verbose = true;
    voice.debug("Running in debug mode.");
  }
  if (lookUp(environment, "DUMB_INIT_SETSID") === "0") {
    request.single = true;
    voice.debug("Not running in setsid mode.");
  }
  if (!request.single) {
    // A session without a shell has nobody who would continue what the terminal stopped politely.
    for (const stop of terminalStops)
      if (!request.rewrites.has(stop)) request.rewrites.set(stop, signals.SIGSTOP);
  }
  return serve(
    new DumbInitCommand(
      {
        command: given.rest,
        placement: request.single ? "inherit" : "session",
        target: request.single ? "process" : "group",
        rewrites: request.rewrites,
        remapped: new Set(),
        plainSignals: true,
      },
      voice,
    ),
  );
}

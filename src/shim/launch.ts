/**
 * What stands between the kernel's exec of upinit and the exec of CMD; nothing else belongs here, since every byte of
 * it is read before CMD runs.
 */
import * as native from "upinit:native";

/** Where CMD lives: in a process group of its own (as with tini), a session of its own (dumb-init), or upinit's own. */
export type Placement = "group" | "session" | "inherit";

/** A CMD that was started. */
export interface Launched {
  readonly pid: number;
  /** Tells whether CMD could be executed, once it is known. */
  readonly statusFd: number;
  /** Monotonic ms. */
  readonly startedAt: number;
  /** The process group that had the terminal before CMD got it; 0 if it didn't. */
  readonly foregroundBefore: number;
}

type InheritedSignals = ReturnType<typeof native.inheritedSignals>;

/** A literal: the table of all signals has no business before CMD runs. */
const SIGCHLD = 17;
const everySignal: native.SignalSet = [0xffffffff, 0xffffffff];

/** What the event loop waits with. */
export interface LoopDescriptors {
  readonly epoll: number;
  readonly signals: number;
}

/** A step of the set-up that the kernel, or a sandbox, refused. */
export interface Refusal {
  readonly step: "sigprocmask" | "epoll" | "signalfd";
  readonly errno: number;
}

/**
 * What an init sets up before its first child: signals that wait instead of being lost, and what its event loop waits
 * with, since an init whose loop is refused must not have started anything.
 */
export function prepareProcess(): LoopDescriptors | Refusal {
  const blocked = native.blockSignals(everySignal);
  if (blocked < 0) return { step: "sigprocmask", errno: -blocked };
  // Ignored, as a careless parent may have left it, it would make the kernel keep the children's ends from us.
  if (native.inheritedSignals().ignored[0] & (1 << (SIGCHLD - 1))) native.ignoreSignal(SIGCHLD, false);
  const epoll = native.epollCreate();
  if (epoll < 0) return { step: "epoll", errno: -epoll };
  const signals = native.signalfd(everySignal);
  return signals < 0 ? { step: "signalfd", errno: -signals } : { epoll, signals };
}

/**
 * A descriptor of the controlling terminal, if CMD is to have its foreground: only when upinit is in the foreground
 * itself, so that `upinit … &` in a shell takes nothing from its user. Standard input first, as everybody does; it
 * may be redirected, so /dev/tty next. Returns [descriptor, whether it is to be closed]; -1 for none.
 */
function openForeground(): readonly [fd: number, opened: boolean] {
  const opened = !native.isTerminal(0);
  const fd = opened ? native.open("/dev/tty", native.O_RDWR | native.O_NOCTTY) : 0;
  if (fd < 0) return [-1, false];
  const mine = native.foregroundGroup(fd) === native.getpgid(0);
  if (mine) return [fd, opened];
  if (opened) native.close(fd);
  return [-1, false];
}

/** A failed spawn does not tell which of its two calls was refused. */
function canPipe(): boolean {
  const pipe = native.pipe(0);
  if (typeof pipe === "number") return false;
  for (const fd of pipe) native.close(fd);
  return true;
}

/**
 * Starts CMD with everything untouched that upinit was given: environment, working directory, descriptors, signal
 * mask, ignored signals, but for what `more` says. The leader of a session of its own gets the terminal on standard
 * input, if nobody has it. All signals must be blocked already. Gives what was refused if there could be no process;
 * whether its program could be executed is told by the status descriptor only.
 */
export function launch(
  command: readonly string[],
  placement: Placement,
  inherited: InheritedSignals,
  more: Pick<native.SpawnPlan, "umask" | "pidVariable" | "waitForExec">,
): Launched | { readonly step: "fork" | "pipe"; readonly errno: number } {
  const [terminal, opened] = placement === "group" ? openForeground() : [-1, false];
  const spawned = native.spawn({
    file: command[0] as string,
    argv: command,
    env: native.environment(),
    shellFallback: true,
    descriptors: [],
    keepDescriptors: true,
    ignored: inherited.ignored,
    blocked: inherited.blocked,
    ...(placement === "group"
      ? { group: 0 }
      : { session: placement === "session", freeTerminal: placement === "session" }),
    ...(terminal >= 0 ? { foregroundOf: terminal } : {}),
    ...more,
  });
  if (opened) native.close(terminal);
  if (typeof spawned === "number") return { step: canPipe() ? "fork" : "pipe", errno: -spawned };
  const [pid, statusFd] = spawned;
  const foregroundBefore = terminal >= 0 ? native.getpgid(0) : 0;
  return { pid, statusFd, startedAt: native.monotonicTime(), foregroundBefore };
}

/**
 * What upinit has from its parent and needs no more once CMD has it too: descriptors (one of them may keep a pipe
 * open for ever) but those in `kept`, and, unless it is to stay there, the working directory (it may keep a file system mounted).
 */
export function letGo(kept: readonly number[], stay: boolean): void {
  let first = 3;
  for (const fd of [...kept].sort((one, other) => one - other)) {
    if (fd > first) native.closeRange(first, fd - 1);
    first = fd + 1;
  }
  native.closeRange(first, 0x7fffffff);
  if (!stay) native.chdir("/");
}

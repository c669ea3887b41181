/**
 * The typed face of the C binding (`src/runtime/native/*.c`): each function is one system call, or one byte
 * primitive, and knows nothing of jobs.
 *
 * Conventions, without exception:
 * - A function that can fail returns its result, or a negative errno (`-ENOENT`). Nothing here throws but
 *   TypeError for a wrong argument type. `system-error.ts` turns negative results into exceptions for callers
 *   that want one.
 * - `Failable<T>` is `T | number`, where a number is a negative errno and T is never a number.
 * - Text is bytes in disguise: what is valid UTF-8 comes as such, any other byte B as the lone surrogate
 *   U+DC00+B, and goes out as B again. So environment, arguments and names survive unchanged.
 * - All descriptors are created close-on-exec.
 * - Signal sets are two 32-bit words [signals 1..32, signals 33..64], bit 0 of the first being signal 1.
 */
declare module "upinit:native" {
  export type Failable<T> = T | number;
  export type SignalSet = readonly [low: number, high: number];

  // ── host ────────────────────────────────────────────────────────────────────────────────────────────────
  /** argv, with argv[0] as the program was called. */
  export function argv(): string[];
  /** The environment that the program was given, untouched, in order. */
  export function environment(): string[];
  /** Ends the process at once with this status; nothing is run on the way out. */
  export function exit(status: number): never;
  /**
   * The host calls `turn` again and again once the entry module is evaluated, draining promise jobs in between,
   * until `turn` returns false. A turn may block in epollWait.
   */
  export function setTurn(turn: () => boolean): void;
  /** What to call with an exception that escaped from a turn or an unhandled rejection. Default: print it. */
  export function setUncaught(handler: (error: unknown, kind: "exception" | "rejection") => void): void;
  /** Milliseconds one turn may compute before the interrupt handler throws; 0 turns the watch off (clients). */
  export function setTurnLimit(milliseconds: number): void;
  /**
   * Calls a function so that an interruption (setTurnLimit) becomes an ordinary exception for the caller. Without
   * it no `catch` sees an interruption, and the whole turn is lost.
   */
  export function contain<T>(run: () => T): T;
  /**
   * From here on the process is an init: if the engine is lost, the C host keeps reaping (docs/design.md#11-survival).
   */
  export function guardInit(): void;
  /** The stop of everything has begun: an engine that is lost from here on ends everything instead of waiting. */
  export function endIfLost(): void;
  /** Runs the cycle collector and gives free memory back to the kernel. */
  export function collectGarbage(): void;
  /** Bytes the engine holds. */
  export function memoryUsed(): number;

  // ── identity ────────────────────────────────────────────────────────────────────────────────────────────
  export function getpid(): number;
  export function getppid(): number;
  export function getuid(): number;
  export function geteuid(): number;
  export function getgid(): number;
  export function getegid(): number;
  export function getsid(pid: number): number;
  export function getpgid(pid: number): number;
  export function setsid(): number;
  export function setpgid(pid: number, group: number): number;
  export function umask(mask: number): number;
  export function chdir(path: string): number;
  export function getcwd(): Failable<string>;
  export function hostname(): string;
  /** Effective capabilities as two words [0..31, 32..63]. */
  export function capabilities(): readonly [low: number, high: number];
  /** prctl(PR_SET_CHILD_SUBREAPER). */
  export function setSubreaper(on: boolean): number;
  /** prctl(PR_GET_CHILD_SUBREAPER): who executed this program may have asked for it. */
  export function isSubreaper(): boolean;
  /** prctl(PR_SET_PDEATHSIG). */
  export function setParentDeathSignal(signal: number): number;
  export function setDumpable(on: boolean): number;
  /** prctl(PR_SET_NAME). */
  export function setProcessName(name: string): number;

  // ── clocks (milliseconds, with fractions) ───────────────────────────────────────────────────────────────
  export function monotonicTime(): number;
  export function realTime(): number;
  /** A descriptor that is readable each time the wall clock is set (TFD_TIMER_CANCEL_ON_SET of timerfd_create(2)). */
  export function watchClock(): number;
  /** Waits for the next such time. */
  export function watchClockAgain(fd: number): number;
  /** Blocks the calling process; for clients only, never for an init. */
  export function sleep(milliseconds: number): void;
  /** Fills with random bytes (getrandom). */
  export function random(into: Uint8Array): number;

  // ── processes ───────────────────────────────────────────────────────────────────────────────────────────
  /** One child, complete: what happens between fork and exec, in the order of these fields. */
  export interface SpawnPlan {
    /**
     * Program; with a slash it is a path, else it is searched in PATH of `env`. ENOEXEC is an error unless
     * `shellFallback`.
     */
    readonly file: string;
    /**
     * A descriptor of the program (O_PATH will do), in the place of `file` (execveat(2)): no name, no /proc, any root.
     */
    readonly executable?: number;
    readonly argv: readonly string[];
    readonly env: readonly string[];
    /** A variable of `env` whose value becomes the child's pid (LISTEN_PID, say); nothing if there is none. */
    readonly pidVariable?: string;
    /** Inherit a given ENOEXEC as execvp does: run by /bin/sh. */
    readonly shellFallback?: boolean;
    /**
     * Descriptors by their number in the child; all others, 0 to 2 too, are closed. Opened ones are named by path
     * below.
     */
    readonly descriptors: readonly (readonly [child: number, parent: number])[];
    /** Closes none of the others: what is not close-on-exec passes (CMD inherits what its init was given). */
    readonly keepDescriptors?: boolean;
    /** Files the child itself opens: [child fd, path, open flags]. */
    readonly open?: readonly (readonly [child: number, path: string, flags: number])[];
    readonly session?: boolean;
    /** Process group: 0 = own. */
    readonly group?: number;
    /** After setsid: make descriptor 0 the controlling terminal, by force if allowed. */
    readonly controllingTerminal?: boolean;
    /** After setsid: the same if descriptor 0 is a terminal that nobody has; no error if it is not. */
    readonly freeTerminal?: boolean;
    /** Make the child's group the foreground group of this terminal descriptor (the parent's number). */
    readonly foregroundOf?: number;
    /** [resource number, soft, hard]; Infinity is RLIM_INFINITY. */
    readonly limits?: readonly (readonly [resource: number, soft: number, hard: number])[];
    readonly umask?: number;
    readonly nice?: number;
    readonly oomScoreAdj?: number;
    readonly chroot?: string;
    readonly chdir?: string;
    readonly groups?: readonly number[];
    readonly gid?: number;
    readonly uid?: number;
    /** What is kept of the capabilities, as bits (below 2^53, which is far above the last one); absent: all. */
    readonly capabilities?: number;
    /** PR_SET_NO_NEW_PRIVS. */
    readonly noNewPrivileges?: boolean;
    /** Signals to leave ignored; every other disposition is reset to default. */
    readonly ignored?: SignalSet;
    /** The signal mask of the child. */
    readonly blocked?: SignalSet;
    readonly parentDeathSignal?: number;
    /** raise(SIGSTOP) before exec (`debug` stanza). */
    readonly stopBeforeExec?: boolean;
    /** PTRACE_TRACEME before exec. */
    readonly trace?: boolean;
    /**
     * Stand still until the exec: the child borrows the memory of this process meanwhile (vfork) instead of getting a
     * copy, which is most of what a fork costs. Only for who has nothing else to do, and never with another uid or gid,
     * whose owner could get at the borrowed memory.
     */
    readonly waitForExec?: boolean;
  }
  /**
   * fork + the plan. Returns [pid, statusFd]: the descriptor reads as end of file once exec succeeded, or gives one
   * record for `readSpawnFailure` and then end of file. The parent never waits, unless told to. errno of fork or pipe
   * if it failed.
   */
  export function spawn(plan: SpawnPlan): Failable<readonly [pid: number, statusFd: number]>;
  export type SpawnStep =
    | "descriptors"
    | "open"
    | "session"
    | "group"
    | "terminal"
    | "foreground"
    | "limit"
    | "nice"
    | "oom"
    | "chroot"
    | "chdir"
    | "initgroups"
    | "setgid"
    | "setuid"
    | "capabilities"
    | "privileges"
    | "signals"
    | "trace"
    | "exec";
  /**
   * Non-blocking read of a status descriptor: null while nothing is known yet, true once exec succeeded, else which
   * step failed, with its errno (positive) and a number that says more (the resource of a limit, the child's
   * descriptor of an open; else 0).
   */
  export function readSpawnFailure(
    statusFd: number,
  ): null | true | readonly [step: SpawnStep, errno: number, detail: number];
  /**
   * Raises the soft limit of open descriptors to the hard one and returns it. Children, and what `exec` executes, get
   * the limit that this process was given.
   */
  export function raiseDescriptorLimit(): number;
  /**
   * execveat(2) of this process through a descriptor (O_PATH will do). Dispositions are as inherited again; the mask
   * stays as it is, so that no signal is lost on the way of a re-exec: its new image finds all 64 blocked. Whoever
   * becomes another program calls `blockSignals(inheritedSignals().blocked)` first. Only returns with an error, and
   * then nothing has changed.
   */
  export function exec(fd: number, argv: readonly string[], env: readonly string[]): number;

  export const P_ALL: 0, P_PID: 1, P_PGID: 2, P_PIDFD: 3;
  export const WNOHANG: number,
    WEXITED: number,
    WSTOPPED: number,
    WCONTINUED: number,
    WNOWAIT: number,
    WALL: number;
  export const CLD_EXITED: 1, CLD_KILLED: 2, CLD_DUMPED: 3, CLD_TRAPPED: 4, CLD_STOPPED: 5, CLD_CONTINUED: 6;
  /**
   * waitid(2), or wait4(2) where a sandbox refuses it. `into` (length 3) receives pid, code, status; pid 0 when nothing
   * is there yet. Returns 0 or -errno. Allocates nothing: it is called for every orphan.
   */
  export function waitid(idType: number, id: number, options: number, into: Int32Array): number;
  export function kill(pid: number, signal: number): number;
  export function pidfdOpen(pid: number): number;
  export function pidfdSendSignal(pidfd: number, signal: number): number;

  // ── ptrace, for `expect fork` and `expect daemon` ───────────────────────────────────────────────────────
  export const PTRACE_O_TRACEFORK: number,
    PTRACE_O_TRACEEXEC: number,
    PTRACE_EVENT_FORK: number,
    PTRACE_EVENT_EXEC: number;
  export function ptraceSetOptions(pid: number, options: number): number;
  /** The new child's pid after a fork event. */
  export function ptraceGetEventMessage(pid: number): number;
  export function ptraceContinue(pid: number, signal: number): number;
  export function ptraceDetach(pid: number, signal: number): number;

  // ── signals ─────────────────────────────────────────────────────────────────────────────────────────────
  /** Mask and ignored set that this program was started with, before the host touched anything. */
  export function inheritedSignals(): { readonly blocked: SignalSet; readonly ignored: SignalSet };
  /** Makes the set the signal mask: what is not in it is let through. */
  export function blockSignals(set: SignalSet): number;
  /** Puts a disposition to default (false) or ignored (true). */
  export function ignoreSignal(signal: number, ignored: boolean): number;
  /** A signalfd for the set (which the caller has blocked). */
  export function signalfd(set: SignalSet): number;
  /** Reads all that is there: [signal, sender pid, sender uid, code]… flat into `into`; returns how many signals. */
  export function readSignals(fd: number, into: Int32Array): number;

  // ── poll ────────────────────────────────────────────────────────────────────────────────────────────────
  export const EPOLLIN: number,
    EPOLLOUT: number,
    EPOLLERR: number,
    EPOLLHUP: number,
    EPOLLRDHUP: number,
    EPOLLPRI: number;
  /** An epoll instance that can be waited for: where a sandbox refuses epoll_wait, its error. */
  export function epollCreate(): number;
  /** events 0 removes. */
  export function epollSet(epoll: number, fd: number, events: number): number;
  /** `into` receives [fd, events] pairs; returns how many. Timeout in milliseconds, -1 for ever. EINTR counts as 0. */
  export function epollWait(epoll: number, into: Int32Array, timeout: number): number;
  /** poll(2) of one descriptor for clients: the events seen, 0 on timeout. */
  export function pollOne(fd: number, events: number, timeout: number): number;

  // ── files ───────────────────────────────────────────────────────────────────────────────────────────────
  export const O_RDONLY: number,
    O_WRONLY: number,
    O_RDWR: number,
    O_CREAT: number,
    O_EXCL: number,
    O_TRUNC: number,
    O_APPEND: number,
    O_NONBLOCK: number,
    O_NOFOLLOW: number,
    O_DIRECTORY: number,
    O_PATH: number,
    O_NOCTTY: number;
  export function open(path: string, flags: number, mode?: number): number;
  export function openat(directory: number, path: string, flags: number, mode?: number): number;
  export function close(fd: number): number;
  /** close_range(2), both ends included; where the kernel has none, one close after the other up to the limit. */
  export function closeRange(first: number, last: number): number;
  export function read(fd: number, into: Uint8Array, offset: number, length: number): number;
  export function write(fd: number, from: Uint8Array, offset: number, length: number): number;
  /** write(2) of a text, for messages; returns bytes written. */
  export function writeText(fd: number, text: string): number;
  export function lseek(fd: number, offset: number, whence: number): number;
  export function dup(fd: number): number;
  export function dup2(fd: number, to: number): number;
  export function pipe(flags: number): Failable<readonly [read: number, write: number]>;
  /** Bytes that a pipe can hold (F_GETPIPE_SZ). -EBADF if it is none. */
  export function pipeSize(fd: number): number;
  /** F_SETPIPE_SZ; the size that it got. -EPERM past the limit of unprivileged users. */
  export function setPipeSize(fd: number, bytes: number): number;
  /** Bytes that wait in a pipe (FIONREAD). */
  export function pipeFilled(fd: number): number;
  /** O_NONBLOCK, for one end of a pipe that we made. Never for an inherited descriptor: its description is shared. */
  export function setNonBlocking(fd: number): number;
  export function memfd(name: string): number;
  /** Seals a memfd against every change. */
  export function seal(fd: number): number;
  /** Whether the descriptor is close-on-exec, and setting it. */
  export function setCloseOnExec(fd: number, on: boolean): number;
  export function descriptorFlags(fd: number): number;
  export function isTerminal(fd: number): boolean;
  export function ftruncate(fd: number, length: number): number;
  /** [mode, size, device, inode, uid, gid, mtime in ms, hard links]. `follow` false is lstat. */
  export function stat(path: string, follow: boolean): Failable<Float64Array>;
  export function fstat(fd: number): Failable<Float64Array>;
  export function access(path: string, mode: number): number;
  /** Names in a directory, sorted bytewise, without . and ..; `types` receives d_type for each if given. */
  export function readDirectory(path: string): Failable<{ names: string[]; types: Uint8Array }>;
  /** Whole file as text; -EFBIG past `limit`, -EINVAL if it is not a regular file. Never blocks on a FIFO. */
  export function readFile(path: string, limit: number): Failable<string>;
  /** Whole small pseudo-file (/proc, /sys) as text, whatever its type and stated size. */
  export function readPseudoFile(path: string): Failable<string>;
  export function readlink(path: string): Failable<string>;
  export function symlink(target: string, path: string): number;
  export function unlink(path: string): number;
  export function rmdir(path: string): number;
  export function rename(from: string, to: string): number;
  export function mkdir(path: string, mode: number): number;
  export function chmod(path: string, mode: number): number;
  export function mkdirat(directory: number, path: string, mode: number): number;
  export function fchmod(fd: number, mode: number): number;
  export function fchown(fd: number, uid: number, gid: number): number;
  /** lchown(2): a link itself. */
  export function chown(path: string, uid: number, gid: number): number;
  export function sync(): void;

  // ── inotify ─────────────────────────────────────────────────────────────────────────────────────────────
  export const IN_CREATE: number,
    IN_DELETE: number,
    IN_CLOSE_WRITE: number,
    IN_MOVED_FROM: number,
    IN_MOVED_TO: number,
    IN_MODIFY: number,
    IN_ATTRIB: number,
    IN_DELETE_SELF: number,
    IN_MOVE_SELF: number,
    IN_IGNORED: number,
    IN_Q_OVERFLOW: number,
    IN_ISDIR: number,
    IN_ONLYDIR: number,
    IN_DONT_FOLLOW: number;
  export function inotifyOpen(): number;
  export function inotifyAdd(fd: number, path: string, mask: number): number;
  export function inotifyRemove(fd: number, watch: number): number;
  /** What one read gives, an empty array if nothing is there; the rest stays readable. */
  export function inotifyRead(
    fd: number,
  ): Failable<{ watch: number; mask: number; cookie: number; name: string }[]>;

  // ── connections of probes ───────────────────────────────────────────────────────────────────────────────
  /**
   * A connection that is being made (non-blocking), to an IPv4 or IPv6 address in digits and a port, or to the Unix
   * socket of an absolute path. -EINVAL for any other address. It is there when the descriptor is writable and
   * `socketError` says 0.
   */
  export function connectTo(address: string, port: number): number;
  /** SO_ERROR: 0, or why a connection could not be made. */
  export function socketError(fd: number): number;
  /** The addresses of a name, by the C library's resolver. -ENOENT, -EAGAIN; -ENOSYS where it has none (glibc). */
  export function resolveHost(name: string): Failable<string[]>;

  // ── Unix sockets ────────────────────────────────────────────────────────────────────────────────────────
  /** Path; a leading NUL names the abstract space. Non-blocking listener. */
  export function unixListen(path: string, backlog: number): number;
  export function unixConnect(path: string): number;
  /** Whether a connection could be made: 0, or -errno; -EAGAIN if one has to be waited for. Never waits itself. */
  export function unixProbe(path: string): number;
  /** A bound SOCK_DGRAM with SO_PASSCRED, non-blocking (notify protocol). */
  export function unixDatagram(path: string): number;
  /** A SOCK_DGRAM that sends to this path, non-blocking. */
  export function unixDatagramTo(path: string): number;
  export function accept(fd: number): number;
  export function socketPair(): Failable<readonly [number, number]>;
  /** SO_PEERCRED. */
  export function peerCredentials(fd: number): Failable<readonly [pid: number, uid: number, gid: number]>;
  /** MSG_DONTWAIT | MSG_NOSIGNAL. */
  export function send(fd: number, from: Uint8Array, offset: number, length: number): number;
  export function receive(fd: number, into: Uint8Array, offset: number, length: number): number;
  /**
   * One datagram with its sender's credentials; descriptors passed along are closed. -EMSGSIZE if `into` was too small.
   */
  export function receiveDatagram(
    fd: number,
    into: Uint8Array,
  ): Failable<readonly [length: number, pid: number, uid: number]>;
  /** shutdown(2) of the write side. */
  export function shutdownWrite(fd: number): number;

  // ── terminals ───────────────────────────────────────────────────────────────────────────────────────────
  /** posix_openpt + grantpt + unlockpt: [master (non-blocking), path of the slave]. */
  export function openPty(): Failable<readonly [master: number, slave: string]>;
  export function windowSize(fd: number): Failable<readonly [columns: number, rows: number]>;
  /** TIOCNOTTY: gives the controlling terminal up; a session leader's foreground group gets HUP and CONT. */
  export function detachTerminal(fd: number): number;
  export function foregroundGroup(fd: number): number;
  export function setForegroundGroup(fd: number, group: number): number;
  /** Raw mode on; returns the saved settings for `restoreTerminal`. */
  export function rawTerminal(fd: number): Failable<Uint8Array>;
  export function restoreTerminal(fd: number, saved: Uint8Array): number;

  // ── network ─────────────────────────────────────────────────────────────────────────────────────────────
  /** Interfaces that are up, by index order. */
  export function interfacesUp(): string[];

  // ── byte primitives ─────────────────────────────────────────────────────────────────────────────────────
  export function encode(text: string): Uint8Array;
  export function decode(from: Uint8Array, offset: number, length: number): string;
  /** The UTF-16 code units of a text, in bytes if all are ASCII: many looks cost less than by `charCodeAt`. */
  export function codeUnits(text: string): Uint8Array | Uint16Array;
  /** Index in `from` of the last occurrence of `byte` in from[offset, offset+length), or -1. */
  export function lastIndexOfByte(from: Uint8Array, byte: number, offset: number, length: number): number;
  export function indexOfByte(from: Uint8Array, byte: number, offset: number, length: number): number;
  /**
   * Copies from[offset, offset+length) to `into` (from 0), `prefix` in front of the first byte if `atLineStart` and
   * after every newline that is followed by more. Returns bytes written, or -ENOBUFS if `into` is too small.
   */
  export function prefixLines(
    from: Uint8Array,
    offset: number,
    length: number,
    prefix: Uint8Array,
    atLineStart: boolean,
    into: Uint8Array,
  ): number;
  export function countByte(from: Uint8Array, byte: number, offset: number, length: number): number;
  /** strerror(3) in the wording of glibc, on either libc. */
  export function errorText(errno: number): string;
  /** ENOENT for 2, and so on; "" if unknown. */
  export function errorName(errno: number): string;
}

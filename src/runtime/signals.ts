import type { SignalSet } from "upinit:native";

/**
 * Signal numbers of Linux on x86-64 and arm64, under their names (signal(7)). Real-time signals have none: libcs
 * disagree about where they begin.
 */
export const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGIOT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPOLL: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** The last signal of Linux. */
export const lastSignal = 64;

const prefix = "SIG";
let numbers: ReadonlyMap<string, number> | null = null;

function numbersByName(): ReadonlyMap<string, number> {
  numbers ??= new Map(Object.entries(signals));
  return numbers;
}

/**
 * Number of a signal by its name, with or without `SIG`, in capitals as Upstart wants it (docs/upstart.md#210-values);
 * else null.
 */
export function signalNumber(name: string): number | null {
  return numbersByName().get(name.startsWith(prefix) ? name : prefix + name) ?? null;
}

/**
 * Name of a signal without `SIG`, the first one where there are two (`ABRT`, `CHLD`, `IO`); its number if it has none.
 */
export function signalName(signal: number): string {
  for (const [name, number] of numbersByName()) {
    if (number === signal) return name.slice(prefix.length);
  }
  return String(signal);
}

/** No signal. */
export const noSignals: SignalSet = [0, 0];

/** All 64. */
export const allSignals: SignalSet = [0xffff_ffff, 0xffff_ffff];

/** Whether the set holds the signal, a number from 1 to 64. */
export function hasSignal([low, high]: SignalSet, signal: number): boolean {
  const word = signal <= 32 ? low : high;
  return ((word >>> ((signal - 1) % 32)) & 1) === 1;
}

/** The set with these signals, numbers from 1 to 64. */
export function withSignals([low, high]: SignalSet, ...added: readonly number[]): SignalSet {
  let [first, second] = [low, high];
  for (const signal of added) {
    if (signal <= 32) first |= 1 << (signal - 1);
    else second |= 1 << (signal - 33);
  }
  return [first >>> 0, second >>> 0];
}

/** The set without these signals, numbers from 1 to 64. */
export function withoutSignals([low, high]: SignalSet, ...removed: readonly number[]): SignalSet {
  const [first, second] = withSignals(noSignals, ...removed);
  return [(low & ~first) >>> 0, (high & ~second) >>> 0];
}

/** What a signal means in words, as strsignal(3) of glibc has it. Loaded only by who says so much. */
const texts: readonly string[] = [
  "Hangup",
  "Interrupt",
  "Quit",
  "Illegal instruction",
  "Trace/breakpoint trap",
  "Aborted",
  "Bus error",
  "Floating point exception",
  "Killed",
  "User defined signal 1",
  "Segmentation fault",
  "User defined signal 2",
  "Broken pipe",
  "Alarm clock",
  "Terminated",
  "Stack fault",
  "Child exited",
  "Continued",
  "Stopped (signal)",
  "Stopped",
  "Stopped (tty input)",
  "Stopped (tty output)",
  "Urgent I/O condition",
  "CPU time limit exceeded",
  "File size limit exceeded",
  "Virtual timer expired",
  "Profiling timer expired",
  "Window changed",
  "I/O possible",
  "Power failure",
  "Bad system call",
];
const firstRealTime = 34;
const lastRealTime = 64;

/** `Terminated` for 15. */
export function signalText(signal: number): string {
  const text = texts[signal - 1];
  if (text !== undefined) return text;
  const isRealTime = signal >= firstRealTime && signal <= lastRealTime;
  return isRealTime ? `Real-time signal ${signal - firstRealTime}` : `Unknown signal ${signal}`;
}

/**
 * The signals that upinit itself names, as Linux numbers them on x86-64 and arm64 (signal(7)). Single constants, which
 * the bundler puts in place, so that the shim path loads no table.
 */
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGKILL = 9;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGWINCH = 28;
export const SIGPWR = 30;
/** SIGRTMIN+3 as the world counts it; a literal, since libcs disagree about where real-time signals begin. */
export const SIGRTMIN_3 = 37;

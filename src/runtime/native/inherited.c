/* What this process was given when it was executed, and what it is put right with before anything else runs. */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"
#include "kernel-signal.h"

UpinitInheritedSignals upinit_inherited;

static UpinitSignalSet split(KernelSignalSet set) {
  UpinitSignalSet parts = {.low = (uint32_t)set, .high = (uint32_t)(set >> 32)};
  return parts;
}

static void capture_signals(void) {
  KernelSignalSet blocked = 0, ignored = 0;
  kernel_sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (int signal = 1; signal <= 64; signal++) {
    KernelSignalAction action;
    if (kernel_sigaction(signal, NULL, &action) == 0 && action.handler == SIG_IGN) {
      ignored |= kernel_signal_bit(signal);
    }
  }
  upinit_inherited.blocked = split(blocked);
  upinit_inherited.ignored = split(ignored);
}

/*
 * PID 1 loses a signal that it neither handles nor blocks: they wait from here on for the reactor. Faults stay open, or
 * the kernel would end the process on the spot.
 */
static void keep_early_signals(void) {
  KernelSignalSet faults = kernel_signal_bit(SIGSEGV) | kernel_signal_bit(SIGBUS) | kernel_signal_bit(SIGILL) |
                           kernel_signal_bit(SIGFPE) | kernel_signal_bit(SIGABRT);
  KernelSignalSet early = KERNEL_ALL_SIGNALS & ~faults;
  if (getpid() == 1) {
    kernel_sigprocmask(SIG_BLOCK, &early, NULL);
  }
}

/* A descriptor 0 to 2 that is missing would become the first socket or file that is opened. */
static void open_missing_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
      /* No /dev/null: something that can neither be read nor written takes the number. */
      int taken = open("/", O_RDONLY | O_DIRECTORY);
      (void)taken;
    }
  }
}

void upinit_take_over_process(void) {
  capture_signals();
  keep_early_signals();
  open_missing_descriptors();
}

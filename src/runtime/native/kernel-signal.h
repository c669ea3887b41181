/*
 * Signals as the kernel counts them. The libcs keep two (glibc: 32, 33) or three (musl: 32 to 34) real-time signals
 * for themselves and hide them from sigaction and sigprocmask; an init must see all 64. So these are the bare
 * system calls, with the kernel's own 64-bit set.
 */
#ifndef UPINIT_KERNEL_SIGNAL_H
#define UPINIT_KERNEL_SIGNAL_H

#include "binding.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef uint64_t KernelSignalSet; /* bit 0 is signal 1 */

enum { LAST_SIGNAL = 64 };

#define KERNEL_ALL_SIGNALS (~(KernelSignalSet)0)

static inline KernelSignalSet kernel_signal_bit(int signal) { return (KernelSignalSet)1 << (signal - 1); }

/*
 * The kernel's struct sigaction of 64-bit Linux. Only SIG_DFL and SIG_IGN are ever set through it, so the restorer,
 * which x86-64 wants for handlers, may stay empty; room for it is kept on every architecture.
 */
typedef struct {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  KernelSignalSet mask;
  unsigned long spare;
} KernelSignalAction;

/* Returns 0 or -1 with errno. */
static inline int kernel_sigaction(int signal, const KernelSignalAction *action, KernelSignalAction *old) {
  return (int)syscall(SYS_rt_sigaction, signal, action, old, sizeof(KernelSignalSet));
}

/* SIG_DFL or SIG_IGN; returns 0 or -1 with errno. */
static inline int kernel_set_disposition(int signal, void (*disposition)(int)) {
  KernelSignalAction action;
  memset(&action, 0, sizeof action);
  action.handler = disposition;
  return kernel_sigaction(signal, &action, NULL);
}

/* `how` is SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK; returns 0 or -1 with errno. */
static inline int kernel_sigprocmask(int how, const KernelSignalSet *set, KernelSignalSet *old) {
  return (int)syscall(SYS_rt_sigprocmask, how, set, old, sizeof(KernelSignalSet));
}

/* A SignalSet of TypeScript: [signals 1..32, signals 33..64]. False after throwing. */
bool upinit_signal_set(JSContext *ctx, JSValueConst value, KernelSignalSet *set);

#endif

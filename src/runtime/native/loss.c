/*
 * When the engine is lost (a fault signal, memory, an abort) a PID 1 must not die with it: the container would. This
 * loop is all that is left then. It runs in a signal handler, so it only uses async-signal-safe calls.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

enum {
  exit_status = 70,
  alternate_stack_size = 32 * 1024,
  grace_ms = 8000, /* between SIGTERM and SIGKILL for everything */
  container_stop_signal = 37,
};

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static volatile sig_atomic_t lost;
static volatile sig_atomic_t end_if_lost;

static void say(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

static uint64_t bit_of(int signal) { return UINT64_C(1) << (signal - 1); }

/* The libcs' own sets hide two or three signals; the kernel's is 64 bits. */
static void block_all_but_faults(void) {
  uint64_t set = ~UINT64_C(0);
  for (size_t i = 0; i < sizeof(fault_signals) / sizeof(fault_signals[0]); i++) {
    set &= ~bit_of(fault_signals[i]);
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, sizeof(set));
}

/* Waits for one of the signals, at most so long if that is not negative; 0 when none came. */
static int wait_for_signal(uint64_t set, int64_t milliseconds) {
  struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  long signal = syscall(SYS_rt_sigtimedwait, &set, NULL, milliseconds < 0 ? NULL : &limit, sizeof(set));
  return signal > 0 ? (int)signal : 0;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reaps what is dead; false when there is no child left at all. */
static bool reap(void) {
  for (;;) {
    pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);
    if (pid < 0 && errno == ECHILD) {
      return false;
    }
    if (pid <= 0) {
      return true;
    }
  }
}

/* Signals each child that /proc names; the kernel gives us the orphans of those that die. */
static void signal_children(int signal) {
  int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  char buffer[1024];
  int pid = 0;
  for (ssize_t length; (length = read(fd, buffer, sizeof(buffer))) > 0;) {
    for (ssize_t i = 0; i < length; i++) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        pid = pid * 10 + (buffer[i] - '0');
      } else if (pid > 1) {
        kill(pid, signal);
        pid = 0;
      }
    }
  }
  close(fd);
}

/* Everything in the namespace only if it is ours; in a shared one only what hangs below us. */
static void signal_everything(int signal) {
  if (getpid() == 1) {
    kill(-1, signal);
  } else {
    signal_children(signal);
  }
}

static _Noreturn void end_everything(void) {
  signal_everything(SIGTERM);
  signal_everything(SIGCONT);
  int64_t end = now_ms() + grace_ms;
  for (int64_t left = grace_ms; left > 0 && reap(); left = end - now_ms()) {
    wait_for_signal(bit_of(SIGCHLD), left);
  }
  /* In a shared namespace each round only reaches the children of that moment. */
  for (int round = 0; round < 100 && reap(); round++) {
    signal_everything(SIGKILL);
    struct timespec moment = {0, 10 * 1000 * 1000};
    nanosleep(&moment, NULL);
  }
  _exit(exit_status);
}

static _Noreturn void reaping_loop(void) {
  uint64_t stop = bit_of(SIGTERM) | bit_of(container_stop_signal);
  for (;;) {
    reap();
    int signal = wait_for_signal(stop | bit_of(SIGCHLD), -1);
    if (signal != 0 && (stop & bit_of(signal)) != 0) {
      end_everything();
    }
  }
}

_Noreturn void upinit_engine_lost(const char *reason) {
  if (lost) {
    /* This loop itself failed: there is nothing more careful to fall back to. */
    signal_everything(SIGKILL);
    _exit(exit_status);
  }
  lost = 1;
  block_all_but_faults();
  signal(SIGCHLD, SIG_DFL);
  say("upinit: the engine is lost (");
  say(reason);
  if (end_if_lost) {
    say(") during the stop; ending everything\n");
    end_everything();
  }
  say("); only reaping from here on, SIGTERM ends the container\n");
  reaping_loop();
}

void upinit_end_if_lost(void) { end_if_lost = 1; }

static const char *name_of(int signal) {
  switch (signal) {
  case SIGSEGV:
    return "SIGSEGV";
  case SIGBUS:
    return "SIGBUS";
  case SIGILL:
    return "SIGILL";
  case SIGFPE:
    return "SIGFPE";
  default:
    return "SIGABRT";
  }
}

/*
 * What somebody else sends is a signal like any other, so it has to come out of the signalfd like any other: blocked,
 * there and on return from here, and sent again as it came. Who reads it there opens it again, and others with it: one
 * that is not read yet then comes here once more, and must not pass for a fault of our own because we sent it again.
 */
static void leave_to_signalfd(int signal, siginfo_t *info, ucontext_t *context) {
  int error = errno;
  uint64_t set = bit_of(signal);
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof(set));
  sigaddset(&context->uc_sigmask, signal);
  syscall(SYS_rt_sigqueueinfo, getpid(), signal, info);
  errno = error;
}

/* A fault of our own comes from the kernel, an abort from ourselves. */
static void on_fault(int signal, siginfo_t *info, void *context) {
  if (info->si_code <= 0 && info->si_pid != getpid()) {
    leave_to_signalfd(signal, info, context);
    return;
  }
  upinit_engine_lost(name_of(signal));
}

void upinit_guard_faults(void) {
  void *memory = mmap(NULL, alternate_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_sp = memory, .ss_size = alternate_stack_size};
  if (memory == MAP_FAILED || sigaltstack(&stack, NULL) != 0) {
    return;
  }
  /*
   * None of them interrupts another's handler: the inner one would block its signal for the outer handler only. A second
   * fault still counts, since upinit_engine_lost opens them again.
   */
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO | SA_RESTART};
  for (size_t i = 0; i < sizeof(fault_signals) / sizeof(fault_signals[0]); i++) {
    sigaddset(&action.sa_mask, fault_signals[i]);
  }
  /* musl's sigaction opens the signals that it keeps for itself (32 to 34); an init has to see them too. */
  uint64_t mask;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
  for (size_t i = 0; i < sizeof(fault_signals) / sizeof(fault_signals[0]); i++) {
    sigaction(fault_signals[i], &action, NULL);
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

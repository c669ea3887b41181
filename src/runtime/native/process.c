/* Identity, clocks, waiting and killing. */
#include "binding.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef __WALL
#define __WALL 0x40000000
#endif

/* ── identity ───────────────────────────────────────────────────────────────────────────────────────────── */

static JSValue js_getpid(UPINIT_ARGUMENTS) { return JS_NewInt32(ctx, getpid()); }
static JSValue js_getppid(UPINIT_ARGUMENTS) { return JS_NewInt32(ctx, getppid()); }
static JSValue js_getuid(UPINIT_ARGUMENTS) { return JS_NewUint32(ctx, getuid()); }
static JSValue js_geteuid(UPINIT_ARGUMENTS) { return JS_NewUint32(ctx, geteuid()); }
static JSValue js_getgid(UPINIT_ARGUMENTS) { return JS_NewUint32(ctx, getgid()); }
static JSValue js_getegid(UPINIT_ARGUMENTS) { return JS_NewUint32(ctx, getegid()); }

static JSValue js_getsid(UPINIT_ARGUMENTS) {
  UPINIT_INT(pid, 0)
  return upinit_result(ctx, getsid(pid));
}

static JSValue js_getpgid(UPINIT_ARGUMENTS) {
  UPINIT_INT(pid, 0)
  return upinit_result(ctx, getpgid(pid));
}

static JSValue js_setsid(UPINIT_ARGUMENTS) { return upinit_result(ctx, setsid()); }

static JSValue js_setpgid(UPINIT_ARGUMENTS) {
  UPINIT_INT(pid, 0)
  UPINIT_INT(group, 1)
  return upinit_result(ctx, setpgid(pid, group));
}

static JSValue js_umask(UPINIT_ARGUMENTS) {
  UPINIT_INT(mask, 0)
  return JS_NewInt32(ctx, (int32_t)umask((mode_t)mask));
}

static JSValue js_chdir(UPINIT_ARGUMENTS) {
  JSValue refusal;
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, chdir(path));
  free(path);
  return result;
}

static JSValue js_getcwd(UPINIT_ARGUMENTS) {
  char path[4096];
  if (getcwd(path, sizeof path) == NULL) {
    return upinit_errno(ctx, errno);
  }
  return upinit_bytes_to_text(ctx, path, strlen(path));
}

static JSValue js_hostname(UPINIT_ARGUMENTS) {
  struct utsname name;
  if (uname(&name) < 0) {
    return JS_NewString(ctx, "");
  }
  return upinit_bytes_to_text(ctx, name.nodename, strlen(name.nodename));
}

static JSValue js_capabilities(UPINIT_ARGUMENTS) {
  /* capget(2), version 3: two words a set. The kernel's header for it is not there with every libc. */
  struct {
    uint32_t version;
    int pid;
  } header = {.version = 0x20080522, .pid = 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } data[2] = {{0}, {0}};
  /* It can't fail for the calling process; were it refused, no capability is the answer that harms nobody. */
  (void)syscall(SYS_capget, &header, data);
  JSValue words[] = {JS_NewUint32(ctx, data[0].effective), JS_NewUint32(ctx, data[1].effective)};
  return JS_NewArrayFrom(ctx, 2, words);
}

static JSValue set_process_option(JSContext *ctx, int option, unsigned long value) {
  return upinit_result(ctx, prctl(option, value, 0, 0, 0));
}

static JSValue js_set_subreaper(UPINIT_ARGUMENTS) {
  return set_process_option(ctx, PR_SET_CHILD_SUBREAPER, JS_ToBool(ctx, argv[0]) == 1);
}

static JSValue js_is_subreaper(UPINIT_ARGUMENTS) {
  int on = 0;
  return JS_NewBool(ctx, prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0) == 0 && on != 0);
}

static JSValue js_set_parent_death_signal(UPINIT_ARGUMENTS) {
  UPINIT_INT(signal, 0)
  return set_process_option(ctx, PR_SET_PDEATHSIG, (unsigned long)signal);
}

static JSValue js_set_dumpable(UPINIT_ARGUMENTS) {
  return set_process_option(ctx, PR_SET_DUMPABLE, JS_ToBool(ctx, argv[0]) == 1);
}

static JSValue js_set_process_name(UPINIT_ARGUMENTS) {
  JSValue refusal;
  char *name = upinit_path(ctx, argv[0], &refusal);
  if (name == NULL) {
    return refusal;
  }
  JSValue result = set_process_option(ctx, PR_SET_NAME, (unsigned long)(uintptr_t)name);
  free(name);
  return result;
}

/* ── clocks ─────────────────────────────────────────────────────────────────────────────────────────────── */

static JSValue read_clock(JSContext *ctx, clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return JS_NewFloat64(ctx, (double)now.tv_sec * 1000.0 + (double)now.tv_nsec / 1e6);
}

static JSValue js_monotonic_time(UPINIT_ARGUMENTS) { return read_clock(ctx, CLOCK_MONOTONIC); }
static JSValue js_real_time(UPINIT_ARGUMENTS) { return read_clock(ctx, CLOCK_REALTIME); }

static JSValue js_sleep(UPINIT_ARGUMENTS) {
  double milliseconds = 0;
  if (!JS_IsNumber(argv[0])) {
    return JS_ThrowTypeError(ctx, "a number is expected");
  }
  if (JS_ToFloat64(ctx, &milliseconds, argv[0]) < 0) {
    return JS_EXCEPTION;
  }
  if (milliseconds > 0) {
    double seconds = milliseconds / 1000.0;
    if (seconds > INT32_MAX) {
      seconds = INT32_MAX;
    }
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
  }
  return JS_UNDEFINED;
}

static JSValue js_random(UPINIT_ARGUMENTS) {
  uint8_t *bytes;
  size_t length;
  if (!upinit_bytes(ctx, argv[0], &bytes, &length)) {
    return JS_EXCEPTION;
  }
  size_t filled = 0;
  while (filled < length) {
    /* Never waits for entropy: early in a virtual machine's life an init has more urgent things to do. */
    ssize_t count = getrandom(bytes + filled, length - filled, GRND_NONBLOCK);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return upinit_errno(ctx, errno);
    }
    filled += (size_t)count;
  }
  return JS_NewInt64(ctx, (int64_t)filled);
}

/* ── waiting and killing ────────────────────────────────────────────────────────────────────────────────── */

/*
 * The code and status of waitid(2) from the status of wait4(2). Only a tracer can ask for the signal of a process that it
 * holds; EINVAL is the answer for a group stop.
 */
static void read_wait_status(pid_t pid, int status, siginfo_t *info) {
  siginfo_t held;
  info->si_pid = pid;
  info->si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  info->si_code = WIFEXITED(status) ? CLD_EXITED : WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
  if (WIFCONTINUED(status)) {
    info->si_status = SIGCONT;
    info->si_code = CLD_CONTINUED;
  } else if (WIFSTOPPED(status)) {
    bool traced = ptrace(PTRACE_GETSIGINFO, pid, NULL, &held) == 0 || errno == EINVAL;
    info->si_status = traced ? status >> 8 & 0xffff : WSTOPSIG(status);
    info->si_code = traced ? CLD_TRAPPED : CLD_STOPPED;
  }
}

/*
 * For sandboxes that refuse waitid. wait4 takes every report that it gives: one that the caller only wanted to look at
 * (WNOWAIT) is kept here for the next call.
 */
static int wait_by_wait4(idtype_t type, pid_t id, int options, siginfo_t *info) {
  static siginfo_t kept;
  if (kept.si_pid != 0 && (type == P_ALL || kept.si_pid == id)) {
    *info = kept;
  } else {
    int status;
    pid_t pid = wait4(type == P_PID ? id : type == P_PGID ? -id : -1, &status, options & ~(WEXITED | WNOWAIT), NULL);
    if (pid <= 0) {
      return pid;
    }
    read_wait_status(pid, status, info);
  }
  kept.si_pid = 0;
  if (options & WNOWAIT) {
    kept = *info;
  }
  return 0;
}

static JSValue js_waitid(UPINIT_ARGUMENTS) {
  int32_t *into;
  size_t count;
  UPINIT_INT(type, 0)
  UPINIT_INT(id, 1)
  UPINIT_INT(options, 2)
  if (!upinit_int32_array(ctx, argv[3], &into, &count)) {
    return JS_EXCEPTION;
  }
  if (count < 3) {
    return JS_ThrowRangeError(ctx, "an Int32Array of three elements is expected");
  }
  siginfo_t info;
  /* With WNOHANG and nothing to report the kernel may leave the structure as it was. */
  info.si_pid = 0;
  int result;
  do {
    result = waitid((idtype_t)type, (id_t)id, &info, options);
    if (result < 0 && (errno == EPERM || errno == ENOSYS)) {
      result = wait_by_wait4((idtype_t)type, (pid_t)id, options, &info);
    }
  } while (result < 0 && errno == EINTR);
  if (result < 0) {
    into[0] = 0;
    return upinit_errno(ctx, errno);
  }
  into[0] = info.si_pid;
  into[1] = info.si_pid == 0 ? 0 : info.si_code;
  into[2] = info.si_pid == 0 ? 0 : info.si_status;
  return JS_NewInt32(ctx, 0);
}

static JSValue js_kill(UPINIT_ARGUMENTS) {
  UPINIT_INT(pid, 0)
  UPINIT_INT(signal, 1)
  return upinit_result(ctx, kill(pid, signal));
}

static JSValue js_pidfd_open(UPINIT_ARGUMENTS) {
  UPINIT_INT(pid, 0)
#ifdef SYS_pidfd_open
  return upinit_result(ctx, syscall(SYS_pidfd_open, pid, 0u));
#else
  (void)pid;
  return upinit_errno(ctx, ENOSYS);
#endif
}

static JSValue js_pidfd_send_signal(UPINIT_ARGUMENTS) {
  UPINIT_INT(pidfd, 0)
  UPINIT_INT(signal, 1)
#ifdef SYS_pidfd_send_signal
  return upinit_result(ctx, syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0u));
#else
  (void)pidfd;
  (void)signal;
  return upinit_errno(ctx, ENOSYS);
#endif
}

#define WALL __WALL

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("getpid", 0, js_getpid),
    UPINIT_FUNCTION("getppid", 0, js_getppid),
    UPINIT_FUNCTION("getuid", 0, js_getuid),
    UPINIT_FUNCTION("geteuid", 0, js_geteuid),
    UPINIT_FUNCTION("getgid", 0, js_getgid),
    UPINIT_FUNCTION("getegid", 0, js_getegid),
    UPINIT_FUNCTION("getsid", 1, js_getsid),
    UPINIT_FUNCTION("getpgid", 1, js_getpgid),
    UPINIT_FUNCTION("setsid", 0, js_setsid),
    UPINIT_FUNCTION("setpgid", 2, js_setpgid),
    UPINIT_FUNCTION("umask", 1, js_umask),
    UPINIT_FUNCTION("chdir", 1, js_chdir),
    UPINIT_FUNCTION("getcwd", 0, js_getcwd),
    UPINIT_FUNCTION("hostname", 0, js_hostname),
    UPINIT_FUNCTION("capabilities", 0, js_capabilities),
    UPINIT_FUNCTION("setSubreaper", 1, js_set_subreaper),
    UPINIT_FUNCTION("isSubreaper", 0, js_is_subreaper),
    UPINIT_FUNCTION("setParentDeathSignal", 1, js_set_parent_death_signal),
    UPINIT_FUNCTION("setDumpable", 1, js_set_dumpable),
    UPINIT_FUNCTION("setProcessName", 1, js_set_process_name),
    UPINIT_FUNCTION("monotonicTime", 0, js_monotonic_time),
    UPINIT_FUNCTION("realTime", 0, js_real_time),
    UPINIT_FUNCTION("sleep", 1, js_sleep),
    UPINIT_FUNCTION("random", 1, js_random),
    UPINIT_CONSTANT(P_ALL),
    UPINIT_CONSTANT(P_PID),
    UPINIT_CONSTANT(P_PGID),
    UPINIT_CONSTANT(P_PIDFD),
    UPINIT_CONSTANT(WNOHANG),
    UPINIT_CONSTANT(WEXITED),
    UPINIT_CONSTANT(WSTOPPED),
    UPINIT_CONSTANT(WCONTINUED),
    UPINIT_CONSTANT(WNOWAIT),
    UPINIT_CONSTANT(WALL),
    UPINIT_CONSTANT(CLD_EXITED),
    UPINIT_CONSTANT(CLD_KILLED),
    UPINIT_CONSTANT(CLD_DUMPED),
    UPINIT_CONSTANT(CLD_TRAPPED),
    UPINIT_CONSTANT(CLD_STOPPED),
    UPINIT_CONSTANT(CLD_CONTINUED),
    UPINIT_FUNCTION("waitid", 4, js_waitid),
    UPINIT_FUNCTION("kill", 2, js_kill),
    UPINIT_FUNCTION("pidfdOpen", 1, js_pidfd_open),
    UPINIT_FUNCTION("pidfdSendSignal", 2, js_pidfd_send_signal),
};

UPINIT_TABLE(process, entries);

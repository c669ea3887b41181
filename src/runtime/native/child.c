/*
 * Between fork and exec. Nothing here may allocate, lock or touch libc state that a fork could have torn, or that the
 * parent goes on with where its memory is borrowed (waitForExec): only system calls and the memory of the plan, which
 * nobody else uses by then.
 */
#include "child.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { EXIT_SPAWN_FAILED = 255 };

static _Noreturn void leave(int status) {
  for (;;) {
    syscall(SYS_exit_group, status);
  }
}

_Noreturn void upinit_child_fail(const ChildPlan *plan, SpawnStep step, int detail) {
  SpawnFailure failure = {.step = (int32_t)step, .error = errno, .detail = detail};
  ssize_t written;
  do {
    written = write(plan->status_fd, &failure, sizeof failure);
  } while (written < 0 && errno == EINTR);
  leave(EXIT_SPAWN_FAILED);
}

/* ── session, group, terminal ───────────────────────────────────────────────────────────────────────────── */

static void join_session_and_group(const ChildPlan *plan) {
  if (plan->session) {
    if (setsid() < 0) {
      upinit_child_fail(plan, STEP_SESSION, 0);
    }
  } else if (plan->group.given && setpgid(0, (pid_t)plan->group.value) < 0) {
    upinit_child_fail(plan, STEP_GROUP, 0);
  }
}

static void take_terminal(const ChildPlan *plan) {
  /* By force needs CAP_SYS_ADMIN; without it the terminal is ours only if it is nobody's. */
  if (plan->controlling_terminal && ioctl(0, TIOCSCTTY, 1) < 0 && ioctl(0, TIOCSCTTY, 0) < 0) {
    upinit_child_fail(plan, STEP_TERMINAL, 0);
  }
  if (plan->free_terminal) {
    ioctl(0, TIOCSCTTY, 0);
  }
  if (plan->foreground_of.given) {
    /* SIGTTOU is blocked like every other signal, so a background group may do this. */
    pid_t group = getpgrp();
    if (ioctl((int)plan->foreground_of.value, TIOCSPGRP, &group) < 0) {
      upinit_child_fail(plan, STEP_FOREGROUND, 0);
    }
  }
}

/* ── limits and priorities ──────────────────────────────────────────────────────────────────────────────── */

/* struct rlimit64 as it was before it was raised. */
static uint64_t given_descriptors[2];
static bool descriptors_raised;

int upinit_raise_descriptor_limit(void) {
  uint64_t limit[2];
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, limit) < 0) {
    return -1;
  }
  uint64_t raised[2] = {limit[1], limit[1]};
  if (limit[0] < limit[1]) {
    if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, raised, NULL) < 0) {
      return -1;
    }
    memcpy(given_descriptors, limit, sizeof limit);
    descriptors_raised = true;
  }
  return limit[1] < INT_MAX ? (int)limit[1] : INT_MAX;
}

bool upinit_restore_descriptor_limit(void) {
  return descriptors_raised && syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, given_descriptors, NULL) == 0;
}

static void set_limits(const ChildPlan *plan) {
  upinit_restore_descriptor_limit();
  for (size_t i = 0; i < plan->limit_count; i++) {
    const ResourceLimit *limit = &plan->limits[i];
    /* struct rlimit64; RLIM_INFINITY is all ones. */
    uint64_t values[2] = {limit->soft, limit->hard};
    if (syscall(SYS_prlimit64, 0, limit->resource, values, NULL) < 0) {
      upinit_child_fail(plan, STEP_LIMIT, limit->resource);
    }
  }
}

/* Decimal, without libc; returns the length. */
static size_t format_number(char *into, int number) {
  char digits[12];
  size_t count = 0, length = 0;
  unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) {
    into[length++] = '-';
  }
  while (count > 0) {
    into[length++] = digits[--count];
  }
  return length;
}

static bool write_number(const char *path, int number) {
  char text[16];
  size_t length = format_number(text, number);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  ssize_t written = write(fd, text, length);
  int error = errno;
  close(fd);
  errno = error;
  return written >= 0;
}

/* The older file has -17 (never) to 15 where the newer has -1000 to 1000. */
static int oom_adjustment(int score) { return score * (score < 0 ? 17 : 15) / 1000; }

static void set_priorities(const ChildPlan *plan) {
  if (plan->umask.given) {
    umask((mode_t)plan->umask.value);
  }
  if (plan->nice.given && setpriority(PRIO_PROCESS, 0, (int)plan->nice.value) < 0) {
    upinit_child_fail(plan, STEP_NICE, 0);
  }
  if (plan->oom_score_adj.given) {
    int score = (int)plan->oom_score_adj.value;
    bool set = write_number("/proc/self/oom_score_adj", score);
    if (!set && errno == ENOENT) {
      set = write_number("/proc/self/oom_adj", oom_adjustment(score));
    }
    if (!set) {
      upinit_child_fail(plan, STEP_OOM, 0);
    }
  }
}

/* ── place and identity ─────────────────────────────────────────────────────────────────────────────────── */

static void move_to_directory(const ChildPlan *plan) {
  if (plan->chroot != NULL && chroot(plan->chroot) < 0) {
    upinit_child_fail(plan, STEP_CHROOT, 0);
  }
  if (plan->chdir != NULL && chdir(plan->chdir) < 0) {
    upinit_child_fail(plan, STEP_CHDIR, 0);
  }
}

#ifdef SYS_setuid32
#define SYSTEM_SETUID SYS_setuid32
#define SYSTEM_SETGID SYS_setgid32
#define SYSTEM_SETGROUPS SYS_setgroups32
#else
#define SYSTEM_SETUID SYS_setuid
#define SYSTEM_SETGID SYS_setgid
#define SYSTEM_SETGROUPS SYS_setgroups
#endif

/* The bare system calls: those of the libcs first synchronise threads, through state that the fork left behind. */
static void take_identity(const ChildPlan *plan) {
  upinit_bound_capabilities(plan);
  if (plan->groups != NULL && syscall(SYSTEM_SETGROUPS, plan->group_count, plan->groups) < 0) {
    upinit_child_fail(plan, STEP_INITGROUPS, 0);
  }
  if (plan->gid.given && syscall(SYSTEM_SETGID, (gid_t)plan->gid.value) < 0) {
    upinit_child_fail(plan, STEP_SETGID, 0);
  }
  if (plan->uid.given && syscall(SYSTEM_SETUID, (uid_t)plan->uid.value) < 0) {
    upinit_child_fail(plan, STEP_SETUID, 0);
  }
  upinit_take_capabilities(plan);
  if (plan->no_new_privileges && syscall(SYS_prctl, 38 /* PR_SET_NO_NEW_PRIVS */, 1L, 0L, 0L, 0L) < 0) {
    upinit_child_fail(plan, STEP_PRIVILEGES, 0);
  }
}

/* ── signals ────────────────────────────────────────────────────────────────────────────────────────────── */

static void reset_dispositions(const ChildPlan *plan) {
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP) {
      continue;
    }
    bool ignore = (plan->ignored & kernel_signal_bit(signal)) != 0;
    if (kernel_set_disposition(signal, ignore ? SIG_IGN : SIG_DFL) < 0) {
      upinit_child_fail(plan, STEP_SIGNALS, signal);
    }
  }
}

/* After the change of user, which clears it. */
static void watch_parent(const ChildPlan *plan) {
  if (!plan->parent_death_signal.given) {
    return;
  }
  int signal = (int)plan->parent_death_signal.value;
  if (syscall(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, (unsigned long)signal, 0, 0, 0) < 0) {
    upinit_child_fail(plan, STEP_SIGNALS, signal);
  }
  if (syscall(SYS_getppid) != plan->parent) {
    /* It died before we asked. */
    syscall(SYS_kill, syscall(SYS_getpid), signal);
  }
}

static void prepare_signals_and_trace(const ChildPlan *plan) {
  watch_parent(plan);
  if (kernel_sigprocmask(SIG_SETMASK, &plan->blocked, NULL) < 0) {
    upinit_child_fail(plan, STEP_SIGNALS, 0);
  }
  if (plan->stop_before_exec) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
  }
  if (plan->trace && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) {
    upinit_child_fail(plan, STEP_TRACE, 0);
  }
}

/* ── environment ────────────────────────────────────────────────────────────────────────────────────────── */

static void write_own_pid(ChildPlan *plan) {
  if (plan->pid_entry == NULL) {
    return;
  }
  char *value = plan->pid_text + plan->pid_offset;
  value[format_number(value, (int)syscall(SYS_getpid))] = '\0';
  *plan->pid_entry = plan->pid_text;
}

/* ── exec ───────────────────────────────────────────────────────────────────────────────────────────────── */

static void try_exec(const ChildPlan *plan, char *path) {
  execve(path, plan->argv, plan->env);
  if (errno == ENOEXEC && plan->shell_argv != NULL) {
    plan->shell_argv[1] = path;
    execve(plan->shell_argv[0], plan->shell_argv, plan->env);
  }
}

/* Whether execvp looks into the next directory after this error. */
static bool is_searched_on(int error) {
  return error == EACCES || error == ENOENT || error == ESTALE || error == ENOTDIR || error == ENODEV ||
         error == ETIMEDOUT;
}

/* One candidate "DIRECTORY/FILE"; an empty directory is the current one. False if it can't be a path at all. */
static bool join_path(char *into, size_t capacity, const char *directory, size_t length, const char *file) {
  size_t file_length = strlen(file);
  if (length + 1 + file_length + 1 > capacity) {
    return false;
  }
  memcpy(into, directory, length);
  if (length > 0) {
    into[length++] = '/';
  }
  memcpy(into + length, file, file_length + 1);
  return true;
}

/* As execvp(3): a directory that may not be searched is remembered, so that EACCES is said rather than ENOENT. */
static void search_and_exec(const ChildPlan *plan) {
  char path[PATH_MAX + NAME_MAX + 2];
  bool denied = false;
  if (strlen(plan->file) > NAME_MAX) {
    errno = ENAMETOOLONG;
    return;
  }
  const char *directory = plan->search_path;
  for (;;) {
    const char *end = directory;
    while (*end != '\0' && *end != ':') {
      end++;
    }
    if (join_path(path, sizeof path, directory, (size_t)(end - directory), plan->file)) {
      try_exec(plan, path);
      if (!is_searched_on(errno)) {
        return;
      }
      denied = denied || errno == EACCES;
    }
    if (*end == '\0') {
      break;
    }
    directory = end + 1;
  }
  errno = denied ? EACCES : ENOENT;
}

static _Noreturn void exec_program(const ChildPlan *plan) {
  if (plan->executable.given) {
    syscall(SYS_execveat, (int)plan->executable.value, "", plan->argv, plan->env, 0x1000 /* AT_EMPTY_PATH */);
  } else if (plan->file[0] == '\0') {
    errno = ENOENT;
  } else if (strchr(plan->file, '/') != NULL) {
    try_exec(plan, plan->file);
  } else {
    search_and_exec(plan);
  }
  upinit_child_fail(plan, STEP_EXEC, 0);
}

_Noreturn void upinit_run_child(ChildPlan *plan) {
  /* First of all, so that no handler of the parent ever runs here. */
  reset_dispositions(plan);
  upinit_place_descriptors(plan);
  upinit_open_files(plan);
  join_session_and_group(plan);
  take_terminal(plan);
  set_limits(plan);
  set_priorities(plan);
  move_to_directory(plan);
  take_identity(plan);
  if (!plan->keep_descriptors) {
    upinit_close_other_descriptors(plan);
  }
  write_own_pid(plan);
  prepare_signals_and_trace(plan);
  exec_program(plan);
}

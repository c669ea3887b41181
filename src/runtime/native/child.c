/*
 * Between fork and exec. Nothing here may allocate, lock or touch libc state that a fork could have torn: only
 * system calls and the memory of the plan, which is the child's own copy.
 */
#include "child.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { EXIT_SPAWN_FAILED = 255, FIRST_SCRATCH_DESCRIPTOR = 10 };

static _Noreturn void leave(int status) {
  for (;;) {
    syscall(SYS_exit_group, status);
  }
}

static _Noreturn void fail(const ChildPlan *plan, SpawnStep step, int detail) {
  SpawnFailure failure = {.step = (int32_t)step, .error = errno, .detail = detail};
  ssize_t written;
  do {
    written = write(plan->status_fd, &failure, sizeof failure);
  } while (written < 0 && errno == EINTR);
  leave(EXIT_SPAWN_FAILED);
}

/* ── descriptors ────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_target(const ChildPlan *plan, int fd) {
  for (size_t i = 0; i < plan->target_count; i++) {
    if (plan->targets[i] == fd) {
      return true;
    }
  }
  return false;
}

/* A number past everything that the child will have, where nothing gets overwritten. */
static int scratch_base(const ChildPlan *plan) {
  int highest = plan->target_count == 0 ? 0 : plan->targets[plan->target_count - 1];
  return highest < FIRST_SCRATCH_DESCRIPTOR ? FIRST_SCRATCH_DESCRIPTOR : highest + 1;
}

/* Copies of descriptors whose number is going to be somebody else's. */
static void move_out_of_the_way(ChildPlan *plan) {
  int base = scratch_base(plan);
  if (is_target(plan, plan->status_fd)) {
    int moved = fcntl(plan->status_fd, F_DUPFD_CLOEXEC, base);
    if (moved < 0) {
      fail(plan, STEP_DESCRIPTORS, plan->status_fd);
    }
    plan->status_fd = moved;
  }
  if (plan->foreground_of.given && is_target(plan, (int)plan->foreground_of.value)) {
    int moved = fcntl((int)plan->foreground_of.value, F_DUPFD_CLOEXEC, base);
    if (moved < 0) {
      fail(plan, STEP_FOREGROUND, 0);
    }
    plan->foreground_of.value = moved;
  }
  for (size_t i = 0; i < plan->mapping_count; i++) {
    DescriptorMapping *mapping = &plan->mappings[i];
    if (mapping->parent != mapping->child && is_target(plan, mapping->parent)) {
      int moved = fcntl(mapping->parent, F_DUPFD_CLOEXEC, base);
      if (moved < 0) {
        fail(plan, STEP_DESCRIPTORS, mapping->child);
      }
      mapping->parent = moved;
    }
  }
}

/* Gives a descriptor its number in the child, and lets it pass the exec. False with errno. */
static bool install(int fd, int child) {
  return fd == child ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, child) == child;
}

static void place_descriptors(ChildPlan *plan) {
  move_out_of_the_way(plan);
  for (size_t i = 0; i < plan->mapping_count; i++) {
    if (!install(plan->mappings[i].parent, plan->mappings[i].child)) {
      fail(plan, STEP_DESCRIPTORS, plan->mappings[i].child);
    }
  }
}

static void open_files(const ChildPlan *plan) {
  for (size_t i = 0; i < plan->opening_count; i++) {
    const FileOpening *opening = &plan->openings[i];
    int fd = open(opening->path, opening->flags | O_CLOEXEC, 0666);
    if (fd < 0 || !install(fd, opening->child)) {
      fail(plan, STEP_OPEN, opening->child);
    }
    if (fd != opening->child) {
      close(fd);
    }
  }
}

/* The number that a directory entry of /proc/self/fd stands for; -1 for . and .. */
static int descriptor_number(const char *name) {
  int number = 0;
  if (*name == '\0') {
    return -1;
  }
  for (; *name != '\0'; name++) {
    if (*name < '0' || *name > '9') {
      return -1;
    }
    number = number * 10 + (*name - '0');
  }
  return number;
}

/* What the kernel writes for getdents64(2). */
typedef struct {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
} KernelDirectoryEntry;

/* Marks what /proc shows between `first` and `last`; false without /proc. */
static bool mark_open_descriptors(int first, int last) {
  char buffer[2048] __attribute__((aligned(8)));
  int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    return false;
  }
  long size;
  while ((size = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < size;) {
      const KernelDirectoryEntry *entry = (const void *)(buffer + at);
      int fd = descriptor_number(entry->name);
      if (fd >= first && fd <= last) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
      }
      at += entry->length;
    }
  }
  close(directory);
  return size == 0;
}

/* Lets the exec close everything from `first` to `last`. Not earlier: the status pipe may be among it. */
static void close_on_exec(int first, int last) {
  if (first > last) {
    return;
  }
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, CLOSE_RANGE_CLOEXEC) == 0) {
    return;
  }
#endif
  if (mark_open_descriptors(first, last)) {
    return;
  }
  struct rlimit limit;
  int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < INT_MAX ? (int)limit.rlim_max : 1 << 20;
  for (int fd = first; fd <= last && fd < end; fd++) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}

static void close_other_descriptors(const ChildPlan *plan) {
  int next = 0;
  for (size_t i = 0; i < plan->target_count; i++) {
    close_on_exec(next, plan->targets[i] - 1);
    next = plan->targets[i] + 1;
  }
  close_on_exec(next, INT_MAX);
}

/* ── session, group, terminal ───────────────────────────────────────────────────────────────────────────── */

static void join_session_and_group(const ChildPlan *plan) {
  if (plan->session) {
    if (setsid() < 0) {
      fail(plan, STEP_SESSION, 0);
    }
  } else if (plan->group.given && setpgid(0, (pid_t)plan->group.value) < 0) {
    fail(plan, STEP_GROUP, 0);
  }
}

static void take_terminal(const ChildPlan *plan) {
  /* By force needs CAP_SYS_ADMIN; without it the terminal is ours only if it is nobody's. */
  if (plan->controlling_terminal && ioctl(0, TIOCSCTTY, 1) < 0 && ioctl(0, TIOCSCTTY, 0) < 0) {
    fail(plan, STEP_TERMINAL, 0);
  }
  if (plan->free_terminal) {
    ioctl(0, TIOCSCTTY, 0);
  }
  if (plan->foreground_of.given) {
    /* SIGTTOU is blocked like every other signal, so a background group may do this. */
    pid_t group = getpgrp();
    if (ioctl((int)plan->foreground_of.value, TIOCSPGRP, &group) < 0) {
      fail(plan, STEP_FOREGROUND, 0);
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
      fail(plan, STEP_LIMIT, limit->resource);
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
    fail(plan, STEP_NICE, 0);
  }
  if (plan->oom_score_adj.given) {
    int score = (int)plan->oom_score_adj.value;
    bool set = write_number("/proc/self/oom_score_adj", score);
    if (!set && errno == ENOENT) {
      set = write_number("/proc/self/oom_adj", oom_adjustment(score));
    }
    if (!set) {
      fail(plan, STEP_OOM, 0);
    }
  }
}

/* ── place and identity ─────────────────────────────────────────────────────────────────────────────────── */

static void move_to_directory(const ChildPlan *plan) {
  if (plan->chroot != NULL && chroot(plan->chroot) < 0) {
    fail(plan, STEP_CHROOT, 0);
  }
  if (plan->chdir != NULL && chdir(plan->chdir) < 0) {
    fail(plan, STEP_CHDIR, 0);
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
  if (plan->groups != NULL && syscall(SYSTEM_SETGROUPS, plan->group_count, plan->groups) < 0) {
    fail(plan, STEP_INITGROUPS, 0);
  }
  if (plan->gid.given && syscall(SYSTEM_SETGID, (gid_t)plan->gid.value) < 0) {
    fail(plan, STEP_SETGID, 0);
  }
  if (plan->uid.given && syscall(SYSTEM_SETUID, (uid_t)plan->uid.value) < 0) {
    fail(plan, STEP_SETUID, 0);
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
      fail(plan, STEP_SIGNALS, signal);
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
    fail(plan, STEP_SIGNALS, signal);
  }
  if (syscall(SYS_getppid) != plan->parent) {
    /* It died before we asked. */
    syscall(SYS_kill, syscall(SYS_getpid), signal);
  }
}

static void prepare_signals_and_trace(const ChildPlan *plan) {
  watch_parent(plan);
  if (kernel_sigprocmask(SIG_SETMASK, &plan->blocked, NULL) < 0) {
    fail(plan, STEP_SIGNALS, 0);
  }
  if (plan->stop_before_exec) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
  }
  if (plan->trace && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) {
    fail(plan, STEP_TRACE, 0);
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
  if (plan->file[0] == '\0') {
    errno = ENOENT;
  } else if (strchr(plan->file, '/') != NULL) {
    try_exec(plan, plan->file);
  } else {
    search_and_exec(plan);
  }
  fail(plan, STEP_EXEC, 0);
}

_Noreturn void upinit_run_child(ChildPlan *plan) {
  /* First of all, so that no handler of the parent ever runs here. */
  reset_dispositions(plan);
  place_descriptors(plan);
  open_files(plan);
  join_session_and_group(plan);
  take_terminal(plan);
  set_limits(plan);
  set_priorities(plan);
  move_to_directory(plan);
  take_identity(plan);
  if (!plan->keep_descriptors) {
    close_other_descriptors(plan);
  }
  write_own_pid(plan);
  prepare_signals_and_trace(plan);
  exec_program(plan);
}

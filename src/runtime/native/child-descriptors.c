/* The descriptors of a child between fork and exec; as in child.c, only system calls and the memory of the plan. */
#include "child.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { FIRST_SCRATCH_DESCRIPTOR = 10 };

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
      upinit_child_fail(plan, STEP_DESCRIPTORS, plan->status_fd);
    }
    plan->status_fd = moved;
  }
  if (plan->foreground_of.given && is_target(plan, (int)plan->foreground_of.value)) {
    int moved = fcntl((int)plan->foreground_of.value, F_DUPFD_CLOEXEC, base);
    if (moved < 0) {
      upinit_child_fail(plan, STEP_FOREGROUND, 0);
    }
    plan->foreground_of.value = moved;
  }
  for (size_t i = 0; i < plan->mapping_count; i++) {
    DescriptorMapping *mapping = &plan->mappings[i];
    if (mapping->parent != mapping->child && is_target(plan, mapping->parent)) {
      int moved = fcntl(mapping->parent, F_DUPFD_CLOEXEC, base);
      if (moved < 0) {
        upinit_child_fail(plan, STEP_DESCRIPTORS, mapping->child);
      }
      mapping->parent = moved;
    }
  }
}

/* Gives a descriptor its number in the child, and lets it pass the exec. False with errno. */
static bool install(int fd, int child) {
  return fd == child ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, child) == child;
}

void upinit_place_descriptors(ChildPlan *plan) {
  move_out_of_the_way(plan);
  for (size_t i = 0; i < plan->mapping_count; i++) {
    if (!install(plan->mappings[i].parent, plan->mappings[i].child)) {
      upinit_child_fail(plan, STEP_DESCRIPTORS, plan->mappings[i].child);
    }
  }
}

void upinit_open_files(const ChildPlan *plan) {
  for (size_t i = 0; i < plan->opening_count; i++) {
    const FileOpening *opening = &plan->openings[i];
    int fd = open(opening->path, opening->flags | O_CLOEXEC, 0666);
    if (fd < 0 || !install(fd, opening->child)) {
      upinit_child_fail(plan, STEP_OPEN, opening->child);
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

void upinit_close_other_descriptors(const ChildPlan *plan) {
  int next = 0;
  for (size_t i = 0; i < plan->target_count; i++) {
    close_on_exec(next, plan->targets[i] - 1);
    next = plan->targets[i] + 1;
  }
  close_on_exec(next, INT_MAX);
}

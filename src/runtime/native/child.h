/*
 * What happens in a child between fork and exec. The plan is complete before the fork: the child only makes system
 * calls, because after a fork nothing else is safe (no allocation, no lock, no libc state).
 */
#ifndef UPINIT_CHILD_H
#define UPINIT_CHILD_H

#include "kernel-signal.h"

#include <sys/types.h>

/* The steps of a child's set-up that can fail, named in spawn.c. */
typedef enum {
  STEP_DESCRIPTORS,
  STEP_OPEN,
  STEP_SESSION,
  STEP_GROUP,
  STEP_TERMINAL,
  STEP_FOREGROUND,
  STEP_LIMIT,
  STEP_NICE,
  STEP_OOM,
  STEP_CHROOT,
  STEP_CHDIR,
  STEP_INITGROUPS,
  STEP_SETGID,
  STEP_SETUID,
  STEP_CAPABILITIES,
  STEP_PRIVILEGES,
  STEP_SIGNALS,
  STEP_TRACE,
  STEP_EXEC,
  STEP_COUNT,
} SpawnStep;

/* What a failing child writes to its status pipe. */
typedef struct {
  int32_t step;
  int32_t error;
  int32_t detail;
} SpawnFailure;

typedef struct {
  int child;
  int parent;
} DescriptorMapping;

typedef struct {
  int child;
  int flags;
  char *path;
} FileOpening;

typedef struct {
  int resource;
  uint64_t soft;
  uint64_t hard;
} ResourceLimit;

/* A number that may be missing. */
typedef struct {
  bool given;
  int64_t value;
} Option;

typedef struct {
  char *file;
  char **argv;
  char **env;
  /* An entry of `env` that is to end with the child's pid: where it stands, a copy with room for that, and where in
     the copy the value begins. NULL: none. */
  char **pid_entry;
  char *pid_text;
  size_t pid_offset;
  /* PATH of `env`, or what execvp takes without one; points into `env`. */
  const char *search_path;
  /* argv for /bin/sh, its second element open for the script; NULL: no shell for a file without a magic number. */
  char **shell_argv;

  DescriptorMapping *mappings;
  size_t mapping_count;
  FileOpening *openings;
  size_t opening_count;
  /* The child's numbers of both, sorted, without repetition. */
  int *targets;
  size_t target_count;
  bool keep_descriptors;

  bool session;
  Option group;
  bool controlling_terminal;
  bool free_terminal;
  Option foreground_of;
  ResourceLimit *limits;
  size_t limit_count;
  Option executable;
  Option umask;
  Option nice;
  Option oom_score_adj;
  char *chroot;
  char *chdir;
  gid_t *groups; /* NULL: leave them */
  size_t group_count;
  Option gid;
  Option uid;
  /* What is kept of the capabilities: the bits of capabilities(7). */
  Option capabilities;
  bool no_new_privileges;
  KernelSignalSet ignored;
  KernelSignalSet blocked;
  Option parent_death_signal;
  bool stop_before_exec;
  bool trace;

  bool wait_for_exec;
  pid_t parent;
  int status_fd; /* write end of the status pipe, close-on-exec */
} ChildPlan;

/* Carries the plan out, all signals being blocked. Never returns. */
_Noreturn void upinit_run_child(ChildPlan *plan);

/* Tells the parent by the status pipe which step failed, with errno, and ends the child. */
_Noreturn void upinit_child_fail(const ChildPlan *plan, SpawnStep step, int detail);

/* Before the change of user: what is not kept leaves the bounding set, and what is kept survives the change. */
void upinit_bound_capabilities(const ChildPlan *plan);
/* After it: takes what is kept, and has a user who is not root keep it over the exec. */
void upinit_take_capabilities(const ChildPlan *plan);

/* Gives the child its descriptors under their numbers; what stood in the way of one is moved. */
void upinit_place_descriptors(ChildPlan *plan);
/* Opens the files of the plan under their numbers. */
void upinit_open_files(const ChildPlan *plan);
/* Lets the exec close whatever the plan does not give. */
void upinit_close_other_descriptors(const ChildPlan *plan);

/*
 * Raises the soft limit of open descriptors to the hard one, for a process that holds some for each of its children.
 * Children, and what this process executes, get the limit that it was given: programs that go through all numbers up
 * to theirs, or use select(2), are not to meet a large one. Returns the limit, or -1 with errno.
 */
int upinit_raise_descriptor_limit(void);
/* Gives this process the limit back that it was given; whether there was anything to do. Only makes system calls. */
bool upinit_restore_descriptor_limit(void);

#endif

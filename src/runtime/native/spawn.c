/* spawn: reads a plan from TypeScript, forks, and tells how the child's set-up went. And execve of this process. */
#include "child.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>

/* In the order of SpawnStep. */
static const char *const step_names[STEP_COUNT] = {
    "descriptors", "open",  "session", "group",      "terminal", "foreground", "limit",   "nice",  "oom",
    "chroot",      "chdir", "initgroups", "setgid",  "setuid",   "capabilities", "privileges", "signals",
    "trace",       "exec",
};

/* What execvp searches when there is no PATH, with glibc (confstr _CS_PATH). */
static const char default_search_path[] = "/bin:/usr/bin";

/* ── reading the plan ───────────────────────────────────────────────────────────────────────────────────── */

/* Where a plan is read from, and what spawn has to return if it can't be (an exception, or -errno). */
typedef struct {
  JSContext *ctx;
  JSValueConst value;
  JSValue refusal;
} Reader;

/*
 * Memory that the child reads: from malloc, because the engine's own is not there after a fork (memory.c). Zeroed; NULL
 * after throwing.
 */
static void *allocate(JSContext *ctx, size_t size) {
  void *memory = calloc(1, size);
  if (memory == NULL) {
    JS_ThrowOutOfMemory(ctx);
  }
  return memory;
}

/* A property of the plan, to be freed; false if the engine threw. `*value` is undefined if it is missing. */
static bool get_property(Reader *reader, const char *name, JSValue *value) {
  *value = JS_GetPropertyStr(reader->ctx, reader->value, name);
  return !JS_IsException(*value);
}

static bool read_flag(Reader *reader, const char *name, bool *flag) {
  JSValue value;
  if (!get_property(reader, name, &value)) {
    return false;
  }
  *flag = JS_ToBool(reader->ctx, value) == 1;
  JS_FreeValue(reader->ctx, value);
  return true;
}

static bool read_option(Reader *reader, const char *name, Option *option) {
  JSValue value;
  if (!get_property(reader, name, &value)) {
    return false;
  }
  option->given = !JS_IsUndefined(value);
  bool good = !option->given || upinit_int64(reader->ctx, value, &option->value);
  JS_FreeValue(reader->ctx, value);
  return good;
}

/* `*path` stays NULL if the property is missing and need not be there. */
static bool read_path(Reader *reader, const char *name, bool required, char **path) {
  JSValue value;
  if (!get_property(reader, name, &value)) {
    return false;
  }
  bool good = true;
  if (required || !JS_IsUndefined(value)) {
    *path = upinit_path(reader->ctx, value, &reader->refusal);
    good = *path != NULL;
  }
  JS_FreeValue(reader->ctx, value);
  return good;
}

static bool read_vector(Reader *reader, const char *name, char ***vector, size_t *count) {
  JSValue value;
  if (!get_property(reader, name, &value)) {
    return false;
  }
  *vector = upinit_text_vector(reader->ctx, value, count, &reader->refusal);
  JS_FreeValue(reader->ctx, value);
  return *vector != NULL;
}

static bool read_signal_set(Reader *reader, const char *name, KernelSignalSet *set) {
  JSValue value;
  if (!get_property(reader, name, &value)) {
    return false;
  }
  bool good = JS_IsUndefined(value) || upinit_signal_set(reader->ctx, value, set);
  JS_FreeValue(reader->ctx, value);
  return good;
}

/* Reads one element of an array property into `entry`. */
typedef bool ReadEntry(Reader *reader, JSValueConst element, void *entry);

/* An array property as C entries; `*entries` stays NULL if it is missing. More than `most` of them is E2BIG. */
static bool read_array(Reader *reader, const char *name, size_t size, ReadEntry *read_entry, void **entries,
                       size_t *count) {
  enum { most = 65536 };
  JSContext *ctx = reader->ctx;
  int64_t length = 0;
  JSValue array;
  if (!get_property(reader, name, &array)) {
    return false;
  }
  if (JS_IsUndefined(array)) {
    return true;
  }
  bool good = JS_IsArray(array) && JS_GetLength(ctx, array, &length) >= 0;
  if (!JS_IsArray(array)) {
    JS_ThrowTypeError(ctx, "%s: an array is expected", name);
  }
  if (good && length > most) {
    reader->refusal = upinit_errno(ctx, E2BIG);
    good = false;
  }
  if (good) {
    /* One more than needed, so that an empty array is an allocation too: not the same as none. */
    *entries = allocate(ctx, ((size_t)length + 1) * size);
    good = *entries != NULL;
  }
  for (int64_t i = 0; good && i < length; i++) {
    JSValue element = JS_GetPropertyUint32(ctx, array, (uint32_t)i);
    good = !JS_IsException(element) && read_entry(reader, element, (char *)*entries + (size_t)i * size);
    JS_FreeValue(ctx, element);
    *count += good;
  }
  JS_FreeValue(ctx, array);
  return good;
}

static bool read_element_int(Reader *reader, JSValueConst tuple, uint32_t index, int *number) {
  JSValue value = JS_GetPropertyUint32(reader->ctx, tuple, index);
  bool good = !JS_IsException(value) && upinit_int(reader->ctx, value, number);
  JS_FreeValue(reader->ctx, value);
  return good;
}

/* A descriptor's number in the child; a negative one is the caller's mistake. */
static bool read_child_descriptor(Reader *reader, JSValueConst tuple, int *fd) {
  if (!read_element_int(reader, tuple, 0, fd)) {
    return false;
  }
  if (*fd < 0 || *fd >= INT32_MAX) {
    reader->refusal = upinit_errno(reader->ctx, EBADF);
    return false;
  }
  return true;
}

static bool read_mapping(Reader *reader, JSValueConst element, void *entry) {
  DescriptorMapping *mapping = entry;
  return read_child_descriptor(reader, element, &mapping->child) &&
         read_element_int(reader, element, 1, &mapping->parent);
}

static bool read_opening(Reader *reader, JSValueConst element, void *entry) {
  FileOpening *opening = entry;
  if (!read_child_descriptor(reader, element, &opening->child) ||
      !read_element_int(reader, element, 2, &opening->flags)) {
    return false;
  }
  JSValue path = JS_GetPropertyUint32(reader->ctx, element, 1);
  if (JS_IsException(path)) {
    return false;
  }
  opening->path = upinit_path(reader->ctx, path, &reader->refusal);
  JS_FreeValue(reader->ctx, path);
  return opening->path != NULL;
}

/* Infinity, and everything that 64 bits can't hold, is RLIM_INFINITY. */
static bool read_limit_value(Reader *reader, JSValueConst tuple, uint32_t index, uint64_t *limit) {
  double number = 0;
  JSValue value = JS_GetPropertyUint32(reader->ctx, tuple, index);
  bool good = JS_IsNumber(value) && JS_ToFloat64(reader->ctx, &number, value) >= 0;
  if (!JS_IsException(value) && !JS_IsNumber(value)) {
    JS_ThrowTypeError(reader->ctx, "limits: a number is expected");
  }
  JS_FreeValue(reader->ctx, value);
  if (good && (isnan(number) || number < 0)) {
    reader->refusal = upinit_errno(reader->ctx, EINVAL);
    return false;
  }
  *limit = good && number < 0x1p64 ? (uint64_t)number : UINT64_MAX;
  return good;
}

static bool read_limit(Reader *reader, JSValueConst element, void *entry) {
  ResourceLimit *limit = entry;
  return read_element_int(reader, element, 0, &limit->resource) &&
         read_limit_value(reader, element, 1, &limit->soft) && read_limit_value(reader, element, 2, &limit->hard);
}

static bool read_group_id(Reader *reader, JSValueConst element, void *entry) {
  int64_t number;
  if (!upinit_int64(reader->ctx, element, &number)) {
    return false;
  }
  *(gid_t *)entry = (gid_t)number;
  return true;
}

static bool read_arrays(Reader *reader, ChildPlan *plan) {
  return read_array(reader, "descriptors", sizeof *plan->mappings, read_mapping, (void **)&plan->mappings,
                    &plan->mapping_count) &&
         read_array(reader, "open", sizeof *plan->openings, read_opening, (void **)&plan->openings,
                    &plan->opening_count) &&
         read_array(reader, "limits", sizeof *plan->limits, read_limit, (void **)&plan->limits,
                    &plan->limit_count) &&
         read_array(reader, "groups", sizeof *plan->groups, read_group_id, (void **)&plan->groups,
                    &plan->group_count);
}

static bool read_fields(Reader *reader, ChildPlan *plan) {
  return read_flag(reader, "keepDescriptors", &plan->keep_descriptors) &&
         read_flag(reader, "waitForExec", &plan->wait_for_exec) &&
         read_flag(reader, "session", &plan->session) && read_option(reader, "group", &plan->group) &&
         read_flag(reader, "controllingTerminal", &plan->controlling_terminal) &&
         read_flag(reader, "freeTerminal", &plan->free_terminal) &&
         read_option(reader, "foregroundOf", &plan->foreground_of) && read_option(reader, "umask", &plan->umask) &&
         read_option(reader, "executable", &plan->executable) &&
         read_option(reader, "nice", &plan->nice) && read_option(reader, "oomScoreAdj", &plan->oom_score_adj) &&
         read_path(reader, "chroot", false, &plan->chroot) && read_path(reader, "chdir", false, &plan->chdir) &&
         read_option(reader, "gid", &plan->gid) && read_option(reader, "uid", &plan->uid) &&
         read_option(reader, "capabilities", &plan->capabilities) &&
         read_flag(reader, "noNewPrivileges", &plan->no_new_privileges) &&
         read_signal_set(reader, "ignored", &plan->ignored) && read_signal_set(reader, "blocked", &plan->blocked) &&
         read_option(reader, "parentDeathSignal", &plan->parent_death_signal) &&
         read_flag(reader, "stopBeforeExec", &plan->stop_before_exec) && read_flag(reader, "trace", &plan->trace);
}

static const char *find_search_path(char *const *env) {
  for (; *env != NULL; env++) {
    if (strncmp(*env, "PATH=", 5) == 0) {
      return *env + 5;
    }
  }
  return default_search_path;
}

/* argv for a script without a first line: /bin/sh, the script (filled in when it is found), the arguments. */
static bool make_shell_argv(Reader *reader, ChildPlan *plan, size_t argc) {
  static char shell[] = "/bin/sh";
  size_t arguments = argc > 0 ? argc - 1 : 0;
  plan->shell_argv = allocate(reader->ctx, (arguments + 3) * sizeof *plan->shell_argv);
  if (plan->shell_argv == NULL) {
    return false;
  }
  plan->shell_argv[0] = shell;
  plan->shell_argv[1] = NULL;
  for (size_t i = 0; i < arguments; i++) {
    plan->shell_argv[2 + i] = plan->argv[1 + i];
  }
  plan->shell_argv[2 + arguments] = NULL;
  return true;
}

/* The child's own copy of an entry NAME=VALUE, which its pid is written into. */
static bool make_pid_entry(Reader *reader, ChildPlan *plan, const char *name) {
  enum { longest_number = 12 };
  size_t length = strlen(name);
  for (char **entry = plan->env; *entry != NULL; entry++) {
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
      plan->pid_text = allocate(reader->ctx, length + 1 + longest_number);
      if (plan->pid_text == NULL) {
        return false;
      }
      memcpy(plan->pid_text, *entry, length + 1);
      plan->pid_offset = length + 1;
      plan->pid_entry = entry;
      return true;
    }
  }
  return true;
}

static bool read_pid_variable(Reader *reader, ChildPlan *plan) {
  char *name = NULL;
  bool good = read_path(reader, "pidVariable", false, &name) && (name == NULL || make_pid_entry(reader, plan, name));
  free(name);
  return good;
}

static bool read_program(Reader *reader, ChildPlan *plan) {
  size_t argc = 0;
  bool shell_fallback = false;
  if (!read_path(reader, "file", true, &plan->file) || !read_vector(reader, "argv", &plan->argv, &argc) ||
      !read_vector(reader, "env", &plan->env, NULL) || !read_flag(reader, "shellFallback", &shell_fallback)) {
    return false;
  }
  plan->search_path = find_search_path(plan->env);
  if (!read_pid_variable(reader, plan)) {
    return false;
  }
  return !shell_fallback || make_shell_argv(reader, plan, argc);
}

static int compare_numbers(const void *left, const void *right) {
  int a = *(const int *)left, b = *(const int *)right;
  return (a > b) - (a < b);
}

static bool collect_targets(Reader *reader, ChildPlan *plan) {
  size_t count = 0;
  plan->targets = allocate(reader->ctx, (plan->mapping_count + plan->opening_count + 1) * sizeof *plan->targets);
  if (plan->targets == NULL) {
    return false;
  }
  for (size_t i = 0; i < plan->mapping_count; i++) {
    plan->targets[count++] = plan->mappings[i].child;
  }
  for (size_t i = 0; i < plan->opening_count; i++) {
    plan->targets[count++] = plan->openings[i].child;
  }
  qsort(plan->targets, count, sizeof *plan->targets, compare_numbers);
  for (size_t i = 0; i < count; i++) {
    if (plan->target_count == 0 || plan->targets[plan->target_count - 1] != plan->targets[i]) {
      plan->targets[plan->target_count++] = plan->targets[i];
    }
  }
  return true;
}

static bool read_plan(Reader *reader, ChildPlan *plan) {
  if (!JS_IsObject(reader->value)) {
    JS_ThrowTypeError(reader->ctx, "a plan is expected");
    return false;
  }
  return read_program(reader, plan) && read_arrays(reader, plan) && read_fields(reader, plan) &&
         collect_targets(reader, plan);
}

static void free_plan(ChildPlan *plan) {
  for (size_t i = 0; i < plan->opening_count; i++) {
    free(plan->openings[i].path);
  }
  free(plan->file);
  free(plan->argv);
  free(plan->env);
  free(plan->shell_argv);
  free(plan->pid_text);
  free(plan->mappings);
  free(plan->openings);
  free(plan->targets);
  free(plan->limits);
  free(plan->groups);
  free(plan->chroot);
  free(plan->chdir);
}

/* ── spawn ──────────────────────────────────────────────────────────────────────────────────────────────── */

/*
 * fork by the bare system call: no handlers and no locks of the libc are in its way, which is right because the
 * child uses nothing of the libc that has state.
 */
static pid_t fork_child(ChildPlan *plan) {
  pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
  if (pid == 0) {
    upinit_run_child(plan);
  }
  return pid;
}

/*
 * The same in the memory of this process, which stands still until the child's exec: no page is copied. The child
 * changes nothing of it but its plan, which is done with afterwards. A seccomp filter may know no other fork than clone.
 */
static pid_t fork_child_in_our_memory(ChildPlan *plan) {
  pid_t pid = vfork();
  if (pid == 0) {
    upinit_run_child(plan);
  }
  return pid < 0 && (errno == EPERM || errno == ENOSYS) ? fork_child(plan) : pid;
}

/* Returns the pid, or -1 with errno. */
static pid_t start_child(ChildPlan *plan) {
  KernelSignalSet all = KERNEL_ALL_SIGNALS, before;
  plan->parent = getpid();
  kernel_sigprocmask(SIG_SETMASK, &all, &before);
  pid_t pid = plan->wait_for_exec ? fork_child_in_our_memory(plan) : fork_child(plan);
  int error = errno;
  if (pid > 0 && plan->group.given && !plan->session) {
    /* In both, so that whoever comes first finds the group; when it is the child, this fails and needn't succeed. */
    setpgid(pid, plan->group.value == 0 ? pid : (pid_t)plan->group.value);
  }
  kernel_sigprocmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return pid;
}

static JSValue spawn(JSContext *ctx, ChildPlan *plan) {
  int status[2];
  /* Non-blocking at both ends: the record is smaller than PIPE_BUF and alone, so the child never waits either. */
  if (pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0) {
    return upinit_errno(ctx, errno);
  }
  plan->status_fd = status[1];
  pid_t pid = start_child(plan);
  int error = errno;
  close(status[1]);
  if (pid < 0) {
    close(status[0]);
    return upinit_errno(ctx, error);
  }
  JSValue values[] = {JS_NewInt32(ctx, pid), JS_NewInt32(ctx, status[0])};
  return JS_NewArrayFrom(ctx, 2, values);
}

static JSValue js_spawn(UPINIT_ARGUMENTS) {
  ChildPlan plan;
  memset(&plan, 0, sizeof plan);
  Reader reader = {.ctx = ctx, .value = argv[0], .refusal = JS_EXCEPTION};
  JSValue result = read_plan(&reader, &plan) ? spawn(ctx, &plan) : reader.refusal;
  free_plan(&plan);
  return result;
}

static JSValue failure_value(JSContext *ctx, const char *step, int error, int detail) {
  JSValue values[] = {JS_NewString(ctx, step), JS_NewInt32(ctx, error), JS_NewInt32(ctx, detail)};
  return JS_NewArrayFrom(ctx, 3, values);
}

static JSValue js_read_spawn_failure(UPINIT_ARGUMENTS) {
  SpawnFailure failure;
  UPINIT_INT(fd, 0)
  ssize_t size;
  do {
    size = read(fd, &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size == 0) {
    return JS_TRUE;
  }
  if (size < 0) {
    return errno == EAGAIN ? JS_NULL : failure_value(ctx, step_names[STEP_EXEC], errno, 0);
  }
  if (size != sizeof failure || failure.step < 0 || failure.step >= STEP_COUNT) {
    return failure_value(ctx, step_names[STEP_EXEC], EIO, 0);
  }
  return failure_value(ctx, step_names[failure.step], failure.error, failure.detail);
}

/* ── exec of this process ───────────────────────────────────────────────────────────────────────────────── */

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/*
 * Dispositions as they were inherited; what they are now goes to `saved`. But never an ignored SIGCHLD: children that
 * end before the new program sets it right would be lost.
 */
static void restore_inherited_dispositions(KernelSignalAction saved[LAST_SIGNAL + 1]) {
  KernelSignalSet ignored = (KernelSignalSet)upinit_inherited.ignored.high << 32 | upinit_inherited.ignored.low;
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    KernelSignalAction action;
    memset(&action, 0, sizeof action);
    action.handler = signal != SIGCHLD && ignored & kernel_signal_bit(signal) ? SIG_IGN : SIG_DFL;
    kernel_sigaction(signal, &action, &saved[signal]);
  }
}

static JSValue js_exec(UPINIT_ARGUMENTS) {
  KernelSignalAction saved[LAST_SIGNAL + 1];
  UPINIT_INT(fd, 0)
  JSValue refusal;
  char **arguments = upinit_text_vector(ctx, argv[1], NULL, &refusal);
  if (arguments == NULL) {
    return refusal;
  }
  char **environment = upinit_text_vector(ctx, argv[2], NULL, &refusal);
  if (environment == NULL) {
    free(arguments);
    return refusal;
  }
  memset(saved, 0, sizeof saved);
  restore_inherited_dispositions(saved);
  bool lowered = upinit_restore_descriptor_limit();
  syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
  int error = errno;
  if (lowered) {
    upinit_raise_descriptor_limit();
  }
  for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
    kernel_sigaction(signal, &saved[signal], NULL);
  }
  free(arguments);
  free(environment);
  return upinit_errno(ctx, error);
}

static JSValue js_raise_descriptor_limit(UPINIT_ARGUMENTS) {
  return upinit_result(ctx, upinit_raise_descriptor_limit());
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("raiseDescriptorLimit", 0, js_raise_descriptor_limit),
    UPINIT_FUNCTION("spawn", 1, js_spawn),
    UPINIT_FUNCTION("readSpawnFailure", 1, js_read_spawn_failure),
    UPINIT_FUNCTION("exec", 3, js_exec),
};

UPINIT_TABLE(spawn, entries);

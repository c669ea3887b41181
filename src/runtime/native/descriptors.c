/* Descriptors: open(2), read(2), write(2), dup(2), pipe(2), fcntl(2), memfd_create(2), … */
#include "binding.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static JSValue open_at(JSContext *ctx, int directory, JSValueConst name, JSValueConst flags_value, JSValueConst mode_value) {
  int flags = 0, mode = 0;
  if (!upinit_int(ctx, flags_value, &flags)) {
    return JS_EXCEPTION;
  }
  if (!JS_IsUndefined(mode_value) && !upinit_int(ctx, mode_value, &mode)) {
    return JS_EXCEPTION;
  }
  JSValue refusal;
  char *path = upinit_path(ctx, name, &refusal);
  if (path == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, openat(directory, path, flags | O_CLOEXEC, (mode_t)mode));
  free(path);
  return result;
}

static JSValue js_open(UPINIT_ARGUMENTS) { return open_at(ctx, AT_FDCWD, argv[0], argv[1], argv[2]); }

static JSValue js_mkdirat(UPINIT_ARGUMENTS) {
  UPINIT_INT(directory, 0)
  UPINIT_INT(mode, 2)
  JSValue refusal;
  char *path = upinit_path(ctx, argv[1], &refusal);
  if (path == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, mkdirat(directory, path, (mode_t)mode));
  free(path);
  return result;
}

static JSValue js_openat(UPINIT_ARGUMENTS) {
  UPINIT_INT(directory, 0)
  return open_at(ctx, directory, argv[1], argv[2], argv[3]);
}

static JSValue js_close(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  /* On Linux the descriptor is gone even when close says EINTR: closing again could hit somebody else's. */
  return upinit_result(ctx, close(fd));
}

static JSValue js_close_range(UPINIT_ARGUMENTS) {
  UPINIT_INT(first, 0)
  UPINIT_INT(last, 1)
  if (first < 0 || last < first) {
    return upinit_errno(ctx, EINVAL);
  }
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0u) == 0) {
    return JS_NewInt32(ctx, 0);
  }
#endif
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)last >= limit.rlim_cur) {
    last = (int)limit.rlim_cur - 1;
  }
  for (int fd = first; fd <= last; fd++) {
    close(fd);
  }
  return JS_NewInt32(ctx, 0);
}

static JSValue js_read(UPINIT_ARGUMENTS) {
  uint8_t *start;
  size_t size;
  UPINIT_INT(fd, 0)
  if (!upinit_byte_range(ctx, argv[1], argv[2], argv[3], &start, &size)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, read(fd, start, size));
}

static JSValue js_write(UPINIT_ARGUMENTS) {
  uint8_t *start;
  size_t size;
  UPINIT_INT(fd, 0)
  if (!upinit_byte_range(ctx, argv[1], argv[2], argv[3], &start, &size)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, write(fd, start, size));
}

static JSValue js_write_text(UPINIT_ARGUMENTS) {
  size_t length;
  UPINIT_INT(fd, 0)
  const char *text = upinit_borrow_text(ctx, argv[1], &length);
  if (text == NULL) {
    return JS_EXCEPTION;
  }
  JSValue result = upinit_result(ctx, write(fd, text, length));
  JS_FreeCString(ctx, text);
  return result;
}

static JSValue js_lseek(UPINIT_ARGUMENTS) {
  int64_t offset;
  UPINIT_INT(fd, 0)
  UPINIT_INT(whence, 2)
  if (!upinit_int64(ctx, argv[1], &offset)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, lseek(fd, (off_t)offset, whence));
}

static JSValue js_dup(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

static JSValue js_dup2(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  UPINIT_INT(to, 1)
  if (fd == to) {
    /* dup3 refuses what dup2 takes as a question whether the descriptor is open. */
    return upinit_result(ctx, fcntl(fd, F_GETFD) < 0 ? -1 : to);
  }
  return upinit_result(ctx, dup3(fd, to, O_CLOEXEC));
}

static JSValue pair(JSContext *ctx, int first, int second) {
  JSValue values[] = {JS_NewInt32(ctx, first), JS_NewInt32(ctx, second)};
  return JS_NewArrayFrom(ctx, 2, values);
}

static JSValue js_pipe(UPINIT_ARGUMENTS) {
  int ends[2];
  UPINIT_INT(flags, 0)
  if (pipe2(ends, flags | O_CLOEXEC) < 0) {
    return upinit_errno(ctx, errno);
  }
  return pair(ctx, ends[0], ends[1]);
}

static JSValue js_memfd(UPINIT_ARGUMENTS) {
  JSValue refusal;
  char *name = upinit_path(ctx, argv[0], &refusal);
  if (name == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  free(name);
  return result;
}

static JSValue js_seal(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
}

static JSValue js_set_close_on_exec(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  int on = JS_ToBool(ctx, argv[1]);
  return upinit_result(ctx, fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0));
}

static JSValue js_descriptor_flags(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, fcntl(fd, F_GETFL));
}

static JSValue js_is_terminal(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return JS_NewBool(ctx, isatty(fd));
}

static JSValue js_ftruncate(UPINIT_ARGUMENTS) {
  int64_t length;
  UPINIT_INT(fd, 0)
  if (!upinit_int64(ctx, argv[1], &length)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, ftruncate(fd, (off_t)length));
}

static JSValue js_fchmod(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  UPINIT_INT(mode, 1)
  return upinit_result(ctx, fchmod(fd, (mode_t)mode));
}

static JSValue js_fchown(UPINIT_ARGUMENTS) {
  int64_t uid, gid;
  UPINIT_INT(fd, 0)
  if (!upinit_int64(ctx, argv[1], &uid) || !upinit_int64(ctx, argv[2], &gid)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, fchown(fd, (uid_t)uid, (gid_t)gid));
}

static JSValue js_chown(UPINIT_ARGUMENTS) {
  int64_t uid, gid;
  if (!upinit_int64(ctx, argv[1], &uid) || !upinit_int64(ctx, argv[2], &gid)) {
    return JS_EXCEPTION;
  }
  const char *path = upinit_borrow_text(ctx, argv[0], NULL);
  if (path == NULL) {
    return JS_EXCEPTION;
  }
  int result = lchown(path, (uid_t)uid, (gid_t)gid);
  int error = errno;
  JS_FreeCString(ctx, path);
  errno = error;
  return upinit_result(ctx, result);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_CONSTANT(O_RDONLY),
    UPINIT_CONSTANT(O_WRONLY),
    UPINIT_CONSTANT(O_RDWR),
    UPINIT_CONSTANT(O_CREAT),
    UPINIT_CONSTANT(O_EXCL),
    UPINIT_CONSTANT(O_TRUNC),
    UPINIT_CONSTANT(O_APPEND),
    UPINIT_CONSTANT(O_NONBLOCK),
    UPINIT_CONSTANT(O_NOFOLLOW),
    UPINIT_CONSTANT(O_DIRECTORY),
    UPINIT_CONSTANT(O_PATH),
    UPINIT_CONSTANT(O_NOCTTY),
    UPINIT_FUNCTION("open", 3, js_open),
    UPINIT_FUNCTION("openat", 4, js_openat),
    UPINIT_FUNCTION("mkdirat", 3, js_mkdirat),
    UPINIT_FUNCTION("close", 1, js_close),
    UPINIT_FUNCTION("closeRange", 2, js_close_range),
    UPINIT_FUNCTION("read", 4, js_read),
    UPINIT_FUNCTION("write", 4, js_write),
    UPINIT_FUNCTION("writeText", 2, js_write_text),
    UPINIT_FUNCTION("lseek", 3, js_lseek),
    UPINIT_FUNCTION("dup", 1, js_dup),
    UPINIT_FUNCTION("dup2", 2, js_dup2),
    UPINIT_FUNCTION("pipe", 1, js_pipe),
    UPINIT_FUNCTION("memfd", 1, js_memfd),
    UPINIT_FUNCTION("seal", 1, js_seal),
    UPINIT_FUNCTION("setCloseOnExec", 2, js_set_close_on_exec),
    UPINIT_FUNCTION("descriptorFlags", 1, js_descriptor_flags),
    UPINIT_FUNCTION("isTerminal", 1, js_is_terminal),
    UPINIT_FUNCTION("ftruncate", 2, js_ftruncate),
    UPINIT_FUNCTION("fchmod", 2, js_fchmod),
    UPINIT_FUNCTION("fchown", 3, js_fchown),
    UPINIT_FUNCTION("chown", 3, js_chown),
};

UPINIT_TABLE(descriptors, entries);

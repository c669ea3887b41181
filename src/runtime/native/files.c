/* Files by their path: stat(2), what they hold, and calls such as rename(2). */
#include "binding.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ── what a file is ─────────────────────────────────────────────────────────────────────────────────────── */

static JSValue status_array(JSContext *ctx, const struct stat *status) {
  double modified = (double)status->st_mtim.tv_sec * 1000.0 + (double)status->st_mtim.tv_nsec / 1e6;
  double fields[] = {(double)status->st_mode, (double)status->st_size, (double)status->st_dev,
                     (double)status->st_ino,  (double)status->st_uid,  (double)status->st_gid,
                     modified,                (double)status->st_nlink};
  JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)fields, sizeof fields);
  if (JS_IsException(buffer)) {
    return buffer;
  }
  JSValueConst arguments[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue array = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_FLOAT64);
  JS_FreeValue(ctx, buffer);
  return array;
}

static JSValue js_stat(UPINIT_ARGUMENTS) {
  struct stat status;
  JSValue refusal;
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  int result = fstatat(AT_FDCWD, path, &status, JS_ToBool(ctx, argv[1]) ? 0 : AT_SYMLINK_NOFOLLOW);
  int error = errno;
  free(path);
  return result < 0 ? upinit_errno(ctx, error) : status_array(ctx, &status);
}

static JSValue js_fstat(UPINIT_ARGUMENTS) {
  struct stat status;
  UPINIT_INT(fd, 0)
  return fstat(fd, &status) < 0 ? upinit_errno(ctx, errno) : status_array(ctx, &status);
}

/* ── whole files ────────────────────────────────────────────────────────────────────────────────────────── */

/* The largest pseudo-file that anybody reads (a mount table can be long). */
enum { PSEUDO_FILE_LIMIT = 4 << 20, READ_STEP = 4096 };

/* Reads to the end of file, at most `limit` bytes; `expected` is a guess. The text, or -errno (EFBIG past the limit). */
static JSValue read_to_end(JSContext *ctx, int fd, size_t expected, size_t limit) {
  size_t capacity = expected + 1, used = 0;
  char *bytes = js_malloc(ctx, capacity);
  JSValue result = JS_EXCEPTION;
  while (bytes != NULL) {
    ssize_t count = read(fd, bytes + used, capacity - used);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      result = count < 0 ? upinit_errno(ctx, errno) : upinit_bytes_to_text(ctx, bytes, used);
      break;
    }
    used += (size_t)count;
    if (used > limit) {
      result = upinit_errno(ctx, EFBIG);
      break;
    }
    if (used == capacity) {
      capacity = capacity * 2 + READ_STEP;
      char *larger = js_realloc(ctx, bytes, capacity);
      if (larger == NULL) {
        break;
      }
      bytes = larger;
    }
  }
  js_free(ctx, bytes);
  return result;
}

/* Opens for reading without ever waiting: a FIFO opens at once, a terminal does not become ours. */
static int open_for_reading(const char *path) {
  return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static JSValue js_read_file(UPINIT_ARGUMENTS) {
  int64_t limit;
  JSValue refusal;
  if (!upinit_int64(ctx, argv[1], &limit)) {
    return JS_EXCEPTION;
  }
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  int fd = open_for_reading(path);
  free(path);
  if (fd < 0) {
    return upinit_errno(ctx, errno);
  }
  struct stat status;
  JSValue result;
  if (fstat(fd, &status) < 0) {
    result = upinit_errno(ctx, errno);
  } else if (!S_ISREG(status.st_mode)) {
    result = upinit_errno(ctx, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  } else if (limit < 0 || status.st_size > limit) {
    result = upinit_errno(ctx, EFBIG);
  } else {
    result = read_to_end(ctx, fd, (size_t)status.st_size, (size_t)limit);
  }
  close(fd);
  return result;
}

static JSValue js_read_pseudo_file(UPINIT_ARGUMENTS) {
  JSValue refusal;
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  int fd = open_for_reading(path);
  free(path);
  if (fd < 0) {
    return upinit_errno(ctx, errno);
  }
  JSValue result = read_to_end(ctx, fd, READ_STEP, PSEUDO_FILE_LIMIT);
  close(fd);
  return result;
}

/* ── calls on one or two paths ──────────────────────────────────────────────────────────────────────────── */

typedef int PathCall(const char *path, int argument);

static JSValue call_with_path(JSContext *ctx, JSValueConst value, PathCall *call, int argument) {
  JSValue refusal;
  char *path = upinit_path(ctx, value, &refusal);
  if (path == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, call(path, argument));
  free(path);
  return result;
}

static int call_mkdir(const char *path, int mode) { return mkdir(path, (mode_t)mode); }
static int call_chmod(const char *path, int mode) { return chmod(path, (mode_t)mode); }
static int call_unlink(const char *path, int unused) { return (void)unused, unlink(path); }
static int call_rmdir(const char *path, int unused) { return (void)unused, rmdir(path); }

static JSValue js_access(UPINIT_ARGUMENTS) {
  UPINIT_INT(mode, 1)
  return call_with_path(ctx, argv[0], access, mode);
}

static JSValue js_mkdir(UPINIT_ARGUMENTS) {
  UPINIT_INT(mode, 1)
  return call_with_path(ctx, argv[0], call_mkdir, mode);
}

static JSValue js_chmod(UPINIT_ARGUMENTS) {
  UPINIT_INT(mode, 1)
  return call_with_path(ctx, argv[0], call_chmod, mode);
}

static JSValue js_unlink(UPINIT_ARGUMENTS) { return call_with_path(ctx, argv[0], call_unlink, 0); }
static JSValue js_rmdir(UPINIT_ARGUMENTS) { return call_with_path(ctx, argv[0], call_rmdir, 0); }

static JSValue call_with_two_paths(JSContext *ctx, JSValueConst *paths, int (*call)(const char *, const char *)) {
  JSValue refusal;
  char *first = upinit_path(ctx, paths[0], &refusal);
  if (first == NULL) {
    return refusal;
  }
  char *second = upinit_path(ctx, paths[1], &refusal);
  JSValue result = second == NULL ? refusal : upinit_result(ctx, call(first, second));
  free(first);
  free(second);
  return result;
}

static JSValue js_symlink(UPINIT_ARGUMENTS) { return call_with_two_paths(ctx, argv, symlink); }
static JSValue js_rename(UPINIT_ARGUMENTS) { return call_with_two_paths(ctx, argv, rename); }

static JSValue js_readlink(UPINIT_ARGUMENTS) {
  char target[4096];
  JSValue refusal;
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  ssize_t length = readlink(path, target, sizeof target);
  int error = errno;
  free(path);
  return length < 0 ? upinit_errno(ctx, error) : upinit_bytes_to_text(ctx, target, (size_t)length);
}

static JSValue js_sync(UPINIT_ARGUMENTS) {
  sync();
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("stat", 2, js_stat),
    UPINIT_FUNCTION("fstat", 1, js_fstat),
    UPINIT_FUNCTION("access", 2, js_access),
    UPINIT_FUNCTION("readFile", 2, js_read_file),
    UPINIT_FUNCTION("readPseudoFile", 1, js_read_pseudo_file),
    UPINIT_FUNCTION("readlink", 1, js_readlink),
    UPINIT_FUNCTION("symlink", 2, js_symlink),
    UPINIT_FUNCTION("unlink", 1, js_unlink),
    UPINIT_FUNCTION("rmdir", 1, js_rmdir),
    UPINIT_FUNCTION("rename", 2, js_rename),
    UPINIT_FUNCTION("mkdir", 2, js_mkdir),
    UPINIT_FUNCTION("chmod", 2, js_chmod),
    UPINIT_FUNCTION("sync", 0, js_sync),
};

UPINIT_TABLE(files, entries);

/* Files, directories and descriptors (open(2), stat(2), readdir(3), memfd_create(2), …). */
#include "binding.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ── descriptors ────────────────────────────────────────────────────────────────────────────────────────── */

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

/* ── directories ────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct {
  char *name;
  unsigned char type;
} DirectoryEntry;

typedef struct {
  DirectoryEntry *entries;
  size_t count;
  size_t capacity;
} DirectoryList;

/* More names than any directory that an init reads; a bound, so that no directory can exhaust the memory. */
enum { DIRECTORY_LIMIT = 1 << 20 };

/* By bytes, as `sort` does in the C locale: strcmp compares unsigned characters. */
static int compare_entries(const void *left, const void *right) {
  return strcmp(((const DirectoryEntry *)left)->name, ((const DirectoryEntry *)right)->name);
}

/* Returns 0 or an errno. */
static int add_entry(DirectoryList *list, const struct dirent *entry) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity * 2 + 32;
    if (capacity > DIRECTORY_LIMIT) {
      return EOVERFLOW;
    }
    DirectoryEntry *entries = realloc(list->entries, capacity * sizeof *entries);
    if (entries == NULL) {
      return ENOMEM;
    }
    list->entries = entries;
    list->capacity = capacity;
  }
  char *name = strdup(entry->d_name);
  if (name == NULL) {
    return ENOMEM;
  }
  list->entries[list->count].name = name;
  list->entries[list->count].type = entry->d_type;
  list->count++;
  return 0;
}

static void free_list(DirectoryList *list) {
  for (size_t i = 0; i < list->count; i++) {
    free(list->entries[i].name);
  }
  free(list->entries);
}

/* Returns 0 or an errno. */
static int list_directory(const char *path, DirectoryList *list) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  DIR *directory = fdopendir(fd);
  if (directory == NULL) {
    int error = errno;
    close(fd);
    return error;
  }
  int error = 0;
  while (error == 0) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    if (entry == NULL) {
      error = errno;
      break;
    }
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      error = add_entry(list, entry);
    }
  }
  closedir(directory);
  return error;
}

static JSValue names_and_types(JSContext *ctx, const DirectoryList *list) {
  JSValue names = JS_NewArray(ctx);
  uint8_t *types = js_malloc(ctx, list->count + 1);
  if (JS_IsException(names) || types == NULL) {
    goto fail;
  }
  for (size_t i = 0; i < list->count; i++) {
    const DirectoryEntry *entry = &list->entries[i];
    JSValue name = upinit_bytes_to_text(ctx, entry->name, strlen(entry->name));
    if (JS_IsException(name) || JS_SetPropertyUint32(ctx, names, (uint32_t)i, name) < 0) {
      goto fail;
    }
    types[i] = entry->type;
  }
  JSValue type_array = JS_NewUint8ArrayCopy(ctx, types, list->count);
  js_free(ctx, types);
  types = NULL;
  if (JS_IsException(type_array)) {
    goto fail;
  }
  const char *keys[] = {"names", "types"};
  JSValue values[] = {names, type_array};
  return upinit_object(ctx, 2, keys, values);

fail:
  js_free(ctx, types);
  JS_FreeValue(ctx, names);
  return JS_EXCEPTION;
}

static JSValue js_read_directory(UPINIT_ARGUMENTS) {
  DirectoryList list = {0};
  JSValue refusal;
  char *path = upinit_path(ctx, argv[0], &refusal);
  if (path == NULL) {
    return refusal;
  }
  int error = list_directory(path, &list);
  free(path);
  JSValue result;
  if (error != 0) {
    result = upinit_errno(ctx, error);
  } else {
    if (list.count > 1) {
      qsort(list.entries, list.count, sizeof *list.entries, compare_entries);
    }
    result = names_and_types(ctx, &list);
  }
  free_list(&list);
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

static JSValue js_sync(UPINIT_ARGUMENTS) {
  sync();
  return JS_UNDEFINED;
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
    UPINIT_FUNCTION("stat", 2, js_stat),
    UPINIT_FUNCTION("fstat", 1, js_fstat),
    UPINIT_FUNCTION("access", 2, js_access),
    UPINIT_FUNCTION("readDirectory", 1, js_read_directory),
    UPINIT_FUNCTION("readFile", 2, js_read_file),
    UPINIT_FUNCTION("readPseudoFile", 1, js_read_pseudo_file),
    UPINIT_FUNCTION("readlink", 1, js_readlink),
    UPINIT_FUNCTION("symlink", 2, js_symlink),
    UPINIT_FUNCTION("unlink", 1, js_unlink),
    UPINIT_FUNCTION("rmdir", 1, js_rmdir),
    UPINIT_FUNCTION("rename", 2, js_rename),
    UPINIT_FUNCTION("mkdir", 2, js_mkdir),
    UPINIT_FUNCTION("chmod", 2, js_chmod),
    UPINIT_FUNCTION("fchmod", 2, js_fchmod),
    UPINIT_FUNCTION("fchown", 3, js_fchown),
    UPINIT_FUNCTION("sync", 0, js_sync),
};

UPINIT_TABLE(files, entries);

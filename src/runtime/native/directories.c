/* Whole directories: readdir(3). */
#include "binding.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("readDirectory", 1, js_read_directory),
};

UPINIT_TABLE(directories, entries);

/* Changes of files and directories: inotify(7). */
#include "binding.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static JSValue js_inotify_open(UPINIT_ARGUMENTS) {
  return upinit_result(ctx, inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

static JSValue js_inotify_add(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  UPINIT_INT(mask, 2)
  JSValue refusal;
  char *path = upinit_path(ctx, argv[1], &refusal);
  if (path == NULL) {
    return refusal;
  }
  JSValue result = upinit_result(ctx, inotify_add_watch(fd, path, (uint32_t)mask));
  free(path);
  return result;
}

static JSValue js_inotify_remove(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  UPINIT_INT(watch, 1)
  return upinit_result(ctx, inotify_rm_watch(fd, watch));
}

static JSValue event_object(JSContext *ctx, const struct inotify_event *event, const char *padded_name) {
  /* The kernel pads the name with NUL to the alignment of the next event. */
  JSValue name = upinit_bytes_to_text(ctx, padded_name, strnlen(padded_name, event->len));
  if (JS_IsException(name)) {
    return name;
  }
  const char *keys[] = {"watch", "mask", "cookie", "name"};
  /* As a signed number: that is what `mask & IN_…` gives in TypeScript too. */
  JSValue values[] = {JS_NewInt32(ctx, event->wd), JS_NewInt32(ctx, (int32_t)event->mask),
                      JS_NewUint32(ctx, event->cookie), name};
  return upinit_object(ctx, 4, keys, values);
}

/* One read; what is left stays readable for the next turn. Nothing there is an empty array. */
static JSValue js_inotify_read(UPINIT_ARGUMENTS) {
  char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
  UPINIT_INT(fd, 0)
  ssize_t length = read(fd, buffer, sizeof buffer);
  if (length < 0 && errno != EAGAIN && errno != EINTR) {
    return upinit_errno(ctx, errno);
  }
  JSValue events = JS_NewArray(ctx);
  uint32_t count = 0;
  for (ssize_t at = 0; at < length && !JS_IsException(events);) {
    struct inotify_event event;
    memcpy(&event, buffer + at, sizeof event);
    JSValue object = event_object(ctx, &event, buffer + at + sizeof event);
    if (JS_IsException(object) || JS_SetPropertyUint32(ctx, events, count++, object) < 0) {
      JS_FreeValue(ctx, events);
      events = JS_EXCEPTION;
    }
    at += (ssize_t)(sizeof event + event.len);
  }
  return events;
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_CONSTANT(IN_CREATE),
    UPINIT_CONSTANT(IN_DELETE),
    UPINIT_CONSTANT(IN_CLOSE_WRITE),
    UPINIT_CONSTANT(IN_MOVED_FROM),
    UPINIT_CONSTANT(IN_MOVED_TO),
    UPINIT_CONSTANT(IN_MODIFY),
    UPINIT_CONSTANT(IN_ATTRIB),
    UPINIT_CONSTANT(IN_DELETE_SELF),
    UPINIT_CONSTANT(IN_MOVE_SELF),
    UPINIT_CONSTANT(IN_IGNORED),
    UPINIT_CONSTANT(IN_Q_OVERFLOW),
    UPINIT_CONSTANT(IN_ISDIR),
    UPINIT_CONSTANT(IN_ONLYDIR),
    UPINIT_CONSTANT(IN_DONT_FOLLOW),
    UPINIT_FUNCTION("inotifyOpen", 0, js_inotify_open),
    UPINIT_FUNCTION("inotifyAdd", 3, js_inotify_add),
    UPINIT_FUNCTION("inotifyRemove", 2, js_inotify_remove),
    UPINIT_FUNCTION("inotifyRead", 1, js_inotify_read),
};

UPINIT_TABLE(inotify, entries);

/* Waiting for descriptors: epoll(7), and poll(2) for clients. */
#include "binding.h"

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Events fetched by one epoll_wait; what is left comes with the next turn. */
enum { EVENTS_A_TURN = 64 };

/* A timeout in milliseconds, rounded up: waking before a timer is due would only mean waiting again. */
static bool read_timeout(JSContext *ctx, JSValueConst value, int *timeout) {
  double milliseconds = 0;
  if (!JS_IsNumber(value)) {
    JS_ThrowTypeError(ctx, "a number is expected");
    return false;
  }
  if (JS_ToFloat64(ctx, &milliseconds, value) < 0) {
    return false;
  }
  if (milliseconds < 0 || isnan(milliseconds)) {
    *timeout = -1;
  } else {
    *timeout = milliseconds >= INT_MAX ? INT_MAX : (int)ceil(milliseconds);
  }
  return true;
}

/* Waits once, at no cost: a sandbox may allow the one call and refuse the other. */
static JSValue js_epoll_create(UPINIT_ARGUMENTS) {
  struct epoll_event event;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll >= 0 && epoll_wait(epoll, &event, 1, 0) < 0 && errno != EINTR) {
    int error = errno;
    close(epoll);
    return upinit_errno(ctx, error);
  }
  return upinit_result(ctx, epoll);
}

static JSValue js_epoll_set(UPINIT_ARGUMENTS) {
  UPINIT_INT(epoll, 0)
  UPINIT_INT(fd, 1)
  UPINIT_INT(events, 2)
  struct epoll_event event = {.events = (uint32_t)events, .data.fd = fd};
  if (events == 0) {
    return upinit_result(ctx, epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event));
  }
  int result = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  if (result < 0 && errno == EEXIST) {
    result = epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
  }
  return upinit_result(ctx, result);
}

/* Milliseconds without an event after which a long wait is used to tidy up. */
enum { tidy_after = 100 };

/* epoll_wait, for the most part. */
static int wait_for_events(JSContext *ctx, int epoll, struct epoll_event *events, int capacity, int timeout) {
  if (upinit_untidy() && (timeout < 0 || timeout > tidy_after)) {
    int count = epoll_wait(epoll, events, capacity, tidy_after);
    if (count != 0) {
      return count;
    }
    upinit_tidy(ctx);
    timeout = timeout < 0 ? timeout : timeout - tidy_after;
  }
  return epoll_wait(epoll, events, capacity, timeout);
}

static JSValue js_epoll_wait(UPINIT_ARGUMENTS) {
  struct epoll_event events[EVENTS_A_TURN];
  int32_t *into;
  size_t length;
  int timeout;
  UPINIT_INT(epoll, 0)
  if (!upinit_int32_array(ctx, argv[1], &into, &length) || !read_timeout(ctx, argv[2], &timeout)) {
    return JS_EXCEPTION;
  }
  size_t capacity = length / 2;
  if (capacity == 0) {
    return upinit_errno(ctx, EINVAL);
  }
  int count = wait_for_events(ctx, epoll, events, capacity < EVENTS_A_TURN ? (int)capacity : EVENTS_A_TURN, timeout);
  if (count < 0) {
    return JS_NewInt32(ctx, errno == EINTR ? 0 : -errno);
  }
  for (int i = 0; i < count; i++) {
    into[2 * i] = events[i].data.fd;
    into[2 * i + 1] = (int32_t)events[i].events;
  }
  return JS_NewInt32(ctx, count);
}

/* EPOLLIN and its family have the values of POLLIN and its family, so poll(2) speaks the same language. */
_Static_assert((int)EPOLLIN == POLLIN && (int)EPOLLOUT == POLLOUT && (int)EPOLLHUP == POLLHUP &&
                   (int)EPOLLERR == POLLERR && (int)EPOLLPRI == POLLPRI,
               "epoll events are poll events");

static JSValue js_poll_one(UPINIT_ARGUMENTS) {
  int timeout;
  UPINIT_INT(fd, 0)
  UPINIT_INT(events, 1)
  if (!read_timeout(ctx, argv[2], &timeout)) {
    return JS_EXCEPTION;
  }
  struct pollfd entry = {.fd = fd, .events = (short)events};
  int count = poll(&entry, 1, timeout);
  if (count < 0) {
    return JS_NewInt32(ctx, errno == EINTR ? 0 : -errno);
  }
  if (entry.revents & POLLNVAL) {
    return upinit_errno(ctx, EBADF);
  }
  return JS_NewInt32(ctx, entry.revents);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_CONSTANT(EPOLLIN),
    UPINIT_CONSTANT(EPOLLOUT),
    UPINIT_CONSTANT(EPOLLERR),
    UPINIT_CONSTANT(EPOLLHUP),
    UPINIT_CONSTANT(EPOLLRDHUP),
    UPINIT_CONSTANT(EPOLLPRI),
    UPINIT_FUNCTION("epollCreate", 0, js_epoll_create),
    UPINIT_FUNCTION("epollSet", 3, js_epoll_set),
    UPINIT_FUNCTION("epollWait", 3, js_epoll_wait),
    UPINIT_FUNCTION("pollOne", 3, js_poll_one),
};

UPINIT_TABLE(poll, entries);

/* When the wall clock is set. */
#include "binding.h"

#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* 1 << 1 in the kernel's header, which the libcs do not have everywhere. */
enum { CANCEL_ON_SET = 2 };

static int arm(int fd) {
  /* So far that it never comes; what counts is that the clock's change cancels it. */
  struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};
  return timerfd_settime(fd, TFD_TIMER_ABSTIME | CANCEL_ON_SET, &never, NULL);
}

static JSValue js_clock_watch(UPINIT_ARGUMENTS) {
  (void)argv;
  int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) {
    return upinit_errno(ctx, errno);
  }
  if (arm(fd) < 0) {
    int error = errno;
    close(fd);
    return upinit_errno(ctx, error);
  }
  return JS_NewInt32(ctx, fd);
}

static JSValue js_clock_rearm(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  uint64_t count;
  ssize_t unused = read(fd, &count, sizeof count);
  (void)unused;
  return upinit_result(ctx, arm(fd));
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("watchClock", 0, js_clock_watch),
    UPINIT_FUNCTION("watchClockAgain", 1, js_clock_rearm),
};

UPINIT_TABLE(clock, entries);

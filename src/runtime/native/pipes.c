/* Pipes of our own: how much one can hold, how much it holds, and not waiting for it. */
#include "binding.h"
#include <fcntl.h>
#include <sys/ioctl.h>

static JSValue js_pipe_size(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0);
  return upinit_result(ctx, fcntl(fd, F_GETPIPE_SZ));
}

static JSValue js_set_pipe_size(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0);
  UPINIT_INT(bytes, 1);
  return upinit_result(ctx, fcntl(fd, F_SETPIPE_SZ, bytes));
}

static JSValue js_pipe_filled(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0);
  int filled = 0;
  int result = ioctl(fd, FIONREAD, &filled);
  return upinit_result(ctx, result == -1 ? -1 : filled);
}

static JSValue js_set_non_blocking(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0);
  int flags = fcntl(fd, F_GETFL);
  return upinit_result(ctx, flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("pipeSize", 1, js_pipe_size),
    UPINIT_FUNCTION("setPipeSize", 2, js_set_pipe_size),
    UPINIT_FUNCTION("pipeFilled", 1, js_pipe_filled),
    UPINIT_FUNCTION("setNonBlocking", 1, js_set_non_blocking),
};

UPINIT_TABLE(pipe, entries);

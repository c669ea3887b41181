/* Pseudo-terminals, window size, foreground group and raw mode. */
#include "binding.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/*
 * By ioctl instead of grantpt and ptsname: on devpts the slave has its owner and mode from the start, and the
 * libcs' functions may look into files that a container doesn't have. The master is our own, so it may be
 * non-blocking. It does not put a carriage return before each newline: what is written is wanted, not shown.
 */
static JSValue js_open_pty(UPINIT_ARGUMENTS) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) {
    return upinit_errno(ctx, errno);
  }
  int unlocked = 0, number = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0) {
    int error = errno;
    close(master);
    return upinit_errno(ctx, error);
  }
  struct termios settings;
  if (tcgetattr(master, &settings) == 0) {
    settings.c_oflag &= ~(tcflag_t)ONLCR;
    tcsetattr(master, TCSANOW, &settings);
  }
  char slave[32];
  snprintf(slave, sizeof slave, "/dev/pts/%d", number);
  JSValue values[] = {JS_NewInt32(ctx, master), JS_NewString(ctx, slave)};
  return JS_NewArrayFrom(ctx, 2, values);
}

static JSValue js_window_size(UPINIT_ARGUMENTS) {
  struct winsize size;
  UPINIT_INT(fd, 0)
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) {
    return upinit_errno(ctx, errno);
  }
  JSValue values[] = {JS_NewInt32(ctx, size.ws_col), JS_NewInt32(ctx, size.ws_row)};
  return JS_NewArrayFrom(ctx, 2, values);
}

static JSValue js_detach_terminal(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, ioctl(fd, TIOCNOTTY));
}

static JSValue js_foreground_group(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, tcgetpgrp(fd));
}

static JSValue js_set_foreground_group(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  UPINIT_INT(group, 1)
  return upinit_result(ctx, tcsetpgrp(fd, group));
}

static JSValue js_raw_terminal(UPINIT_ARGUMENTS) {
  struct termios saved;
  UPINIT_INT(fd, 0)
  /* Padding must not carry old memory into TypeScript. */
  memset(&saved, 0, sizeof saved);
  if (tcgetattr(fd, &saved) < 0) {
    return upinit_errno(ctx, errno);
  }
  struct termios raw = saved;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSANOW, &raw) < 0) {
    return upinit_errno(ctx, errno);
  }
  return JS_NewUint8ArrayCopy(ctx, (const uint8_t *)&saved, sizeof saved);
}

static JSValue js_restore_terminal(UPINIT_ARGUMENTS) {
  struct termios saved;
  uint8_t *bytes;
  size_t length;
  UPINIT_INT(fd, 0)
  if (!upinit_bytes(ctx, argv[1], &bytes, &length)) {
    return JS_EXCEPTION;
  }
  if (length != sizeof saved) {
    return upinit_errno(ctx, EINVAL);
  }
  memcpy(&saved, bytes, sizeof saved);
  return upinit_result(ctx, tcsetattr(fd, TCSANOW, &saved));
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("openPty", 0, js_open_pty),
    UPINIT_FUNCTION("windowSize", 1, js_window_size),
    UPINIT_FUNCTION("detachTerminal", 1, js_detach_terminal),
    UPINIT_FUNCTION("foregroundGroup", 1, js_foreground_group),
    UPINIT_FUNCTION("setForegroundGroup", 2, js_set_foreground_group),
    UPINIT_FUNCTION("rawTerminal", 1, js_raw_terminal),
    UPINIT_FUNCTION("restoreTerminal", 2, js_restore_terminal),
};

UPINIT_TABLE(terminal, entries);

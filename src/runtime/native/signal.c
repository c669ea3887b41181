/* Signal masks, dispositions and signalfd(2). */
#include "kernel-signal.h"

#include <fcntl.h>
#include <sys/signalfd.h>

static bool read_word(JSContext *ctx, JSValueConst array, uint32_t index, uint32_t *word) {
  JSValue value = JS_GetPropertyUint32(ctx, array, index);
  int64_t number = 0;
  bool good = !JS_IsException(value) && upinit_int64(ctx, value, &number);
  JS_FreeValue(ctx, value);
  /* Words made by | and << in TypeScript may come as negative numbers; the low 32 bits are meant. */
  *word = (uint32_t)(uint64_t)number;
  return good;
}

bool upinit_signal_set(JSContext *ctx, JSValueConst value, KernelSignalSet *set) {
  uint32_t low, high;
  if (!JS_IsArray(value)) {
    JS_ThrowTypeError(ctx, "a signal set is expected");
    return false;
  }
  if (!read_word(ctx, value, 0, &low) || !read_word(ctx, value, 1, &high)) {
    return false;
  }
  *set = (KernelSignalSet)high << 32 | low;
  return true;
}

static JSValue signal_set_value(JSContext *ctx, UpinitSignalSet set) {
  JSValue words[] = {JS_NewUint32(ctx, set.low), JS_NewUint32(ctx, set.high)};
  return JS_NewArrayFrom(ctx, 2, words);
}

static JSValue js_inherited_signals(UPINIT_ARGUMENTS) {
  const char *keys[] = {"blocked", "ignored"};
  JSValue values[] = {signal_set_value(ctx, upinit_inherited.blocked), signal_set_value(ctx, upinit_inherited.ignored)};
  return upinit_object(ctx, 2, keys, values);
}

static JSValue js_block_signals(UPINIT_ARGUMENTS) {
  KernelSignalSet set;
  if (!upinit_signal_set(ctx, argv[0], &set)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, kernel_sigprocmask(SIG_SETMASK, &set, NULL));
}

static JSValue js_ignore_signal(UPINIT_ARGUMENTS) {
  UPINIT_INT(signal, 0)
  return upinit_result(ctx, kernel_set_disposition(signal, JS_ToBool(ctx, argv[1]) ? SIG_IGN : SIG_DFL));
}

static JSValue js_signalfd(UPINIT_ARGUMENTS) {
  KernelSignalSet set;
  if (!upinit_signal_set(ctx, argv[0], &set)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, syscall(SYS_signalfd4, -1, &set, sizeof set, SFD_NONBLOCK | SFD_CLOEXEC));
}

enum { SIGNALS_A_READ = 16, FIELDS_OF_A_SIGNAL = 4 };

static JSValue js_read_signals(UPINIT_ARGUMENTS) {
  struct signalfd_siginfo info[SIGNALS_A_READ];
  int32_t *into;
  size_t length;
  UPINIT_INT(fd, 0)
  if (!upinit_int32_array(ctx, argv[1], &into, &length)) {
    return JS_EXCEPTION;
  }
  size_t capacity = length / FIELDS_OF_A_SIGNAL, found = 0;
  while (found < capacity) {
    size_t wanted = capacity - found < SIGNALS_A_READ ? capacity - found : SIGNALS_A_READ;
    ssize_t size = read(fd, info, wanted * sizeof info[0]);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
      return upinit_errno(ctx, errno);
    }
    size_t count = size < 0 ? 0 : (size_t)size / sizeof info[0];
    for (size_t i = 0; i < count; i++) {
      int32_t *fields = into + FIELDS_OF_A_SIGNAL * (found + i);
      fields[0] = (int32_t)info[i].ssi_signo;
      fields[1] = (int32_t)info[i].ssi_pid;
      fields[2] = (int32_t)info[i].ssi_uid;
      fields[3] = info[i].ssi_code;
    }
    found += count;
    if (count < wanted) {
      break;
    }
  }
  return JS_NewInt64(ctx, (int64_t)found);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("inheritedSignals", 0, js_inherited_signals),
    UPINIT_FUNCTION("blockSignals", 1, js_block_signals),
    UPINIT_FUNCTION("ignoreSignal", 2, js_ignore_signal),
    UPINIT_FUNCTION("signalfd", 1, js_signalfd),
    UPINIT_FUNCTION("readSignals", 2, js_read_signals),
};

UPINIT_TABLE(signal, entries);

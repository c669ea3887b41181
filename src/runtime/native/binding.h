/*
 * What the files of the binding share. Each file binds one kind of system call and ends in one table of
 * functions (`UPINIT_TABLE`); module.c makes the module `upinit:native` of all tables. Conventions towards
 * TypeScript are in ../native.d.ts: a result or -errno, TypeError only for a wrong argument type.
 */
#ifndef UPINIT_BINDING_H
#define UPINIT_BINDING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wcast-function-type"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "quickjs.h"
#pragma GCC diagnostic pop

/* ── tables ─────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct {
  const JSCFunctionListEntry *entries;
  int count;
} UpinitTable;

/* A file's table, from an array of JS_CFUNC_DEF / JS_PROP_INT32_DEF entries: UPINIT_TABLE(files, entries) */
#define UPINIT_TABLE(name, array) \
  const UpinitTable upinit_##name##_table = {(array), (int)(sizeof(array) / sizeof((array)[0]))}

extern const UpinitTable upinit_host_table;
extern const UpinitTable upinit_process_table; /* identity, clocks, waitid, kill, pidfd */
extern const UpinitTable upinit_spawn_table;   /* spawn, readSpawnFailure, exec */
extern const UpinitTable upinit_signal_table;
extern const UpinitTable upinit_poll_table;
extern const UpinitTable upinit_descriptors_table;
extern const UpinitTable upinit_files_table;
extern const UpinitTable upinit_directories_table;
extern const UpinitTable upinit_inotify_table;
extern const UpinitTable upinit_socket_table; /* Unix sockets, interfacesUp */
extern const UpinitTable upinit_clock_table; /* watchClock */
extern const UpinitTable upinit_network_table; /* connectTo, socketError, resolveHost */
extern const UpinitTable upinit_terminal_table;
extern const UpinitTable upinit_trace_table;
extern const UpinitTable upinit_bytes_table; /* byte primitives, errorText, errorName */
extern const UpinitTable upinit_pipe_table;

/* One entry of a table: UPINIT_FUNCTION("kill", 2, js_kill), UPINIT_CONSTANT(EPOLLIN) */
#define UPINIT_FUNCTION(name, length, function) JS_CFUNC_DEF(name, length, function)
#define UPINIT_CONSTANT(name) JS_PROP_INT32_DEF(#name, (int32_t)(name), JS_PROP_ENUMERABLE)

/* The parameters that every bound function has; unused ones are nobody's business. */
#define UPINIT_ARGUMENTS                                                                             \
  JSContext *ctx __attribute__((unused)), JSValueConst self __attribute__((unused)),                 \
      int argc __attribute__((unused)), JSValueConst *argv __attribute__((unused))

/* ── text (text.c) ──────────────────────────────────────────────────────────────────────────────────────── */

/*
 * Text as bytes: UTF-8, a lone surrogate U+DC80..U+DCFF as the byte it stands for, other lone surrogates as
 * U+FFFD. NUL-terminated, to be given to free; `length` may be NULL. NULL after throwing TypeError (not a
 * string) or out of memory.
 */
char *upinit_text_to_bytes(JSContext *ctx, JSValueConst text, size_t *length);

/* Bytes as text, each byte B that is not part of valid UTF-8 as the lone surrogate U+DC00+B. */
JSValue upinit_bytes_to_text(JSContext *ctx, const char *bytes, size_t length);

/*
 * The engine's own copy of a text as bytes, for callers that only look: no allocation when the text is ASCII.
 * To be given to JS_FreeCString; NULL after throwing.
 */
const char *upinit_borrow_text(JSContext *ctx, JSValueConst text, size_t *length);

/*
 * A path or a name for the kernel, for free. NULL if it can't be one: `refusal` is then what the function has to
 * return, an exception, or -EINVAL for a text that holds a NUL (which would name another file).
 */
char *upinit_path(JSContext *ctx, JSValueConst text, JSValue *refusal);

/*
 * An array of text as a NULL-terminated vector, in one block for free. NULL with `refusal` as upinit_path; then
 * -E2BIG too, past 2 GiB.
 */
char **upinit_text_vector(JSContext *ctx, JSValueConst array, size_t *count, JSValue *refusal);

/* ── arguments and results ──────────────────────────────────────────────────────────────────────────────── */

/* A number argument as int; throws TypeError and gives false if it is none. Fractions are cut, not refused. */
static inline bool upinit_int(JSContext *ctx, JSValueConst value, int *result) {
  if (!JS_IsNumber(value)) {
    JS_ThrowTypeError(ctx, "a number is expected");
    return false;
  }
  int32_t number = 0;
  if (JS_ToInt32(ctx, &number, value) < 0) {
    return false;
  }
  *result = number;
  return true;
}

/* Like upinit_int, for what may pass 32 bits: sizes, offsets, clocks, limits. */
static inline bool upinit_int64(JSContext *ctx, JSValueConst value, int64_t *result) {
  if (!JS_IsNumber(value)) {
    JS_ThrowTypeError(ctx, "a number is expected");
    return false;
  }
  return JS_ToInt64(ctx, result, value) >= 0;
}

/* The bytes of a Uint8Array; throws TypeError and gives false for anything else. */
static inline bool upinit_bytes(JSContext *ctx, JSValueConst value, uint8_t **bytes, size_t *length) {
  *bytes = JS_GetUint8Array(ctx, length, value);
  return *bytes != NULL || (!JS_HasException(ctx) && *length == 0);
}

/* buffer, offset, length as three arguments: the range as a pointer and a size, checked; TypeError, RangeError. */
bool upinit_byte_range(JSContext *ctx, JSValueConst buffer, JSValueConst offset, JSValueConst length, uint8_t **start,
                       size_t *size);

/* The elements of an Int32Array; throws TypeError and gives false for anything else. */
bool upinit_int32_array(JSContext *ctx, JSValueConst value, int32_t **elements, size_t *count);

/* Declares a number parameter of a bound function, or leaves the function with the exception. */
#define UPINIT_INT(name, index)                                                                      \
  int name = 0;                                                                                      \
  if (!upinit_int(ctx, argv[index], &(name))) {                                                      \
    return JS_EXCEPTION;                                                                             \
  }

/*
 * An object of these members; takes the values over. Not JS_NewObjectFromStr of quickjs-ng 0.15, which changes the
 * shape that all empty objects share.
 */
static inline JSValue upinit_object(JSContext *ctx, int count, const char **keys, const JSValue *values) {
  JSValue object = JS_NewObject(ctx);
  bool good = !JS_IsException(object);
  for (int i = 0; i < count; i++) {
    if (!good) {
      JS_FreeValue(ctx, values[i]);
    } else if (JS_DefinePropertyValueStr(ctx, object, keys[i], values[i], JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, object);
      good = false;
    }
  }
  return good ? object : JS_EXCEPTION;
}

/* What a system call returned, with -1 turned into -errno. */
static inline JSValue upinit_result(JSContext *ctx, int64_t result) {
  return JS_NewInt64(ctx, result == -1 ? -(int64_t)errno : result);
}

static inline JSValue upinit_errno(JSContext *ctx, int error) { return JS_NewInt32(ctx, -error); }

/* ── memory (memory.c) ──────────────────────────────────────────────────────────────────────────────────── */

/*
 * Whether enough happened since the last time for upinit_tidy to be worth its while. A wait that would be long asks, and
 * tidies once nothing came for a moment: start-up's garbage and code then do not stay resident for ever.
 */
bool upinit_untidy(void);

/* Collects cycles, and gives memory that is free or can be read again from the executable back to the kernel. */
void upinit_tidy(JSContext *ctx);

/* ── what the host knew before it touched anything (host.c); signal.c makes inheritedSignals() of it ────────── */

typedef struct {
  uint32_t low;  /* signals 1..32, bit 0 is signal 1 */
  uint32_t high; /* signals 33..64 */
} UpinitSignalSet;

typedef struct {
  UpinitSignalSet blocked;
  UpinitSignalSet ignored;
} UpinitInheritedSignals;

extern UpinitInheritedSignals upinit_inherited;

/* Arguments and environment of main(). */
extern int upinit_argc;
extern char **upinit_argv;
extern char **upinit_environment;

#endif

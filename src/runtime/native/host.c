/*
 * The host of the engine: sets it up, evaluates the entry, then takes turns. Everything that decides is TypeScript;
 * what is here keeps the process alive whatever that does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

enum {
  stack_limit = 512 * 1024,           /* bytes of recursion before RangeError */
  /* Bytes of objects before the cycle collector runs: a command is over before it pays, an init stays. */
  collector_threshold_command = 8 * 1024 * 1024,
  collector_threshold_init = 2048 * 1024,
  failing_turns_before_loss = 100,    /* one after the other, without a single good one between */
  failing_turn_pause_ms = 20,
};

int upinit_argc;
char **upinit_argv;
char **upinit_environment;

static JSRuntime *runtime;
/* Both hold the number 0 until they are set. */
static JSValue turn_function;
static JSValue uncaught_handler;
static bool is_init;
static int failing_turns;

/* ── errors ─────────────────────────────────────────────────────────────────────────────────────────────── */

static void write_error(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

static void print_property(JSContext *ctx, JSValueConst value, const char *property) {
  JSValue held = JS_GetPropertyStr(ctx, value, property);
  const char *text = JS_ToCString(ctx, held);
  if (text != NULL && !JS_IsUndefined(held)) {
    write_error(text);
  }
  JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, held);
  JS_FreeValue(ctx, JS_GetException(ctx));
}

/* One line for people; where it happened only for who asks with UPINIT_DEBUG=1. */
static void print_error(JSContext *ctx, JSValueConst error) {
  write_error("upinit: ");
  if (JS_IsError(error)) {
    print_property(ctx, error, "message");
  } else {
    const char *text = JS_ToCString(ctx, error);
    write_error(text == NULL ? "unknown error" : text);
    JS_FreeCString(ctx, text);
  }
  write_error("\n");
  const char *debug = getenv("UPINIT_DEBUG");
  if (debug != NULL && strcmp(debug, "1") == 0 && JS_IsError(error)) {
    print_property(ctx, error, "name");
    write_error("\n");
    print_property(ctx, error, "stack");
  }
}

/* Gives an error that nobody caught to the registered handler; false if there is none, or it failed itself. */
static bool hand_over(JSContext *ctx, JSValueConst error, const char *kind) {
  if (!JS_IsFunction(ctx, uncaught_handler)) {
    return false;
  }
  JSValue arguments[2] = {JS_DupValue(ctx, error), JS_NewString(ctx, kind)};
  JSValue handler = JS_DupValue(ctx, uncaught_handler);
  JSValue result = JS_Call(ctx, handler, JS_UNDEFINED, 2, (JSValueConst *)arguments);
  bool done = !JS_IsException(result);
  if (!done) {
    JS_FreeValue(ctx, JS_GetException(ctx));
  }
  JS_FreeValue(ctx, result);
  JS_FreeValue(ctx, handler);
  JS_FreeValue(ctx, arguments[0]);
  JS_FreeValue(ctx, arguments[1]);
  return done;
}

/* An init reports and goes on; anything else says one line and ends. Takes the error over. */
static void uncaught(JSContext *ctx, JSValue error, const char *kind) {
  JS_ClearUncatchableError(ctx, error);
  if (!hand_over(ctx, error, kind)) {
    print_error(ctx, error);
    if (!is_init) {
      _exit(1);
    }
  }
  JS_FreeValue(ctx, error);
}

/* ── promises ───────────────────────────────────────────────────────────────────────────────────────────── */

/* Rejections that nobody handles yet: a handler may still come while jobs are drained. */
typedef struct Rejection {
  struct Rejection *next;
  JSValue promise;
  JSValue reason;
} Rejection;

static Rejection *rejections;

static void track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool is_handled,
                            void *opaque) {
  (void)opaque;
  if (!is_handled) {
    Rejection *rejection = js_malloc(ctx, sizeof(*rejection));
    if (rejection != NULL) {
      *rejection = (Rejection){NULL, JS_DupValue(ctx, promise), JS_DupValue(ctx, reason)};
      Rejection **end = &rejections;
      while (*end != NULL) {
        end = &(*end)->next;
      }
      *end = rejection;
    }
    return;
  }
  for (Rejection **link = &rejections; *link != NULL; link = &(*link)->next) {
    Rejection *rejection = *link;
    if (JS_IsStrictEqual(ctx, rejection->promise, promise)) {
      *link = rejection->next;
      JS_FreeValue(ctx, rejection->promise);
      JS_FreeValue(ctx, rejection->reason);
      js_free(ctx, rejection);
      return;
    }
  }
}

static void report_rejections(JSContext *ctx) {
  while (rejections != NULL) {
    Rejection *rejection = rejections;
    rejections = rejection->next;
    JS_FreeValue(ctx, rejection->promise);
    JSValue reason = rejection->reason;
    js_free(ctx, rejection);
    uncaught(ctx, reason, "rejection");
  }
}

/* ── the watch over one turn ────────────────────────────────────────────────────────────────────────────── */

static double turn_limit_ms;
static double turn_began_ms = -1;

/* Time that this process computed: a turn that sleeps in epoll_wait does not use its limit up. */
static double computed_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The engine asks now and then while it computes; the first question in a turn starts that turn's clock. */
static int interrupt_turn(JSRuntime *asking, void *opaque) {
  (void)asking;
  (void)opaque;
  if (turn_limit_ms <= 0) {
    return 0;
  }
  double now = computed_ms();
  if (turn_began_ms < 0) {
    turn_began_ms = now;
    return 0;
  }
  if (now - turn_began_ms < turn_limit_ms) {
    return 0;
  }
  turn_began_ms = -1;
  return 1;
}

/* ── turns ──────────────────────────────────────────────────────────────────────────────────────────────── */

static void drain_jobs(JSContext *ctx) {
  for (;;) {
    JSContext *ran;
    int result = JS_ExecutePendingJob(runtime, &ran);
    if (result == 0 && rejections == NULL) {
      return;
    }
    if (result < 0) {
      uncaught(ran, JS_GetException(ran), "exception");
    }
    if (result == 0) {
      report_rejections(ctx);
    }
  }
}

static void pause_ms(int milliseconds) {
  struct timespec time = {0, milliseconds * 1000000L};
  nanosleep(&time, NULL);
}

/*
 * Exceptions turn after turn mean that the loop itself is broken: slow down, so that the machine stays usable, and
 * in the end give the process to the reaping loop.
 */
static void count_failing_turn(void) {
  failing_turns++;
  if (!is_init) {
    return;
  }
  if (failing_turns >= failing_turns_before_loss) {
    upinit_engine_lost("no turn succeeds any more");
  }
  if (failing_turns > 10) {
    pause_ms(failing_turn_pause_ms);
  }
}

/* Calls the turn function once; false when it wants no other. */
static bool take_turn(JSContext *ctx) {
  turn_began_ms = -1;
  JSValue turn = JS_DupValue(ctx, turn_function);
  JSValue result = JS_Call(ctx, turn, JS_UNDEFINED, 0, NULL);
  JS_FreeValue(ctx, turn);
  if (JS_IsException(result)) {
    uncaught(ctx, JS_GetException(ctx), "exception");
    count_failing_turn();
    return true;
  }
  failing_turns = 0;
  bool again = JS_ToBool(ctx, result) > 0;
  JS_FreeValue(ctx, result);
  return again;
}

static void run(JSContext *ctx) {
  JSValue result = upinit_run_entry(ctx);
  if (JS_IsException(result)) {
    uncaught(ctx, JS_GetException(ctx), "exception");
  }
  JS_FreeValue(ctx, result);
  drain_jobs(ctx);
  while (JS_IsFunction(ctx, turn_function)) {
    if (!take_turn(ctx)) {
      JS_FreeValue(ctx, turn_function);
      turn_function = JS_UNDEFINED;
    }
    turn_began_ms = -1;
    drain_jobs(ctx);
  }
}

/* ── host functions of the binding ──────────────────────────────────────────────────────────────────────── */

static JSValue text_array(JSContext *ctx, char **texts) {
  JSValue array = JS_NewArray(ctx);
  for (uint32_t i = 0; texts[i] != NULL && !JS_IsException(array); i++) {
    JSValue text = upinit_bytes_to_text(ctx, texts[i], strlen(texts[i]));
    if (JS_IsException(text) || JS_SetPropertyUint32(ctx, array, i, text) < 0) {
      JS_FreeValue(ctx, array);
      array = JS_EXCEPTION;
    }
  }
  return array;
}

static JSValue js_argv(UPINIT_ARGUMENTS) { return text_array(ctx, upinit_argv); }

static JSValue js_environment(UPINIT_ARGUMENTS) { return text_array(ctx, upinit_environment); }

static JSValue js_exit(UPINIT_ARGUMENTS) {
  int status;
  if (!upinit_int(ctx, argv[0], &status)) {
    return JS_EXCEPTION;
  }
  _exit(status);
}

static JSValue set_function(JSContext *ctx, JSValue *where, JSValueConst function) {
  if (!JS_IsFunction(ctx, function)) {
    return JS_ThrowTypeError(ctx, "a function is expected");
  }
  JSValue former = *where;
  *where = JS_DupValue(ctx, function);
  JS_FreeValue(ctx, former);
  return JS_UNDEFINED;
}

static JSValue js_set_turn(UPINIT_ARGUMENTS) { return set_function(ctx, &turn_function, argv[0]); }

static JSValue js_set_uncaught(UPINIT_ARGUMENTS) { return set_function(ctx, &uncaught_handler, argv[0]); }

static JSValue js_set_turn_limit(UPINIT_ARGUMENTS) {
  int milliseconds;
  if (!upinit_int(ctx, argv[0], &milliseconds)) {
    return JS_EXCEPTION;
  }
  turn_limit_ms = milliseconds;
  turn_began_ms = -1;
  return JS_UNDEFINED;
}

/*
 * Calls a function so that an interruption of it is an ordinary exception for who called: only that handler is
 * lost, not the turn.
 */
static JSValue js_contain(UPINIT_ARGUMENTS) {
  JSValue result = JS_Call(ctx, argv[0], JS_UNDEFINED, 0, NULL);
  if (!JS_IsException(result)) {
    return result;
  }
  JSValue error = JS_GetException(ctx);
  JS_ClearUncatchableError(ctx, error);
  return JS_Throw(ctx, error);
}

static JSValue js_guard_init(UPINIT_ARGUMENTS) {
  is_init = true;
  JS_SetGCThreshold(runtime, collector_threshold_init);
  upinit_guard_faults();
  return JS_UNDEFINED;
}

static JSValue js_end_if_lost(UPINIT_ARGUMENTS) {
  upinit_end_if_lost();
  return JS_UNDEFINED;
}

static JSValue js_collect_garbage(UPINIT_ARGUMENTS) {
  upinit_tidy(ctx);
  return JS_UNDEFINED;
}

static JSValue js_memory_used(UPINIT_ARGUMENTS) {
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(runtime, &usage);
  return JS_NewInt64(ctx, usage.malloc_size);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("argv", 0, js_argv),
    UPINIT_FUNCTION("environment", 0, js_environment),
    UPINIT_FUNCTION("exit", 1, js_exit),
    UPINIT_FUNCTION("setTurn", 1, js_set_turn),
    UPINIT_FUNCTION("setUncaught", 1, js_set_uncaught),
    UPINIT_FUNCTION("setTurnLimit", 1, js_set_turn_limit),
    UPINIT_FUNCTION("contain", 1, js_contain),
    UPINIT_FUNCTION("guardInit", 0, js_guard_init),
    UPINIT_FUNCTION("endIfLost", 0, js_end_if_lost),
    UPINIT_FUNCTION("collectGarbage", 0, js_collect_garbage),
    UPINIT_FUNCTION("memoryUsed", 0, js_memory_used),
};
UPINIT_TABLE(host, entries);

/* ── main ───────────────────────────────────────────────────────────────────────────────────────────────── */

/* In the order of their bits, which the build knows too (src/build/intrinsics.ts). */
static int (*const late_intrinsics[])(JSContext *ctx) = {
    JS_AddIntrinsicDate, JS_AddIntrinsicRegExp, JS_AddIntrinsicMapSet, JS_AddIntrinsicTypedArrays, JS_AddIntrinsicWeakRef,
};

int upinit_add_intrinsics(JSContext *ctx, uint64_t bits) {
  static uint64_t present;
  for (size_t i = 0; i < sizeof(late_intrinsics) / sizeof(late_intrinsics[0]); i++) {
    uint64_t bit = UINT64_C(1) << i;
    if ((bits & ~present & bit) != 0) {
      present |= bit;
      if (late_intrinsics[i](ctx) != 0) {
        return -1;
      }
    }
  }
  return 0;
}

/* What every chunk uses. There is nothing to compile at run time, so no parser and no eval. */
static JSContext *new_context(void) {
  JSContext *ctx = JS_NewContextRaw(runtime);
  if (ctx == NULL || JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicJSON(ctx) || JS_AddIntrinsicProxy(ctx) ||
      JS_AddIntrinsicPromise(ctx)) {
    return NULL;
  }
  return ctx;
}

/* Recursion has to end in RangeError before it ends in SIGSEGV, on a small stack too. */
static size_t stack_size(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur / 2 < stack_limit) {
    return limit.rlim_cur / 2;
  }
  return stack_limit;
}

int main(int argc, char **argv, char **environment) {
  upinit_take_over_process();
  upinit_argc = argc;
  upinit_argv = argv;
  upinit_environment = environment;
  runtime = JS_NewRuntime2(&upinit_memory, NULL);
  if (runtime == NULL) {
    write_error("upinit: out of memory\n");
    return 1;
  }
  JS_SetMaxStackSize(runtime, stack_size());
  JS_SetGCThreshold(runtime, collector_threshold_command);
  JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
  JS_SetInterruptHandler(runtime, interrupt_turn, NULL);
  upinit_install_loader(runtime);
  JSContext *ctx = new_context();
  if (ctx == NULL) {
    write_error("upinit: out of memory\n");
    return 1;
  }
  run(ctx);
  /* An init leaves by a call of exit, so one that comes here never had a loop. */
  return is_init; /* nothing is freed: the kernel is faster */
}

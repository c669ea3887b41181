/* ptrace(2), as far as following forks needs it. */
#include "binding.h"

#include <sys/ptrace.h>
#include <sys/types.h>

/* musl and glibc disagree about the type of the request. */
#ifdef __GLIBC__
typedef enum __ptrace_request PtraceRequest;
#else
typedef int PtraceRequest;
#endif

static JSValue trace_call(JSContext *ctx, PtraceRequest request, JSValueConst *argv) {
  UPINIT_INT(pid, 0)
  UPINIT_INT(data, 1)
  return upinit_result(ctx, ptrace(request, pid, NULL, (void *)(intptr_t)data));
}

static JSValue js_set_options(UPINIT_ARGUMENTS) { return trace_call(ctx, (PtraceRequest)PTRACE_SETOPTIONS, argv); }
static JSValue js_continue(UPINIT_ARGUMENTS) { return trace_call(ctx, (PtraceRequest)PTRACE_CONT, argv); }
static JSValue js_detach(UPINIT_ARGUMENTS) { return trace_call(ctx, (PtraceRequest)PTRACE_DETACH, argv); }

static JSValue js_get_event_message(UPINIT_ARGUMENTS) {
  unsigned long message = 0;
  UPINIT_INT(pid, 0)
  if (ptrace((PtraceRequest)PTRACE_GETEVENTMSG, pid, NULL, &message) < 0) {
    return upinit_errno(ctx, errno);
  }
  return JS_NewInt64(ctx, (int64_t)message);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_CONSTANT(PTRACE_O_TRACEFORK),
    UPINIT_CONSTANT(PTRACE_O_TRACEEXEC),
    UPINIT_CONSTANT(PTRACE_EVENT_FORK),
    UPINIT_CONSTANT(PTRACE_EVENT_EXEC),
    UPINIT_FUNCTION("ptraceSetOptions", 2, js_set_options),
    UPINIT_FUNCTION("ptraceGetEventMessage", 1, js_get_event_message),
    UPINIT_FUNCTION("ptraceContinue", 2, js_continue),
    UPINIT_FUNCTION("ptraceDetach", 2, js_detach),
};

UPINIT_TABLE(trace, entries);

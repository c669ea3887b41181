/*
 * Build tool: turns the JavaScript chunks that the bundler wrote into bytecode of the same engine that is linked
 * into upinit. Usage: chunk-compiler [NAME INPUT OUTPUT]…
 *
 * A chunk's imports are only names here (an empty C module stands for each); the host resolves them when it reads
 * the chunk.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

static int fail(const char *what, const char *name) {
  fprintf(stderr, "chunk-compiler: %s: %s\n", name, what);
  return 1;
}

static char *read_all(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return NULL;
  }
  char *text = NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    long size = ftell(file);
    rewind(file);
    text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (text != NULL && fread(text, 1, (size_t)size, file) == (size_t)size) {
      text[size] = '\0';
      *length = (size_t)size;
    } else {
      free(text);
      text = NULL;
    }
  }
  fclose(file);
  return text;
}

static int empty_module(JSContext *ctx, JSModuleDef *module) {
  (void)ctx;
  (void)module;
  return 0;
}

static JSModuleDef *imported_module(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  return JS_NewCModule(ctx, name, empty_module);
}

static void print_exception(JSContext *ctx, const char *name) {
  JSValue error = JS_GetException(ctx);
  const char *text = JS_ToCString(ctx, error);
  JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
  const char *where = JS_ToCString(ctx, stack);
  fprintf(stderr, "chunk-compiler: %s: %s\n%s", name, text == NULL ? "?" : text, where == NULL ? "" : where);
  JS_FreeCString(ctx, text);
  JS_FreeCString(ctx, where);
  JS_FreeValue(ctx, stack);
  JS_FreeValue(ctx, error);
}

static int compile(const char *name, const char *input, const char *output, int strip) {
  size_t source_length = 0;
  char *source = read_all(input, &source_length);
  if (source == NULL) {
    return fail("cannot read", input);
  }
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = runtime == NULL ? NULL : JS_NewContext(runtime);
  if (ctx == NULL) {
    return fail("out of memory", name);
  }
  JS_SetModuleLoaderFunc(runtime, NULL, imported_module, NULL);
  JSValue module = JS_Eval(ctx, source, source_length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  free(source);
  if (JS_IsException(module)) {
    print_exception(ctx, name);
    return 1;
  }
  size_t length = 0;
  uint8_t *bytecode = JS_WriteObject(ctx, &length, module, JS_WRITE_OBJ_BYTECODE | strip);
  if (bytecode == NULL) {
    print_exception(ctx, name);
    return 1;
  }
  FILE *file = fopen(output, "wb");
  if (file == NULL || fwrite(bytecode, 1, length, file) != length || fclose(file) != 0) {
    return fail("cannot write", output);
  }
  js_free(ctx, bytecode);
  JS_FreeValue(ctx, module);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  return 0;
}

int main(int argc, char **argv) {
  int first = 1;
  int strip = JS_WRITE_OBJ_STRIP_SOURCE;
  if (first < argc && strcmp(argv[first], "--strip-debug") == 0) {
    strip |= JS_WRITE_OBJ_STRIP_DEBUG;
    first++;
  }
  if ((argc - first) % 3 != 0) {
    return fail("usage: chunk-compiler [--strip-debug] [NAME INPUT OUTPUT]...", "arguments");
  }
  for (int i = first; i < argc; i += 3) {
    if (compile(argv[i], argv[i + 1], argv[i + 2], strip) != 0) {
      return 1;
    }
  }
  return 0;
}

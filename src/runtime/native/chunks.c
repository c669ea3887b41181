/*
 * Chunks: every piece of the bundled TypeScript lies in the executable as bytecode of its own, and is read only when
 * something imports it.
 */
#include <string.h>

#include "host.h"
#include "inflate.h"

/*
 * What the engine knows the binding as: each chunk has its own, with only what that chunk imports, under this prefix
 * and the chunk's name.
 */
static const char native_name[] = "upinit:native";
static const char native_prefix[] = "upinit:native/";

static const UpinitChunk *find_chunk(const char *name) {
  for (const UpinitChunk *chunk = upinit_chunks; chunk->name != NULL; chunk++) {
    if (strcmp(chunk->name, name) == 0) {
      return chunk;
    }
  }
  return NULL;
}

static JSValue read_bytecode(JSContext *ctx, const UpinitChunk *chunk) {
  if (chunk->unpacked == 0) {
    return JS_ReadObject(ctx, chunk->bytecode, chunk->length, JS_READ_OBJ_BYTECODE);
  }
  uint8_t *bytecode = js_malloc(ctx, chunk->unpacked);
  if (bytecode == NULL) {
    return JS_EXCEPTION;
  }
  JSValue module = upinit_inflate(chunk->bytecode, chunk->length, bytecode, chunk->unpacked)
                       ? JS_ReadObject(ctx, bytecode, chunk->unpacked, JS_READ_OBJ_BYTECODE)
                       : JS_ThrowInternalError(ctx, "the chunk '%s' is damaged", chunk->name);
  js_free(ctx, bytecode);
  return module;
}

/* Reads a chunk and what it imports statically; a module value, or an exception. */
static JSValue read_chunk(JSContext *ctx, const UpinitChunk *chunk) {
  if (upinit_add_intrinsics(ctx, chunk->intrinsics) < 0) {
    return JS_EXCEPTION;
  }
  JSValue module = read_bytecode(ctx, chunk);
  if (!JS_IsException(module) && JS_ResolveModule(ctx, module) < 0) {
    JS_FreeValue(ctx, module);
    return JS_EXCEPTION;
  }
  return module;
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  const size_t prefix = sizeof(native_prefix) - 1;
  if (strncmp(name, native_prefix, prefix) == 0) {
    const UpinitChunk *importer = find_chunk(name + prefix);
    if (importer != NULL) {
      return upinit_native_module(ctx, name, importer);
    }
  }
  const UpinitChunk *chunk = find_chunk(name);
  if (chunk == NULL) {
    JS_ThrowReferenceError(ctx, "no module '%s' in this executable", name);
    return NULL;
  }
  JSValue module = read_chunk(ctx, chunk);
  if (JS_IsException(module)) {
    return NULL;
  }
  JSModuleDef *definition = JS_VALUE_GET_PTR(module);
  JS_FreeValue(ctx, module);
  return definition;
}

/* All chunks lie in one place, so `./name` from anywhere is `name`; the binding looks different to each importer. */
static char *normalize_name(JSContext *ctx, const char *base, const char *name, void *opaque) {
  (void)opaque;
  if (strcmp(name, native_name) != 0) {
    return js_strdup(ctx, strncmp(name, "./", 2) == 0 ? name + 2 : name);
  }
  size_t size = sizeof(native_prefix) + strlen(base);
  char *full = js_malloc(ctx, size);
  if (full != NULL) {
    memcpy(full, native_prefix, sizeof(native_prefix) - 1);
    memcpy(full + sizeof(native_prefix) - 1, base, size - sizeof(native_prefix) + 1);
  }
  return full;
}

void upinit_install_loader(JSRuntime *runtime) {
  JS_SetModuleLoaderFunc(runtime, normalize_name, load_module, NULL);
}

JSValue upinit_run_entry(JSContext *ctx) {
  JSValue module = read_chunk(ctx, &upinit_chunks[0]);
  return JS_IsException(module) ? module : JS_EvalFunction(ctx, module);
}

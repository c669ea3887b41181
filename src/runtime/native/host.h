/* What the files of the host share: host.c, chunks.c, module.c, loss.c. */
#ifndef UPINIT_HOST_H
#define UPINIT_HOST_H

#include "binding.h"

/* A piece of the bundled TypeScript, as the build put it into the executable. */
typedef struct {
  const char *name;
  const uint8_t *bytecode;
  size_t length;
  const char *natives; /* what it imports of the binding, each name ended by NUL, the list by an empty one; or NULL: all */
  uint64_t intrinsics; /* what it may use of the engine beyond the base, as bits */
  size_t unpacked;     /* its size without packing (inflate.h); 0 if it is not packed */
} UpinitChunk;

/* Sets up what of the engine's built-in objects these bits name and is not there yet; -1 after throwing (host.c). */
int upinit_add_intrinsics(JSContext *ctx, uint64_t bits);

/* Written by the build; the entry is first, a chunk without name ends it. */
extern const UpinitChunk upinit_chunks[];
extern const uint8_t upinit_blobs[]; /* from the first byte of all bytecode to behind the last */
extern const uint8_t upinit_blobs_end[];

/* Loads modules by name: a chunk, or what a chunk imports of the binding (chunks.c). */
void upinit_install_loader(JSRuntime *runtime);

/* Reads and evaluates the entry chunk; gives its promise, or an exception. */
JSValue upinit_run_entry(JSContext *ctx);

/* The module `upinit:native` as this chunk sees it, under the name by which the engine knows it (module.c). */
JSModuleDef *upinit_native_module(JSContext *ctx, const char *name, const UpinitChunk *importer);

/* First of all: notes the signals that were given, keeps those that come now, and opens descriptors 0 to 2 (inherited.c). */
void upinit_take_over_process(void);

/* Where the engine's memory comes from (memory.c). */
extern const JSMallocFunctions upinit_memory;

/* From here on a fault of this process goes to the reaping loop (loss.c). */
void upinit_guard_faults(void);

/* The stop of everything has begun: nobody will ask for it again, so it goes on even if the engine is lost (loss.c). */
void upinit_end_if_lost(void);

/* The engine is lost: reaps until told to end, then ends everything and exits 70. Says `reason` first. */
_Noreturn void upinit_engine_lost(const char *reason);

#endif

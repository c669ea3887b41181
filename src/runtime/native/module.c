/*
 * The module `upinit:native`, put together from the tables of all files of the binding. Each chunk gets a module with
 * just the names that it imports: an object for every function would cost every start more than the engine does.
 */
#include <string.h>

#include "host.h"

/* In the order of the files' names, as the build goes through them. */
static const UpinitTable *const tables[] = {
    &upinit_bytes_table, &upinit_clock_table, &upinit_descriptors_table, &upinit_directories_table, &upinit_files_table,
    &upinit_host_table,  &upinit_inotify_table,     &upinit_network_table,     &upinit_pipe_table,
    &upinit_poll_table,
    &upinit_process_table, &upinit_signal_table,    &upinit_socket_table,      &upinit_spawn_table,
    &upinit_terminal_table, &upinit_trace_table,
};

enum { table_count = sizeof(tables) / sizeof(tables[0]) };

/* A place in the tables; a search goes on from the last find, since the build sorted the names that way. */
typedef struct {
  int table;
  int entry;
} Place;

static const JSCFunctionListEntry *next_entry(Place *place) {
  place->entry++;
  while (place->entry >= tables[place->table]->count) {
    place->table = (place->table + 1) % table_count;
    place->entry = 0;
  }
  return &tables[place->table]->entries[place->entry];
}

static const JSCFunctionListEntry *find_entry(Place *place, const char *name) {
  int all = 0;
  for (int i = 0; i < table_count; i++) {
    all += tables[i]->count;
  }
  for (int tried = 0; tried < all; tried++) {
    const JSCFunctionListEntry *entry = next_entry(place);
    if (entry->name[0] == name[0] && strcmp(entry->name, name) == 0) {
      return entry;
    }
  }
  return NULL;
}

typedef int EachEntry(JSContext *ctx, JSModuleDef *module, const JSCFunctionListEntry *entry, int count);

/* Does something with each entry that the chunk imports, or with whole tables if it imports all. */
static int for_imports(JSContext *ctx, JSModuleDef *module, const char *names, EachEntry *each) {
  for (int i = 0; names == NULL && i < table_count; i++) {
    if (each(ctx, module, tables[i]->entries, tables[i]->count) < 0) {
      return -1;
    }
  }
  Place place = {0, -1};
  for (; names != NULL && *names != '\0'; names += strlen(names) + 1) {
    const JSCFunctionListEntry *entry = find_entry(&place, names);
    /* A name that is nowhere is left out: the engine says which, when it links the importer. */
    if (entry != NULL && each(ctx, module, entry, 1) < 0) {
      return -1;
    }
  }
  return 0;
}

static int fill_module(JSContext *ctx, JSModuleDef *module) {
  JSValue index = JS_GetModulePrivateValue(ctx, module);
  return for_imports(ctx, module, upinit_chunks[JS_VALUE_GET_INT(index)].natives, JS_SetModuleExportList);
}

JSModuleDef *upinit_native_module(JSContext *ctx, const char *name, const UpinitChunk *importer) {
  JSModuleDef *module = JS_NewCModule(ctx, name, fill_module);
  if (module == NULL || for_imports(ctx, module, importer->natives, JS_AddModuleExportList) < 0) {
    return NULL;
  }
  JS_SetModulePrivateValue(ctx, module, JS_NewInt32(ctx, (int32_t)(importer - upinit_chunks)));
  return module;
}

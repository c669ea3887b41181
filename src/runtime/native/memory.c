/*
 * Memory for the engine. It takes its small objects from slabs of just under a page; a general allocator rounds each up
 * to five quarters of a page and asks the kernel for them one by one. So slabs get whole pages from here, from regions
 * that the kernel fills as they are touched; everything else comes from malloc.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14; not in the headers of musl 1.2.3 */
#endif

enum {
  page_size = 4096,
  smallest_slab = 3072,    /* bytes; what is bigger, up to a page, is given a page */
  pages_of_region = 64,
  region_size = pages_of_region * page_size,
  pages_of_batch = 16,     /* made resident at once */
  pages_before_tidying = 16,
  warm_pages_at_most = 64, /* free pages that stay resident, so that a slab that comes and goes costs no fault */
};

typedef struct {
  uint8_t *start;
  uint64_t used; /* a bit for each page */
  uint64_t warm; /* free, but still resident */
} Region;

static Region *regions;
static size_t region_count;
static size_t region_space;
static size_t region_with_room; /* no region before this one has a free page */
static int warm_pages;
static int pages_taken; /* since the last tidying */

static bool add_region(void) {
  if (region_count == region_space) {
    size_t space = region_space == 0 ? 16 : 2 * region_space;
    Region *larger = realloc(regions, space * sizeof(Region));
    if (larger == NULL) {
      return false;
    }
    regions = larger;
    region_space = space;
  }
  void *start = mmap(NULL, region_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) {
    return false;
  }
  /*
   * A child between fork and exec reads nothing of the engine: without these pages the fork has less to copy, and we don't
   * take a fault for each page that we write while the child is on its way.
   */
  madvise(start, region_size, MADV_DONTFORK);
  regions[region_count++] = (Region){.start = start, .used = 0, .warm = 0};
  return true;
}

/* Makes a run of pages resident in one go, which costs the kernel a fraction of a fault for each. */
static void warm_up(Region *region, int first) {
  uint64_t cold = ~(region->used | region->warm) >> first;
  int count = __builtin_ctzll(~cold | UINT64_C(1) << pages_of_batch);
  if (madvise(region->start + (size_t)first * page_size, (size_t)count * page_size, MADV_POPULATE_WRITE) == 0) {
    region->warm |= ((UINT64_C(1) << count) - 1) << first;
    warm_pages += count;
  }
}

static void *take_page(void) {
  while (region_with_room < region_count && regions[region_with_room].used == UINT64_MAX) {
    region_with_room++;
  }
  if (region_with_room == region_count && !add_region()) {
    return NULL;
  }
  Region *region = &regions[region_with_room];
  pages_taken++;
  if (region->warm == 0) {
    warm_up(region, __builtin_ctzll(~region->used));
  }
  int page = __builtin_ctzll(region->warm != 0 ? region->warm : ~region->used);
  uint64_t bit = UINT64_C(1) << page;
  region->used |= bit;
  if ((region->warm & bit) != 0) {
    region->warm &= ~bit;
    warm_pages--;
  }
  return region->start + (size_t)page * page_size;
}

/* The region that a pointer lies in; NULL for what malloc gave. Only a page's first byte can be a slab. */
static Region *region_of(const void *pointer) {
  if (((uintptr_t)pointer & (page_size - 1)) != 0) {
    return NULL;
  }
  for (size_t i = 0; i < region_count; i++) {
    if ((uintptr_t)pointer - (uintptr_t)regions[i].start < region_size) {
      return &regions[i];
    }
  }
  return NULL;
}

static void give_page_back(Region *region, uint8_t *page) {
  uint64_t bit = UINT64_C(1) << ((size_t)(page - region->start) / page_size);
  region->used &= ~bit;
  if (warm_pages < warm_pages_at_most) {
    region->warm |= bit;
    warm_pages++;
  } else {
    madvise(page, page_size, MADV_DONTNEED);
  }
  size_t index = (size_t)(region - regions);
  if (index < region_with_room) {
    region_with_room = index;
  }
}

static bool is_slab(size_t size) { return size > smallest_slab && size <= page_size; }

static void *engine_malloc(void *opaque, size_t size) {
  (void)opaque;
  return is_slab(size) ? take_page() : malloc(size);
}

static void *engine_calloc(void *opaque, size_t count, size_t size) {
  (void)opaque;
  return calloc(count, size);
}

static void engine_free(void *opaque, void *pointer) {
  (void)opaque;
  Region *region = region_of(pointer);
  if (region == NULL) {
    free(pointer);
  } else {
    give_page_back(region, pointer);
  }
}

static void *engine_realloc(void *opaque, void *pointer, size_t size) {
  Region *region = pointer == NULL ? NULL : region_of(pointer);
  if (region == NULL) {
    return realloc(pointer, size);
  }
  if (size <= page_size) {
    return pointer;
  }
  void *larger = malloc(size);
  if (larger != NULL) {
    memcpy(larger, pointer, page_size);
    engine_free(opaque, pointer);
  }
  return larger;
}

static size_t engine_usable_size(const void *pointer) {
  return region_of(pointer) != NULL ? page_size : malloc_usable_size((void *)(uintptr_t)pointer);
}

const JSMallocFunctions upinit_memory = {
    .js_calloc = engine_calloc,
    .js_malloc = engine_malloc,
    .js_free = engine_free,
    .js_realloc = engine_realloc,
    .js_malloc_usable_size = engine_usable_size,
};

/* ── tidying ────────────────────────────────────────────────────────────────────────────────────────────── */

/* By the linker: where the executable's code begins and ends. */
extern char __executable_start[];
extern char etext[];

static void release_pages(void) {
  for (size_t i = 0; i < region_count && warm_pages > 0; i++) {
    for (uint64_t warm = regions[i].warm; warm != 0; warm &= warm - 1) {
      madvise(regions[i].start + (size_t)__builtin_ctzll(warm) * page_size, page_size, MADV_DONTNEED);
      warm_pages--;
    }
    regions[i].warm = 0;
  }
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/* Unmaps pages that hold nothing but a part of the executable; what is used again comes back from the page cache. */
static void release_file_pages(const void *start, const void *end) {
  uintptr_t from = ((uintptr_t)start + page_size - 1) & ~(uintptr_t)(page_size - 1);
  uintptr_t to = (uintptr_t)end & ~(uintptr_t)(page_size - 1);
  if (from < to) {
    madvise((void *)from, to - from, MADV_DONTNEED);
  }
}

bool upinit_untidy(void) { return pages_taken >= pages_before_tidying; }

void upinit_tidy(JSContext *ctx) {
  JS_RunGC(JS_GetRuntime(ctx));
  release_pages();
  release_file_pages(__executable_start, etext);
  release_file_pages(upinit_blobs, upinit_blobs_end);
  pages_taken = 0;
}

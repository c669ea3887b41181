/*
 * Text as bytes and bytes as text. The kernel knows bytes only; TypeScript knows UTF-16. What is valid UTF-8 is
 * converted as such, any other byte B travels as the lone surrogate U+DC00+B (the "surrogateescape" of Python), so
 * that every byte string survives a round trip.
 */
#include "binding.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The engine writes the lone surrogate U+DC80+n as ED B2 80 .. ED B3 BF. */
enum { SURROGATE_LEAD = 0xED, ESCAPE_FIRST = 0xB2, ESCAPE_LAST = 0xB3, SURROGATE_FIRST = 0xA0 };

/*
 * Turns the engine's rendering of lone surrogates, in place, into what they stand for: escapes into their byte,
 * others (which stand for nothing) into U+FFFD. Returns the new length.
 */
static size_t resolve_surrogates(unsigned char *text, size_t length) {
  const unsigned char *from = memchr(text, SURROGATE_LEAD, length);
  if (from == NULL) {
    return length;
  }
  const unsigned char *end = text + length;
  unsigned char *to = text + (from - text);
  while (from < end) {
    if (from[0] != SURROGATE_LEAD || end - from < 3 || from[1] < SURROGATE_FIRST) {
      *to++ = *from++;
      continue;
    }
    unsigned code = ((unsigned)(from[1] & 0x3F) << 6) | (unsigned)(from[2] & 0x3F);
    if ((from[1] == ESCAPE_FIRST || from[1] == ESCAPE_LAST)) {
      *to++ = (unsigned char)(code & 0xFF);
    } else {
      memcpy(to, "\xEF\xBF\xBD", 3);
      to += 3;
    }
    from += 3;
  }
  *to = '\0';
  return (size_t)(to - text);
}

const char *upinit_borrow_text(JSContext *ctx, JSValueConst text, size_t *length) {
  size_t size = 0;
  if (!JS_IsString(text)) {
    JS_ThrowTypeError(ctx, "a string is expected");
    return NULL;
  }
  const char *bytes = JS_ToCStringLen(ctx, &size, text);
  if (bytes == NULL) {
    return NULL;
  }
  /* A rendering that holds a surrogate is never the string's own storage, but a copy that nobody else sees. */
  size = resolve_surrogates((unsigned char *)(uintptr_t)bytes, size);
  if (length != NULL) {
    *length = size;
  }
  return bytes;
}

char *upinit_text_to_bytes(JSContext *ctx, JSValueConst text, size_t *length) {
  size_t size = 0;
  const char *borrowed = upinit_borrow_text(ctx, text, &size);
  if (borrowed == NULL) {
    return NULL;
  }
  char *bytes = malloc(size + 1);
  if (bytes == NULL) {
    JS_ThrowOutOfMemory(ctx);
  } else {
    memcpy(bytes, borrowed, size);
    bytes[size] = '\0';
    if (length != NULL) {
      *length = size;
    }
  }
  JS_FreeCString(ctx, borrowed);
  return bytes;
}

char *upinit_path(JSContext *ctx, JSValueConst text, JSValue *refusal) {
  size_t length = 0;
  char *path = upinit_text_to_bytes(ctx, text, &length);
  if (path == NULL) {
    *refusal = JS_EXCEPTION;
    return NULL;
  }
  if (memchr(path, '\0', length) != NULL) {
    free(path);
    *refusal = upinit_errno(ctx, EINVAL);
    return NULL;
  }
  return path;
}

/* A block that grows: first `count + 1` pointers, then the bytes that they point to. */
typedef struct {
  char *block;
  size_t used;
  size_t capacity;
} Vector;

static bool vector_add(JSContext *ctx, Vector *vector, const char *bytes, size_t length) {
  if (vector->capacity - vector->used < length + 1) {
    size_t capacity = vector->capacity * 2 + length + 1;
    char *block = realloc(vector->block, capacity);
    if (block == NULL) {
      JS_ThrowOutOfMemory(ctx);
      return false;
    }
    vector->block = block;
    vector->capacity = capacity;
  }
  memcpy(vector->block + vector->used, bytes, length);
  vector->block[vector->used + length] = '\0';
  vector->used += length + 1;
  return true;
}

/* Adds one element of the array; false with `refusal` set. */
static bool vector_add_element(JSContext *ctx, Vector *vector, JSValueConst array, uint32_t index, JSValue *refusal) {
  *refusal = JS_EXCEPTION;
  JSValue element = JS_GetPropertyUint32(ctx, array, index);
  if (JS_IsException(element)) {
    return false;
  }
  size_t length = 0;
  const char *bytes = upinit_borrow_text(ctx, element, &length);
  bool added = false;
  if (bytes != NULL) {
    if (memchr(bytes, '\0', length) != NULL) {
      *refusal = upinit_errno(ctx, EINVAL);
    } else if (vector->used + length >= INT_MAX) {
      *refusal = upinit_errno(ctx, E2BIG);
    } else {
      added = vector_add(ctx, vector, bytes, length);
    }
    JS_FreeCString(ctx, bytes);
  }
  JS_FreeValue(ctx, element);
  return added;
}

char **upinit_text_vector(JSContext *ctx, JSValueConst array, size_t *count, JSValue *refusal) {
  int64_t length = 0;
  *refusal = JS_EXCEPTION;
  if (!JS_IsArray(array)) {
    JS_ThrowTypeError(ctx, "an array of strings is expected");
    return NULL;
  }
  if (JS_GetLength(ctx, array, &length) < 0) {
    return NULL;
  }
  if (length >= INT_MAX / (int64_t)sizeof(char *)) {
    *refusal = upinit_errno(ctx, E2BIG);
    return NULL;
  }
  size_t pointers = ((size_t)length + 1) * sizeof(char *);
  Vector vector = {.used = pointers, .capacity = pointers + (size_t)length * 24 + 64};
  vector.block = malloc(vector.capacity);
  if (vector.block == NULL) {
    JS_ThrowOutOfMemory(ctx);
    return NULL;
  }
  for (uint32_t i = 0; i < (uint32_t)length; i++) {
    if (!vector_add_element(ctx, &vector, array, i, refusal)) {
      free(vector.block);
      return NULL;
    }
  }
  /* The pointers come last: the block may have moved while it grew. */
  char **result = (char **)(void *)vector.block;
  char *bytes = vector.block + pointers;
  for (int64_t i = 0; i < length; i++) {
    result[i] = bytes;
    bytes += strlen(bytes) + 1;
  }
  result[length] = NULL;
  if (count != NULL) {
    *count = (size_t)length;
  }
  return result;
}

/* ── bytes as text ──────────────────────────────────────────────────────────────────────────────────────── */

static bool is_ascii(const unsigned char *bytes, size_t length) {
  const uint64_t high_bits = UINT64_C(0x8080808080808080);
  while (length >= sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    if (word & high_bits) {
      return false;
    }
    bytes += sizeof word;
    length -= sizeof word;
  }
  while (length > 0) {
    if (*bytes++ & 0x80) {
      return false;
    }
    length--;
  }
  return true;
}

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/*
 * Length of the well-formed UTF-8 sequence at `bytes` (Unicode, table 3-7: no surrogates, no overlong form, nothing
 * past U+10FFFF), or 0 if there is none. `left` is at least 1.
 */
static size_t sequence_length(const unsigned char *bytes, size_t left) {
  unsigned char lead = bytes[0];
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4 || left < 2 || !is_continuation(bytes[1])) {
    return 0;
  }
  if (lead < 0xE0) {
    return 2;
  }
  if (left < 3 || !is_continuation(bytes[2])) {
    return 0;
  }
  if (lead < 0xF0) {
    bool overlong = lead == 0xE0 && bytes[1] < 0xA0;
    bool surrogate = lead == 0xED && bytes[1] >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  bool overlong = lead == 0xF0 && bytes[1] < 0x90;
  bool too_large = lead == 0xF4 && bytes[1] >= 0x90;
  return left < 4 || !is_continuation(bytes[3]) || overlong || too_large ? 0 : 4;
}

static bool is_utf8(const unsigned char *bytes, size_t length) {
  while (length > 0) {
    size_t sequence = sequence_length(bytes, length);
    if (sequence == 0) {
      return false;
    }
    bytes += sequence;
    length -= sequence;
  }
  return true;
}

/* Appends one sequence (of a length that sequence_length gave; 0 is an escape) as UTF-16; returns units written. */
static size_t append_utf16(uint16_t *units, const unsigned char *bytes, size_t sequence) {
  switch (sequence) {
  case 0:
    units[0] = (uint16_t)(0xDC00 + bytes[0]);
    return 1;
  case 1:
    units[0] = bytes[0];
    return 1;
  case 2:
    units[0] = (uint16_t)(((bytes[0] & 0x1F) << 6) | (bytes[1] & 0x3F));
    return 1;
  case 3:
    units[0] = (uint16_t)(((bytes[0] & 0x0F) << 12) | ((bytes[1] & 0x3F) << 6) | (bytes[2] & 0x3F));
    return 1;
  default: {
    uint32_t code = ((uint32_t)(bytes[0] & 0x07) << 18) | ((uint32_t)(bytes[1] & 0x3F) << 12) |
                    ((uint32_t)(bytes[2] & 0x3F) << 6) | (uint32_t)(bytes[3] & 0x3F);
    code -= 0x10000;
    units[0] = (uint16_t)(0xD800 + (code >> 10));
    units[1] = (uint16_t)(0xDC00 + (code & 0x3FF));
    return 2;
  }
  }
}

static JSValue escaped_text(JSContext *ctx, const unsigned char *bytes, size_t length) {
  uint16_t *units = js_malloc(ctx, length * sizeof *units);
  if (units == NULL) {
    return JS_EXCEPTION;
  }
  size_t count = 0;
  while (length > 0) {
    size_t sequence = sequence_length(bytes, length);
    count += append_utf16(units + count, bytes, sequence);
    size_t used = sequence == 0 ? 1 : sequence;
    bytes += used;
    length -= used;
  }
  JSValue text = JS_NewStringUTF16(ctx, units, count);
  js_free(ctx, units);
  return text;
}

JSValue upinit_bytes_to_text(JSContext *ctx, const char *bytes, size_t length) {
  const unsigned char *start = (const unsigned char *)bytes;
  if (is_ascii(start, length) || is_utf8(start, length)) {
    return JS_NewStringLen(ctx, bytes, length);
  }
  return escaped_text(ctx, start, length);
}

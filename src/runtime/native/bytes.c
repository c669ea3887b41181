/* Byte primitives: searching, prefixing, text to bytes and back, and the names of errors. */
#include "binding.h"
#include "errors.h"

#include <stdio.h>
#include <string.h>

/* ── searching ──────────────────────────────────────────────────────────────────────────────────────────── */

/* The arguments (from, byte, offset, length) that the searches share. */
typedef struct {
  uint8_t *start;
  size_t size;
  int64_t offset;
  int byte;
} Search;

static bool read_search(JSContext *ctx, JSValueConst *argv, Search *search) {
  return upinit_byte_range(ctx, argv[0], argv[2], argv[3], &search->start, &search->size) &&
         upinit_int64(ctx, argv[2], &search->offset) && upinit_int(ctx, argv[1], &search->byte);
}

static JSValue index_result(JSContext *ctx, const Search *search, const uint8_t *found) {
  return JS_NewInt64(ctx, found == NULL ? -1 : search->offset + (found - search->start));
}

static JSValue js_index_of_byte(UPINIT_ARGUMENTS) {
  Search search;
  if (!read_search(ctx, argv, &search)) {
    return JS_EXCEPTION;
  }
  return index_result(ctx, &search, memchr(search.start, search.byte, search.size));
}

static JSValue js_last_index_of_byte(UPINIT_ARGUMENTS) {
  Search search;
  if (!read_search(ctx, argv, &search)) {
    return JS_EXCEPTION;
  }
  return index_result(ctx, &search, memrchr(search.start, search.byte, search.size));
}

static JSValue js_count_byte(UPINIT_ARGUMENTS) {
  Search search;
  if (!read_search(ctx, argv, &search)) {
    return JS_EXCEPTION;
  }
  int64_t count = 0;
  const uint8_t *end = search.start + search.size;
  for (const uint8_t *at = search.start; (at = memchr(at, search.byte, (size_t)(end - at))) != NULL; at++) {
    count++;
  }
  return JS_NewInt64(ctx, count);
}

/* ── prefixing ──────────────────────────────────────────────────────────────────────────────────────────── */

/* Returns the bytes written, or -ENOBUFS. */
static int64_t prefix_lines(const uint8_t *from, size_t length, const uint8_t *prefix, size_t prefix_length,
                            bool at_line_start, uint8_t *into, size_t capacity) {
  uint8_t *to = into;
  const uint8_t *end = from + length;
  while (from < end) {
    const uint8_t *newline = memchr(from, '\n', (size_t)(end - from));
    const uint8_t *next = newline == NULL ? end : newline + 1;
    size_t line = (size_t)(next - from), head = at_line_start ? prefix_length : 0;
    if (capacity - (size_t)(to - into) < head + line) {
      return -ENOBUFS;
    }
    memcpy(to, prefix, head);
    memcpy(to + head, from, line);
    to += head + line;
    from = next;
    at_line_start = true;
  }
  return to - into;
}

static JSValue js_prefix_lines(UPINIT_ARGUMENTS) {
  uint8_t *from, *prefix, *into;
  size_t length, prefix_length, capacity;
  if (!upinit_byte_range(ctx, argv[0], argv[1], argv[2], &from, &length) ||
      !upinit_bytes(ctx, argv[3], &prefix, &prefix_length) || !upinit_bytes(ctx, argv[5], &into, &capacity)) {
    return JS_EXCEPTION;
  }
  bool at_line_start = JS_ToBool(ctx, argv[4]) == 1;
  return JS_NewInt64(ctx, prefix_lines(from, length, prefix, prefix_length, at_line_start, into, capacity));
}

/* ── text ───────────────────────────────────────────────────────────────────────────────────────────────── */

static JSValue js_encode(UPINIT_ARGUMENTS) {
  size_t length;
  const char *text = upinit_borrow_text(ctx, argv[0], &length);
  if (text == NULL) {
    return JS_EXCEPTION;
  }
  JSValue bytes = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)text, length);
  JS_FreeCString(ctx, text);
  return bytes;
}

static JSValue js_decode(UPINIT_ARGUMENTS) {
  uint8_t *start;
  size_t size;
  if (!upinit_byte_range(ctx, argv[0], argv[1], argv[2], &start, &size)) {
    return JS_EXCEPTION;
  }
  return upinit_bytes_to_text(ctx, (const char *)start, size);
}

/* As bytes if all of the text is ASCII, which the engine hands out much faster, else as 16-bit numbers. */
static JSValue js_code_units(UPINIT_ARGUMENTS) {
  size_t length;
  const char *text = upinit_borrow_text(ctx, argv[0], &length);
  if (text == NULL) {
    return JS_EXCEPTION;
  }
  unsigned char seen = 0;
  for (size_t at = 0; at < length; at++) {
    seen |= (unsigned char)text[at];
  }
  JSValue bytes = seen < 0x80 ? JS_NewUint8ArrayCopy(ctx, (const uint8_t *)text, length) : JS_UNDEFINED;
  JS_FreeCString(ctx, text);
  if (seen < 0x80) {
    return bytes;
  }
  const uint16_t *units = JS_ToCStringLenUTF16(ctx, &length, argv[0]);
  if (units == NULL) {
    return JS_EXCEPTION;
  }
  JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)units, length * sizeof *units);
  JS_FreeCStringUTF16(ctx, units);
  if (JS_IsException(buffer)) {
    return buffer;
  }
  /* The engine reads offset and length too, whatever the number of arguments says. */
  JSValueConst whole[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue array = JS_NewTypedArray(ctx, 3, whole, JS_TYPED_ARRAY_UINT16);
  JS_FreeValue(ctx, buffer);
  return array;
}

static JSValue js_error_text(UPINIT_ARGUMENTS) {
  UPINIT_INT(error, 0)
  const char *text = upinit_error_text(error);
  if (text != NULL) {
    return JS_NewString(ctx, text);
  }
  char unknown[32];
  snprintf(unknown, sizeof unknown, "Unknown error %d", error);
  return JS_NewString(ctx, error == 0 ? "Success" : unknown);
}

static JSValue js_error_name(UPINIT_ARGUMENTS) {
  UPINIT_INT(error, 0)
  const char *name = upinit_error_name(error);
  return JS_NewString(ctx, name == NULL ? "" : name);
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("encode", 1, js_encode),
    UPINIT_FUNCTION("decode", 3, js_decode),
    UPINIT_FUNCTION("codeUnits", 1, js_code_units),
    UPINIT_FUNCTION("lastIndexOfByte", 4, js_last_index_of_byte),
    UPINIT_FUNCTION("indexOfByte", 4, js_index_of_byte),
    UPINIT_FUNCTION("prefixLines", 6, js_prefix_lines),
    UPINIT_FUNCTION("countByte", 4, js_count_byte),
    UPINIT_FUNCTION("errorText", 1, js_error_text),
    UPINIT_FUNCTION("errorName", 1, js_error_name),
};

UPINIT_TABLE(bytes, entries);

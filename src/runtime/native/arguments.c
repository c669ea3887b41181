/* Arguments that point into memory of the engine, checked. */
#include "binding.h"

bool upinit_byte_range(JSContext *ctx, JSValueConst buffer, JSValueConst offset, JSValueConst length, uint8_t **start,
                       size_t *size) {
  uint8_t *bytes;
  size_t available;
  int64_t from, count;
  if (!upinit_bytes(ctx, buffer, &bytes, &available) || !upinit_int64(ctx, offset, &from) ||
      !upinit_int64(ctx, length, &count)) {
    return false;
  }
  if (from < 0 || count < 0 || (uint64_t)from > available || (uint64_t)count > available - (uint64_t)from) {
    JS_ThrowRangeError(ctx, "the range is outside of the buffer");
    return false;
  }
  *start = bytes == NULL ? NULL : bytes + from;
  *size = (size_t)count;
  return true;
}

bool upinit_int32_array(JSContext *ctx, JSValueConst value, int32_t **elements, size_t *count) {
  if (JS_GetTypedArrayType(value) != JS_TYPED_ARRAY_INT32) {
    JS_ThrowTypeError(ctx, "an Int32Array is expected");
    return false;
  }
  size_t offset, bytes, element_size, buffer_size;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &bytes, &element_size);
  if (JS_IsException(buffer)) {
    return false;
  }
  uint8_t *data = JS_GetArrayBuffer(ctx, &buffer_size, buffer);
  JS_FreeValue(ctx, buffer); /* the array still holds it */
  if (data == NULL || buffer_size < offset + bytes) {
    JS_ThrowTypeError(ctx, "the array has no memory");
    return false;
  }
  *elements = (int32_t *)(void *)(data + offset);
  *count = bytes / sizeof(int32_t);
  return true;
}

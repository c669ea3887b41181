/* Unpacks what the build has packed. */
#ifndef UPINIT_INFLATE_H
#define UPINIT_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unpacks a raw deflate stream (RFC 1951) of exactly `size` bytes; false if it is none. */
bool upinit_inflate(const uint8_t *from, size_t length, uint8_t *into, size_t size);

#endif

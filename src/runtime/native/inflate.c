/* Deflate (RFC 1951), the way back: for chunks that are rarely read, where
 * bytes count more than microseconds. */
#include "inflate.h"

#include <string.h>

enum { LONGEST_CODE = 15, SHORT_CODE = 9, LITERALS = 288, DISTANCES = 30, END_OF_BLOCK = 256 };

typedef struct {
  const uint8_t *next, *end;
  uint32_t bits; /* not used yet, the lowest first */
  int count;
  bool broken;
} Input;

/*
 * A Huffman code: how many codes there are of each length, and the symbols in the order of their codes. Short codes
 * are looked up by the bits that come next: the symbol times 16, and the length.
 */
typedef struct {
  uint16_t count[LONGEST_CODE + 1];
  uint16_t symbol[LITERALS];
  uint16_t quick[1 << SHORT_CODE];
} Code;

/* As many bytes as there is room for, so that a look at the next bits sees
 * them. */
static void fill(Input *input) {
  while (input->count <= 24 && input->next < input->end) {
    input->bits |= (uint32_t)*input->next++ << input->count;
    input->count += 8;
  }
}

static unsigned take(Input *input, int wanted) {
  while (input->count < wanted) {
    if (input->next == input->end) {
      input->broken = true;
      return 0;
    }
    input->bits |= (uint32_t)*input->next++ << input->count;
    input->count += 8;
  }
  unsigned value = input->bits & ((1u << wanted) - 1);
  input->bits >>= wanted;
  input->count -= wanted;
  return value;
}

static void make_code(Code *code, const uint8_t *lengths, int symbols) {
  uint16_t place[LONGEST_CODE + 2] = {0};
  memset(code->count, 0, sizeof code->count);
  for (int i = 0; i < symbols; i++) {
    code->count[lengths[i]]++;
  }
  code->count[0] = 0;
  for (int length = 1; length <= LONGEST_CODE; length++) {
    place[length + 1] = (uint16_t)(place[length] + code->count[length]);
  }
  for (int i = 0; i < symbols; i++) {
    if (lengths[i] != 0) {
      code->symbol[place[lengths[i]]++] = (uint16_t)i;
    }
  }
  memset(code->quick, 0, sizeof code->quick);
  unsigned value = 0, index = 0;
  for (int length = 1; length <= SHORT_CODE; length++, value <<= 1) {
    for (int i = 0; i < code->count[length]; i++, value++, index++) {
      /* The first bit of a code is its highest, and comes lowest in the stream.
       */
      unsigned reversed = 0;
      for (int bit = 0; bit < length; bit++) {
        reversed |= (value >> bit & 1) << (length - 1 - bit);
      }
      for (unsigned at = reversed; at < 1u << SHORT_CODE; at += 1u << length) {
        code->quick[at] = (uint16_t)(code->symbol[index] << 4 | length);
      }
    }
  }
}

/* The codes of one length follow those of the shorter ones, so a code is found
 * by counting. */
static int read_symbol(Input *input, const Code *code) {
  fill(input);
  unsigned found = code->quick[input->bits & ((1 << SHORT_CODE) - 1)];
  int known = (int)(found & 15);
  if (known != 0 && known <= input->count) {
    input->bits >>= known;
    input->count -= known;
    return (int)(found >> 4);
  }
  int value = 0, first = 0, index = 0;
  for (int length = 1; length <= LONGEST_CODE && !input->broken; length++) {
    value |= (int)take(input, 1);
    int count = code->count[length];
    if (value - count < first) {
      return code->symbol[index + (value - first)];
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  input->broken = true;
  return END_OF_BLOCK;
}

static const uint16_t length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                         33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                         6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

typedef struct {
  uint8_t *start, *next, *end;
} Output;

static void read_codes(Input *input, Output *output, const Code *literals, const Code *distances) {
  while (!input->broken) {
    int symbol = read_symbol(input, literals);
    if (symbol == END_OF_BLOCK) {
      return;
    }
    if (symbol < END_OF_BLOCK) {
      if (output->next == output->end) {
        break;
      }
      *output->next++ = (uint8_t)symbol;
      continue;
    }
    symbol -= END_OF_BLOCK + 1;
    if ((size_t)symbol >= sizeof length_extra) {
      break;
    }
    size_t length = length_base[symbol] + take(input, length_extra[symbol]);
    int place = read_symbol(input, distances);
    if (place >= DISTANCES) {
      break;
    }
    size_t distance = distance_base[place] + take(input, distance_extra[place]);
    if (distance > (size_t)(output->next - output->start) || length > (size_t)(output->end - output->next)) {
      break;
    }
    for (; length > 0; length--, output->next++) {
      *output->next = *(output->next - distance);
    }
  }
  input->broken = true;
}

static void read_fixed(Input *input, Output *output) {
  uint8_t lengths[LITERALS + DISTANCES];
  memset(lengths, 8, 144);
  memset(lengths + 144, 9, 112);
  memset(lengths + 256, 7, 24);
  memset(lengths + 280, 8, 8);
  memset(lengths + LITERALS, 5, DISTANCES);
  Code literals, distances;
  make_code(&literals, lengths, LITERALS);
  make_code(&distances, lengths + LITERALS, DISTANCES);
  read_codes(input, output, &literals, &distances);
}

static void read_dynamic(Input *input, Output *output) {
  static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  int literal_count = (int)take(input, 5) + 257;
  int distance_count = (int)take(input, 5) + 1;
  int length_count = (int)take(input, 4) + 4;
  uint8_t lengths[LITERALS + 32 + 138] = {0};
  for (int i = 0; i < length_count; i++) {
    lengths[order[i]] = (uint8_t)take(input, 3);
  }
  Code literals, distances;
  make_code(&literals, lengths, 19);
  memset(lengths, 0, sizeof lengths);
  int total = literal_count + distance_count;
  for (int i = 0; i < total && !input->broken;) {
    int symbol = read_symbol(input, &literals);
    if (symbol < 16) {
      lengths[i++] = (uint8_t)symbol;
      continue;
    }
    uint8_t repeated = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
    int times = symbol == 16   ? 3 + (int)take(input, 2)
                : symbol == 17 ? 3 + (int)take(input, 3)
                               : 11 + (int)take(input, 7);
    while (times-- > 0 && i < total) {
      lengths[i++] = repeated;
    }
  }
  if (literal_count > LITERALS || distance_count > DISTANCES) {
    input->broken = true;
    return;
  }
  make_code(&literals, lengths, literal_count);
  make_code(&distances, lengths + literal_count, distance_count);
  read_codes(input, output, &literals, &distances);
}

static void read_stored(Input *input, Output *output) {
  /* It begins at a whole byte; what was read ahead is given back. */
  input->next -= input->count / 8;
  input->bits = 0;
  input->count = 0;
  size_t length = take(input, 16);
  take(input, 16);
  if (length > (size_t)(input->end - input->next) || length > (size_t)(output->end - output->next)) {
    input->broken = true;
    return;
  }
  memcpy(output->next, input->next, length);
  input->next += length;
  output->next += length;
}

bool upinit_inflate(const uint8_t *from, size_t length, uint8_t *into, size_t size) {
  Input input = {.next = from, .end = from + length};
  Output output = {.start = into, .next = into, .end = into + size};
  bool last = false;
  while (!last && !input.broken) {
    last = take(&input, 1) != 0;
    switch (take(&input, 2)) {
    case 0:
      read_stored(&input, &output);
      break;
    case 1:
      read_fixed(&input, &output);
      break;
    case 2:
      read_dynamic(&input, &output);
      break;
    default:
      return false;
    }
  }
  return !input.broken && output.next == output.end;
}

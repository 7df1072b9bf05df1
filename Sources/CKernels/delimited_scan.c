#include "delimited_scan.h"

#include <string.h>

// Sixty-four bytes become one word whose set bits are delimiters, line feeds and quotes; the bits are then taken one by
// one ("bitmap" parsing, Langdale and Lemire 2019).

static inline uint64_t zero_bytes(uint64_t word) {
  const uint64_t low = 0x7f7f7f7f7f7f7f7full;
  return ~(((word & low) + low) | word | low);
}

static inline uint64_t mask_portable(const uint8_t *bytes, uint8_t delimiter, uint8_t quote) {
  const uint64_t ones = 0x0101010101010101ull;
  const uint64_t delimiters = ones * delimiter, feeds = ones * '\n', quotes = ones * quote;
  uint64_t mask = 0;
  for (int i = 0; i < 8; i++) {
    uint64_t word = 0;
    // Byte by byte, so that byte order does not matter; compilers make it one load.
    for (int j = 0; j < 8; j++) word |= (uint64_t)bytes[8 * i + j] << (8 * j);
    uint64_t hits = zero_bytes(word ^ delimiters) | zero_bytes(word ^ feeds) | zero_bytes(word ^ quotes);
    mask |= ((hits >> 7) * 0x0102040810204080ull >> 56) << (8 * i);
  }
  return mask;
}

// One text for both paths: MASK gives the special bytes of sixty-four.
#define SCAN(MASK)                                                                                                     \
  const uint8_t delimiter = records->delimiter, quote = records->quote;                                                \
  const uint32_t last = records->fields - 1;                                                                           \
  const int32_t *slots = records->slots;                                                                               \
  size_t rows = 0, record = *position, start = *position;                                                              \
  uint32_t field = 0;                                                                                                  \
  uint32_t *row = ranges;                                                                                              \
  for (size_t base = *position; base < count && rows < most; base += 64) {                                             \
    uint64_t mask;                                                                                                     \
    if (count - base >= 64) {                                                                                          \
      mask = MASK(bytes + base, delimiter, quote);                                                                     \
    } else {                                                                                                           \
      uint8_t rest[64] = {0};                                                                                          \
      memcpy(rest, bytes + base, count - base);                                                                        \
      mask = MASK(rest, delimiter, quote) & ((1ull << (count - base)) - 1);                                            \
    }                                                                                                                  \
    for (; mask; mask &= mask - 1) {                                                                                   \
      size_t place = base + (size_t)__builtin_ctzll(mask);                                                             \
      uint8_t byte = bytes[place];                                                                                     \
      if (byte == delimiter) {                                                                                         \
        if (field == last) goto done;                                                                                  \
        int32_t slot = slots[field++];                                                                                 \
        if (slot >= 0) {                                                                                               \
          row[2 * slot] = (uint32_t)start;                                                                             \
          row[2 * slot + 1] = (uint32_t)place;                                                                         \
        }                                                                                                              \
        start = place + 1;                                                                                             \
      } else {                                                                                                         \
        if (byte != '\n' || field != last) goto done;                                                                  \
        size_t end = place > start && bytes[place - 1] == '\r' ? place - 1 : place;                                    \
        int32_t slot = slots[last];                                                                                    \
        if (slot >= 0) {                                                                                               \
          row[2 * slot] = (uint32_t)start;                                                                             \
          row[2 * slot + 1] = (uint32_t)end;                                                                           \
        }                                                                                                              \
        record = start = place + 1;                                                                                    \
        field = 0;                                                                                                     \
        row += records->step;                                                                                          \
        if (++rows == most) goto done;                                                                                 \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  done:                                                                                                                \
  *position = record;                                                                                                  \
  return rows;

size_t tacit_scan_records_portable(
    const uint8_t *bytes, size_t count, const tacit_records *records, uint32_t *ranges, size_t most, size_t *position) {
  SCAN(mask_portable)
}

#if defined(__x86_64__)

#include <immintrin.h>

#define FAST __attribute__((target("avx2,bmi")))

FAST static inline uint64_t mask_half(const uint8_t *bytes, __m256i delimiters, __m256i feeds, __m256i quotes) {
  __m256i block = _mm256_loadu_si256((const __m256i *)bytes);
  __m256i hits = _mm256_or_si256(
      _mm256_or_si256(_mm256_cmpeq_epi8(block, delimiters), _mm256_cmpeq_epi8(block, feeds)),
      _mm256_cmpeq_epi8(block, quotes));
  return (uint32_t)_mm256_movemask_epi8(hits);
}

FAST static inline uint64_t mask_fast(const uint8_t *bytes, uint8_t delimiter, uint8_t quote) {
  __m256i delimiters = _mm256_set1_epi8((char)delimiter), feeds = _mm256_set1_epi8('\n'),
          quotes = _mm256_set1_epi8((char)quote);
  return mask_half(bytes, delimiters, feeds, quotes) | mask_half(bytes + 32, delimiters, feeds, quotes) << 32;
}

FAST static size_t scan_fast(
    const uint8_t *bytes, size_t count, const tacit_records *records, uint32_t *ranges, size_t most, size_t *position) {
  SCAN(mask_fast)
}

size_t tacit_scan_records(
    const uint8_t *bytes, size_t count, const tacit_records *records, uint32_t *ranges, size_t most, size_t *position) {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
    return scan_fast(bytes, count, records, ranges, most, position);
  return tacit_scan_records_portable(bytes, count, records, ranges, most, position);
}

#else

size_t tacit_scan_records(
    const uint8_t *bytes, size_t count, const tacit_records *records, uint32_t *ranges, size_t most, size_t *position) {
  return tacit_scan_records_portable(bytes, count, records, ranges, most, position);
}

#endif

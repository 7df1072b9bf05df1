#include "threshold_scan.h"

#include <string.h>

typedef uint64_t words4 __attribute__((vector_size(32)));

uint64_t tacit_count_above_portable(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low) {
  uint64_t above = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t below_high = (uint64_t)(value_high < high[i]);
    uint64_t same_high = (uint64_t)(value_high == high[i]);
    above += below_high | (same_high & (uint64_t)(value_low < low[i]));
  }
  return above;
}

uint64_t tacit_digits_below(const uint64_t *high, const uint64_t *low, size_t count, const uint64_t *words) {
  uint64_t digits = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t below_high = (uint64_t)(words[2 * i] < high[i]);
    uint64_t same_high = (uint64_t)(words[2 * i] == high[i]);
    digits |= (below_high | (same_high & (uint64_t)(words[2 * i + 1] < low[i]))) << i;
  }
  return digits;
}

#if defined(__x86_64__)

// Four thresholds at a time; a comparison of vectors is all ones where it holds.
__attribute__((target("avx2"))) static uint64_t count_above_vector4(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low) {
  const words4 vh = {value_high, value_high, value_high, value_high};
  const words4 vl = {value_low, value_low, value_low, value_low};
  words4 sum = {0, 0, 0, 0};
  for (size_t i = 0; i < count; i += 4) {
    words4 h, l;
    memcpy(&h, high + i, sizeof h);
    memcpy(&l, low + i, sizeof l);
    sum -= (words4)(vh < h) | ((words4)(vh == h) & (words4)(vl < l));
  }
  return sum[0] + sum[1] + sum[2] + sum[3];
}

uint64_t tacit_count_above(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low) {
  if (__builtin_cpu_supports("avx2")) return count_above_vector4(high, low, count, value_high, value_low);
  return tacit_count_above_portable(high, low, count, value_high, value_low);
}

#else

uint64_t tacit_count_above(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low) {
  return tacit_count_above_portable(high, low, count, value_high, value_low);
}

#endif

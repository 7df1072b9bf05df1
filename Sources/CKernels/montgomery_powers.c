#include "montgomery_internal.h"

size_t tacit_pair_power_table_limbs(size_t limbs, unsigned window) {
  return ((size_t)2 * limbs << window) + 4 * limbs;
}

void tacit_pair_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *base, const uint64_t *one, const uint64_t *exponent,
    size_t bits, unsigned window, int variable_time, uint64_t *table, uint64_t *scratch) {
  size_t words = 2 * n->limbs, entries = (size_t)1 << window;
  uint64_t *x = table + entries * words, *chosen = x + words;
  tacit_copy_words(table, one, words);
  tacit_copy_words(table + words, base, words);
  for (size_t e = 2; e < entries; e++) {
    if (e % 2 == 0) {
      tacit_pair_square(n, table + e * words, table + e / 2 * words, scratch);
    } else {
      tacit_pair_multiply(n, table + e * words, table + (e - 1) * words, base, scratch);
    }
  }
  tacit_copy_words(x, one, words);
  size_t windows = (bits + window - 1) / window;
  for (size_t k = windows; k-- > 0;) {
    if (k + 1 < windows) {
      for (unsigned i = 0; i < window; i++) tacit_pair_square(n, x, x, scratch);
    }
    uint64_t index = 0;
    for (unsigned i = window; i-- > 0;) {
      size_t position = k * window + i;
      index = index << 1 | (position < bits ? tacit_bit(exponent, position) : 0);
    }
    if (variable_time) {
      if (index != 0) tacit_pair_multiply(n, x, x, table + index * words, scratch);
    } else {
      tacit_scan_table(chosen, table, entries, words, index);
      tacit_pair_multiply(n, x, x, chosen, scratch);
    }
  }
  tacit_copy_words(r, x, words);
}

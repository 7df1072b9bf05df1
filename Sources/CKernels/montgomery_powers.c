#include <string.h>

#include "montgomery_internal.h"

// r = table[index], reading every one of `entries` entries of `words` words.
static void scan_table(uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index) {
  for (size_t w = 0; w < words; w++) r[w] = 0;
  for (size_t e = 0; e < entries; e++) {
    uint64_t difference = (uint64_t)e ^ index;
    uint64_t mask = (difference - 1) & ~difference;
    mask = -(mask >> 63);
    __asm__("" : "+r"(mask));
    const uint64_t *entry = table + e * words;
    for (size_t w = 0; w < words; w++) r[w] |= mask & entry[w];
  }
}

static void copy_words(uint64_t *r, const uint64_t *a, size_t words) {
  if (r != a) memcpy(r, a, words * sizeof *r);
}

static inline uint64_t bit(const uint64_t *exponent, size_t position) {
  return exponent[position / 64] >> (position % 64) & 1;
}

size_t tacit_pair_power_table_limbs(size_t limbs, unsigned window) {
  return ((size_t)2 * limbs << window) + 4 * limbs;
}

void tacit_pair_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *base, const uint64_t *one, const uint64_t *exponent,
    size_t bits, unsigned window, int variable_time, uint64_t *table, uint64_t *scratch) {
  size_t words = 2 * n->limbs, entries = (size_t)1 << window;
  uint64_t *x = table + entries * words, *chosen = x + words;
  copy_words(table, one, words);
  copy_words(table + words, base, words);
  for (size_t e = 2; e < entries; e++) {
    if (e % 2 == 0) {
      tacit_pair_square(n, table + e * words, table + e / 2 * words, scratch);
    } else {
      tacit_pair_multiply(n, table + e * words, table + (e - 1) * words, base, scratch);
    }
  }
  copy_words(x, one, words);
  size_t windows = (bits + window - 1) / window;
  for (size_t k = windows; k-- > 0;) {
    if (k + 1 < windows) {
      for (unsigned i = 0; i < window; i++) tacit_pair_square(n, x, x, scratch);
    }
    uint64_t index = 0;
    for (unsigned i = window; i-- > 0;) {
      size_t position = k * window + i;
      index = index << 1 | (position < bits ? bit(exponent, position) : 0);
    }
    if (variable_time) {
      if (index != 0) tacit_pair_multiply(n, x, x, table + index * words, scratch);
    } else {
      scan_table(chosen, table, entries, words, index);
      tacit_pair_multiply(n, x, x, chosen, scratch);
    }
  }
  copy_words(r, x, words);
}

static inline size_t comb_spacing(tacit_comb shape) { return (shape.bits + shape.teeth - 1) / shape.teeth; }

static inline size_t comb_height(tacit_comb shape) {
  return (comb_spacing(shape) + shape.tables - 1) / shape.tables;
}

size_t tacit_comb_table_limbs(size_t limbs, tacit_comb shape) {
  return ((size_t)shape.tables << shape.teeth) * 2 * limbs;
}

void tacit_comb_build(
    const tacit_modulus *n, uint64_t *table, const uint64_t *base, const uint64_t *one, tacit_comb shape,
    uint64_t *scratch) {
  size_t words = 2 * n->limbs, entries = (size_t)1 << shape.teeth;
  size_t spacing = comb_spacing(shape), height = comb_height(shape);
  // Table 0: products of base^(2^(spacing*i)).
  copy_words(table, one, words);
  copy_words(table + words, base, words);
  for (unsigned i = 1; i < shape.teeth; i++) {
    uint64_t *tooth = table + ((size_t)words << i);
    copy_words(tooth, table + ((size_t)words << (i - 1)), words);
    for (size_t k = 0; k < spacing; k++) tacit_pair_square(n, tooth, tooth, scratch);
  }
  for (size_t e = 3; e < entries; e++) {
    size_t lowest = e & (~e + 1);
    if (lowest != e) {
      tacit_pair_multiply(n, table + e * words, table + (e ^ lowest) * words, table + lowest * words, scratch);
    }
  }
  // Table j: the entries of table j - 1 raised to 2^height, built from their teeth.
  for (unsigned j = 1; j < shape.tables; j++) {
    uint64_t *current = table + (size_t)j * entries * words, *previous = current - entries * words;
    copy_words(current, one, words);
    for (unsigned i = 0; i < shape.teeth; i++) {
      uint64_t *tooth = current + ((size_t)words << i);
      copy_words(tooth, previous + ((size_t)words << i), words);
      for (size_t k = 0; k < height; k++) tacit_pair_square(n, tooth, tooth, scratch);
    }
    for (size_t e = 3; e < entries; e++) {
      size_t lowest = e & (~e + 1);
      if (lowest != e) {
        tacit_pair_multiply(
            n, current + e * words, current + (e ^ lowest) * words, current + lowest * words, scratch);
      }
    }
  }
}

void tacit_comb_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *table, const uint64_t *one, tacit_comb shape,
    const uint64_t *exponent, int variable_time, uint64_t *scratch) {
  size_t words = 2 * n->limbs, entries = (size_t)1 << shape.teeth;
  size_t spacing = comb_spacing(shape), height = comb_height(shape);
  uint64_t *x = scratch, *chosen = x + words, *work = chosen + words;
  copy_words(x, one, words);
  for (size_t t = height; t-- > 0;) {
    if (t + 1 < height) tacit_pair_square(n, x, x, work);
    for (unsigned j = shape.tables; j-- > 0;) {
      size_t column = j * height + t;
      if (column >= spacing) continue;
      uint64_t index = 0;
      for (unsigned i = shape.teeth; i-- > 0;) {
        size_t position = i * spacing + column;
        index = index << 1 | (position < shape.bits ? bit(exponent, position) : 0);
      }
      const uint64_t *row = table + (size_t)j * entries * words;
      if (variable_time) {
        if (index != 0) tacit_pair_multiply(n, x, x, row + index * words, work);
      } else {
        scan_table(chosen, row, entries, words, index);
        tacit_pair_multiply(n, x, x, chosen, work);
      }
    }
  }
  copy_words(r, x, words);
}

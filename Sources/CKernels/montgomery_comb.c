#include "montgomery_internal.h"

// Bits of the exponent between two teeth.
static inline size_t comb_spacing(tacit_comb shape) { return (shape.bits + shape.teeth - 1) / shape.teeth; }

// Bits between two tables, and squarings of a power plus one.
static inline size_t comb_height(tacit_comb shape) {
  return (comb_spacing(shape) + shape.tables - 1) / shape.tables;
}

size_t tacit_comb_table_limbs(size_t limbs, tacit_comb shape) {
  return ((size_t)shape.tables << shape.teeth) * 2 * limbs;
}

// The inverses of one table's first digits, one more inverse, and a pair.
size_t tacit_comb_work_limbs(size_t limbs, tacit_comb shape) {
  return (((size_t)1 << shape.teeth) * shape.tables + 4) * limbs;
}

// entry = a*b, all three as (digit, u); inverse = ia*ib, the inverse of the entry's digit.
//
// The pair product of the digits alone is y + d*n, so u = ua + ub + (d/y)*R, and d times the inverse of y in Montgomery
// form is (d/y)*R times 1/R of the inverse's own R: exactly that.
static void multiply_entries(
    const tacit_modulus *n, uint64_t *entry, uint64_t *inverse, const uint64_t *a, const uint64_t *ia,
    const uint64_t *b, const uint64_t *ib, uint64_t *pair, uint64_t *scratch) {
  size_t limbs = n->limbs;
  tacit_digit_multiply(n, inverse, ia, ib, scratch);
  tacit_copy_words(pair, a, limbs);
  for (size_t i = 0; i < limbs; i++) pair[limbs + i] = 0;
  tacit_pair_multiply_digit(n, pair, pair, b, scratch);
  tacit_digit_multiply(n, pair + limbs, pair + limbs, inverse, scratch);
  tacit_digit_add(n, pair + limbs, pair + limbs, a + limbs, scratch);
  tacit_digit_add(n, entry + limbs, pair + limbs, b + limbs, scratch);
  tacit_copy_words(entry, pair, limbs);
}

void tacit_comb_build(
    const tacit_modulus *n, uint64_t *table, const uint64_t *base, const uint64_t *inverse, const uint64_t *one,
    tacit_comb shape, uint64_t *work, uint64_t *scratch) {
  size_t limbs = n->limbs, words = 2 * limbs, entries = (size_t)1 << shape.teeth;
  size_t spacing = comb_spacing(shape), height = comb_height(shape);
  uint64_t *inverses = work, *current = work + entries * shape.tables * limbs, *pair = current + limbs;

  // One chain of squares passes every tooth of every table: tooth i of table j is base^(2^(spacing*i + height*j)).
  tacit_copy_words(pair, base, words);
  tacit_copy_words(current, inverse, limbs);
  for (size_t i = 0; i < shape.teeth; i++) {
    for (size_t k = 0; k < spacing; k++) {
      if (k % height == 0) {
        size_t at = (k / height) * entries + ((size_t)1 << i);
        tacit_copy_words(table + at * words, pair, limbs);
        tacit_digit_multiply(n, table + at * words + limbs, pair + limbs, current, scratch);
        tacit_copy_words(inverses + at * limbs, current, limbs);
      }
      tacit_pair_square(n, pair, pair, scratch);
      tacit_digit_multiply(n, current, current, current, scratch);
    }
  }
  for (size_t j = 0; j < shape.tables; j++) {
    uint64_t *row = table + j * entries * words, *inverted = inverses + j * entries * limbs;
    // R mod n^2 as (digit, u) is the pair itself, because its first digit is R mod n.
    tacit_copy_words(row, one, words);
    // A table past the exponent's last column has no teeth and is never read.
    if (j * height >= spacing) continue;
    for (size_t e = 3; e < entries; e++) {
      size_t lowest = e & (~e + 1), rest = e ^ lowest;
      if (rest == 0) continue;
      multiply_entries(
          n, row + e * words, inverted + e * limbs, row + rest * words, inverted + rest * limbs,
          row + lowest * words, inverted + lowest * limbs, pair, scratch);
    }
  }
}

void tacit_comb_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *table, const uint64_t *one, tacit_comb shape,
    const uint64_t *exponent, int variable_time, uint64_t *scratch) {
  size_t limbs = n->limbs, words = 2 * limbs, entries = (size_t)1 << shape.teeth;
  size_t spacing = comb_spacing(shape), height = comb_height(shape);
  uint64_t *x = scratch, *u = x + words, *chosen = u + limbs, *work = chosen + words;
  tacit_copy_words(x, one, words);
  for (size_t i = 0; i < limbs; i++) u[i] = 0;
  // The power so far is x*(1 + (u/R)*n).
  int started = 0;
  for (size_t t = height; t-- > 0;) {
    if (started) {
      tacit_pair_square(n, x, x, work);
      tacit_digit_add(n, u, u, u, work);
    }
    for (size_t j = shape.tables; j-- > 0;) {
      size_t column = j * height + t;
      if (column >= spacing) continue;
      uint64_t index = 0;
      for (unsigned i = shape.teeth; i-- > 0;) {
        size_t position = i * spacing + column;
        index = index << 1 | (position < shape.bits ? tacit_bit(exponent, position) : 0);
      }
      const uint64_t *entry = table + (j * entries) * words;
      if (variable_time) {
        if (index == 0) continue;
        entry += index * words;
      } else {
        tacit_scan_table(chosen, entry, entries, words, index);
        entry = chosen;
      }
      if (started) {
        tacit_pair_multiply_digit(n, x, x, entry, work);
        tacit_digit_add(n, u, u, entry + limbs, work);
      } else {
        tacit_copy_words(x, entry, limbs);
        for (size_t i = 0; i < limbs; i++) x[limbs + i] = 0;
        tacit_copy_words(u, entry + limbs, limbs);
        started = 1;
      }
    }
  }
  tacit_digit_multiply(n, u, u, x, work);
  tacit_digit_add(n, x + limbs, x + limbs, u, work);
  tacit_copy_words(r, x, words);
}

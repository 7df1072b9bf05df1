#ifndef TACIT_MONTGOMERY_INTERNAL_H
#define TACIT_MONTGOMERY_INTERNAL_H

#include <string.h>

#include "montgomery.h"

#define TACIT_KERNEL_SCRATCH 4

/// The four limb loops everything else is made of. All take `limbs` words per operand; products and squares also take
/// `TACIT_KERNEL_SCRATCH * limbs` words that overlap nothing else.
typedef struct tacit_kernel {
  /// r[0..<2L] = a*b.
  void (*multiply)(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch);
  /// r[0..<2L] += a*b, returning the carry out of the top.
  uint64_t (*multiply_add)(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch);
  /// r[0..<2L] = a*a.
  void (*square)(uint64_t *r, const uint64_t *a, size_t limbs, uint64_t *scratch);
  /// With m = t * inverse mod R: t[L..<2L] = (t + m*n)/R mod R, returning the carry word; the words of m are kept.
  uint64_t (*reduce)(uint64_t *t, const uint64_t *n, uint64_t inverse, uint64_t *m, size_t limbs);
} tacit_kernel;

/// The fastest kernel for this many limbs on this processor.
const tacit_kernel *tacit_kernel_for(size_t limbs);

/// r = table[index], reading every one of `entries` entries of `words` words; `words` is a multiple of 8.
void tacit_scan_table(uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index);

/// r = a, whole words; the two may be the same.
static inline void tacit_copy_words(uint64_t *r, const uint64_t *a, size_t words) {
  if (r != a) memcpy(r, a, words * sizeof *r);
}

/// One bit of an exponent.
static inline uint64_t tacit_bit(const uint64_t *exponent, size_t position) {
  return exponent[position / 64] >> (position % 64) & 1;
}

static inline unsigned long long tacit_add_8(
    uint64_t *r, const uint64_t *a, const uint64_t *b, unsigned long long carry) {
  for (int i = 0; i < 8; i++) r[i] = __builtin_addcll(a[i], b[i], carry, &carry);
  return carry;
}

/// r = a + b + carry, returning the carry; `limbs` is a multiple of 4.
static inline uint64_t tacit_add(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t carry_in) {
  unsigned long long carry = carry_in;
  size_t i = 0;
  for (; i + 8 <= limbs; i += 8) carry = tacit_add_8(r + i, a + i, b + i, carry);
  for (; i < limbs; i++) r[i] = __builtin_addcll(a[i], b[i], carry, &carry);
  return carry;
}

/// r = a - b, returning the borrow.
static inline uint64_t tacit_subtract(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs) {
  unsigned long long borrow = 0;
  size_t i = 0;
  for (; i + 8 <= limbs; i += 8) {
    for (int k = 0; k < 8; k++) r[i + k] = __builtin_subcll(a[i + k], b[i + k], borrow, &borrow);
  }
  for (; i < limbs; i++) r[i] = __builtin_subcll(a[i], b[i], borrow, &borrow);
  return borrow;
}

/// r = a + word, carrying through all `limbs` words (no early exit), returning the carry.
static inline uint64_t tacit_add_word(uint64_t *r, const uint64_t *a, uint64_t word, size_t limbs) {
  unsigned long long carry;
  r[0] = __builtin_addcll(a[0], word, 0, &carry);
  size_t i = 1;
  for (; i + 8 <= limbs; i += 8) {
    for (int k = 0; k < 8; k++) r[i + k] = __builtin_addcll(a[i + k], 0, carry, &carry);
  }
  for (; i < limbs; i++) r[i] = __builtin_addcll(a[i], 0, carry, &carry);
  return carry;
}

#endif

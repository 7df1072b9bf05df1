#include "montgomery_internal.h"

typedef unsigned long long word;

// r = keep != 0 ? a : b, word by word, by masks.
static inline void select_words(uint64_t *r, uint64_t keep, const uint64_t *a, const uint64_t *b, size_t limbs) {
  uint64_t mask = -(uint64_t)(keep != 0);
  __asm__("" : "+r"(mask));
  for (size_t i = 0; i < limbs; i += 4) {
    for (int k = 0; k < 4; k++) r[i + k] = b[i + k] ^ (mask & (a[i + k] ^ b[i + k]));
  }
}

// Reduces the value high*R + x once: r = value - n when value >= n, else value. Returns 1 when it subtracted
// and leaves the new top word in *high.
static inline uint64_t reduce_once(
    uint64_t *r, uint64_t *high, const uint64_t *x, const uint64_t *n, uint64_t *scratch, size_t limbs) {
  uint64_t borrow = tacit_subtract(scratch, x, n, limbs);
  uint64_t below = (uint64_t)(*high < borrow);
  select_words(r, below, x, scratch, limbs);
  *high -= borrow & (below - 1);
  return below ^ 1;
}

size_t tacit_pair_scratch_limbs(size_t limbs) { return 16 * limbs; }

uint64_t tacit_negative_inverse(uint64_t n) {
  uint64_t x = n * 3 ^ 2;  // right to 5 bits; each step doubles them
  for (int i = 0; i < 4; i++) x *= 2 - n * x;
  return -x;
}

void tacit_digit_multiply(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *m = scratch + 2 * limbs, *t = scratch + 3 * limbs;
  kernel->multiply(scratch, a, b, limbs, scratch + 4 * limbs);
  uint64_t high = kernel->reduce(scratch, n->words, n->inverse, m, limbs);
  reduce_once(r, &high, scratch + limbs, n->words, t, limbs);
}

void tacit_digit_add(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  uint64_t high = tacit_add(scratch, a, b, limbs, 0);
  reduce_once(r, &high, scratch, n->words, scratch + limbs, limbs);
}

void tacit_digit_subtract(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  uint64_t borrow = tacit_subtract(scratch, a, b, limbs);
  uint64_t *sum = scratch + limbs;
  tacit_add(sum, scratch, n->words, limbs, 0);
  select_words(r, borrow, sum, scratch, limbs);
}

// x += mask in every word; the carry.
static inline uint64_t add_mask(uint64_t *x, uint64_t mask, size_t limbs) {
  word carry = 0;
  for (size_t i = 0; i < limbs; i += 4) {
    for (int k = 0; k < 4; k++) x[i + k] = __builtin_addcll(x[i + k], mask, carry, &carry);
  }
  return carry;
}

// The second half of a product mod n^2. In: t = a0*b0 (2L words), s = a0*b1 + a1*b0 (2L words and `carry`).
//
// t = R*t' - m*n after the first reduction, so t + s*n = R*t' + (s - m)*n mod n^2: the second digit is the
// reduction of s - m. That difference may be negative; s + R - m is not, and the extra R contributes exactly 1
// to the reduced value. With t' and its possible subtraction the second digit is below 3n.
static void finish_pair(
    const tacit_modulus *n, const tacit_kernel *kernel, uint64_t *r, uint64_t *t, uint64_t *s, uint64_t carry,
    uint64_t *m, uint64_t *spare) {
  size_t limbs = n->limbs;
  uint64_t high = kernel->reduce(t, n->words, n->inverse, m, limbs);
  uint64_t subtracted = reduce_once(r, &high, t + limbs, n->words, spare, limbs);

  // s + R - m: the borrow of s - m is taken from the R, so that what is left of it goes into the upper half.
  uint64_t left = 1 - tacit_subtract(s, s, m, limbs);
  carry += tacit_add_word(s + limbs, s + limbs, left, limbs);

  high = carry + kernel->reduce(s, n->words, n->inverse, m, limbs);
  uint64_t *d = s + limbs;
  // d - 1 + subtracted, as an addition of 0 or of the all-ones number.
  high -= 1 - subtracted;
  high += add_mask(d, subtracted - 1, limbs);
  reduce_once(d, &high, d, n->words, spare, limbs);
  reduce_once(r + limbs, &high, d, n->words, spare, limbs);
}

void tacit_pair_multiply(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *t = scratch, *s = t + 2 * limbs, *m = s + 2 * limbs, *spare = m + limbs, *work = spare + limbs;
  kernel->multiply(t, a, b, limbs, work);
  kernel->multiply(s, a, b + limbs, limbs, work);
  uint64_t carry = kernel->multiply_add(s, a + limbs, b, limbs, work);
  finish_pair(n, kernel, r, t, s, carry, m, spare);
}

void tacit_pair_multiply_digit(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *t = scratch, *s = t + 2 * limbs, *m = s + 2 * limbs, *spare = m + limbs, *work = spare + limbs;
  kernel->multiply(t, a, b, limbs, work);
  kernel->multiply(s, a + limbs, b, limbs, work);
  finish_pair(n, kernel, r, t, s, 0, m, spare);
}

void tacit_pair_square(const tacit_modulus *n, uint64_t *r, const uint64_t *a, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *t = scratch, *s = t + 2 * limbs, *m = s + 2 * limbs, *spare = m + limbs, *work = spare + limbs;
  kernel->square(t, a, limbs, work);
  kernel->multiply(s, a, a + limbs, limbs, work);
  uint64_t carry = 0;
  for (size_t i = 0; i < 2 * limbs; i++) {
    uint64_t top = s[i] >> 63;
    s[i] = s[i] << 1 | carry;
    carry = top;
  }
  finish_pair(n, kernel, r, t, s, carry, m, spare);
}

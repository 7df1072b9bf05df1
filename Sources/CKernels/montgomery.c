#include "montgomery_internal.h"

typedef unsigned long long word;

// r = a - b, returning the borrow; `limbs` is a multiple of 4.
static inline uint64_t subtract(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs) {
  word borrow = 0;
  for (size_t i = 0; i < limbs; i += 4) {
    r[i] = __builtin_subcll(a[i], b[i], borrow, &borrow);
    r[i + 1] = __builtin_subcll(a[i + 1], b[i + 1], borrow, &borrow);
    r[i + 2] = __builtin_subcll(a[i + 2], b[i + 2], borrow, &borrow);
    r[i + 3] = __builtin_subcll(a[i + 3], b[i + 3], borrow, &borrow);
  }
  return borrow;
}

// r = keep != 0 ? a : b, word by word, by masks.
static inline void select_words(uint64_t *r, uint64_t keep, const uint64_t *a, const uint64_t *b, size_t limbs) {
  uint64_t mask = -(uint64_t)(keep != 0);
  __asm__("" : "+r"(mask));
  for (size_t i = 0; i < limbs; i++) r[i] = b[i] ^ (mask & (a[i] ^ b[i]));
}

// Reduces the value high*R + x once: r = value - n when value >= n, else value. Returns 1 when it subtracted
// and leaves the new top word in *high.
static inline uint64_t reduce_once(
    uint64_t *r, uint64_t *high, const uint64_t *x, const uint64_t *n, uint64_t *scratch, size_t limbs) {
  uint64_t borrow = subtract(scratch, x, n, limbs);
  uint64_t below = (uint64_t)(*high < borrow);
  select_words(r, below, x, scratch, limbs);
  *high -= borrow & (below - 1);
  return below ^ 1;
}

size_t tacit_pair_scratch_limbs(size_t limbs) { return 12 * limbs; }

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
  kernel->multiply(scratch, a, b, limbs);
  uint64_t high = kernel->reduce(scratch, n->words, n->inverse, m, limbs);
  reduce_once(r, &high, scratch + limbs, n->words, t, limbs);
}

void tacit_digit_add(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  word carry = 0;
  for (size_t i = 0; i < limbs; i++) scratch[i] = __builtin_addcll(a[i], b[i], carry, &carry);
  uint64_t high = carry;
  reduce_once(r, &high, scratch, n->words, scratch + limbs, limbs);
}

void tacit_digit_subtract(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  uint64_t borrow = subtract(scratch, a, b, limbs);
  word carry = 0;
  uint64_t *sum = scratch + limbs;
  for (size_t i = 0; i < limbs; i++) sum[i] = __builtin_addcll(scratch[i], n->words[i], carry, &carry);
  select_words(r, borrow, sum, scratch, limbs);
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

  word c = 1;
  for (size_t i = 0; i < limbs; i++) s[i] = __builtin_addcll(s[i], ~m[i], c, &c);
  for (size_t i = limbs; i < 2 * limbs; i++) s[i] = __builtin_addcll(s[i], 0, c, &c);
  carry += c;

  high = carry + kernel->reduce(s, n->words, n->inverse, m, limbs);
  uint64_t *d = s + limbs;
  word borrow = 1 - subtracted;
  for (size_t i = 0; i < limbs; i++) d[i] = __builtin_subcll(d[i], 0, borrow, &borrow);
  high -= borrow;
  reduce_once(d, &high, d, n->words, spare, limbs);
  reduce_once(r + limbs, &high, d, n->words, spare, limbs);
}

void tacit_pair_multiply(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *t = scratch, *s = t + 2 * limbs, *m = s + 2 * limbs, *spare = m + limbs;
  kernel->multiply(t, a, b, limbs);
  kernel->multiply(s, a, b + limbs, limbs);
  uint64_t carry = kernel->multiply_add(s, a + limbs, b, limbs);
  finish_pair(n, kernel, r, t, s, carry, m, spare);
}

void tacit_pair_square(const tacit_modulus *n, uint64_t *r, const uint64_t *a, uint64_t *scratch) {
  size_t limbs = n->limbs;
  const tacit_kernel *kernel = tacit_kernel_for(limbs);
  uint64_t *t = scratch, *s = t + 2 * limbs, *m = s + 2 * limbs, *spare = m + limbs;
  kernel->square(t, a, limbs);
  kernel->multiply(s, a, a + limbs, limbs);
  uint64_t carry = 0;
  for (size_t i = 0; i < 2 * limbs; i++) {
    uint64_t top = s[i] >> 63;
    s[i] = s[i] << 1 | carry;
    carry = top;
  }
  finish_pair(n, kernel, r, t, s, carry, m, spare);
}

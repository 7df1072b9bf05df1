// Runs the Montgomery kernels alone: prints a checksum that is the same on every processor and path, and is small enough
// for callgrind and for an emulator. Used by scripts/check-kernels.
//   montgomery_check checksum            checksum over all sizes and operations, fast and portable paths compared
//   montgomery_check count LIMBS OP N    does OP (multiply, digit, square) N times, for counting instructions

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "montgomery.h"

static uint64_t state = 1;

static uint64_t next(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

// A modulus with its top bit set, and two pairs below it.
static tacit_modulus prepare(uint64_t *n, uint64_t *a, uint64_t *b, size_t limbs) {
  for (size_t i = 0; i < limbs; i++) n[i] = next();
  n[0] |= 1;
  n[limbs - 1] |= (uint64_t)1 << 63;
  for (size_t i = 0; i < 2 * limbs; i++) {
    a[i] = next();
    b[i] = next();
  }
  for (int digit = 0; digit < 2; digit++) {
    a[digit * limbs + limbs - 1] >>= 1;
    b[digit * limbs + limbs - 1] >>= 1;
  }
  tacit_modulus modulus = {n, tacit_negative_inverse(n[0]), limbs};
  return modulus;
}

static uint64_t fold(uint64_t sum, const uint64_t *x, size_t words) {
  for (size_t i = 0; i < words; i++) sum = (sum ^ x[i]) * 0x100000001B3u + (sum >> 47);
  return sum;
}

// Whole-number arithmetic by single bits, slow and plain: the oracle where there is no other.

// r = 2r + bit modulo the odd number m of `words` words; the top bit of m's last word need not be set.
static void shift_in(uint64_t *r, uint64_t bit, const uint64_t *m, size_t words) {
  for (size_t i = 0; i < words; i++) {
    uint64_t top = r[i] >> 63;
    r[i] = r[i] << 1 | bit;
    bit = top;
  }
  int at_least = bit != 0;
  for (size_t i = words; !at_least && i-- > 0;) {
    if (r[i] != m[i]) {
      at_least = r[i] > m[i];
      break;
    }
    if (i == 0) at_least = 1;
  }
  uint64_t borrow = 0;
  for (size_t i = 0; at_least && i < words; i++) {
    uint64_t difference = r[i] - m[i], next_borrow = r[i] < m[i] || (difference == 0 && borrow);
    r[i] = difference - borrow;
    borrow = next_borrow;
  }
}

// out = a*b, plain, in a_words + b_words words.
static void whole_product(uint64_t *out, const uint64_t *a, size_t a_words, const uint64_t *b, size_t b_words) {
  memset(out, 0, (a_words + b_words) * 8);
  for (size_t i = 0; i < a_words; i++) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b_words; j++) {
      unsigned __int128 p = (unsigned __int128)a[i] * b[j] + out[i + j] + carry;
      out[i + j] = (uint64_t)p;
      carry = (uint64_t)(p >> 64);
    }
    out[i + b_words] = carry;
  }
}

// The number x0 + x1*n of a pair.
static void join(uint64_t *out, const uint64_t *x, const uint64_t *n, size_t limbs) {
  whole_product(out, x + limbs, limbs, n, limbs);
  uint64_t carry = 0;
  for (size_t i = 0; i < 2 * limbs; i++) {
    uint64_t add = i < limbs ? x[i] : 0, sum = out[i] + add, over = sum < add;
    out[i] = sum + carry;
    carry = over | (out[i] < carry);
  }
}

// Whether r*R = a*b modulo n^2, all pairs, and both digits of r are below n.
static int agrees(const uint64_t *n, const uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs) {
  static uint64_t square[128], x[128], y[128], left[128], right[128], product[256];
  size_t words = 2 * limbs;
  for (int digit = 0; digit < 2; digit++) {
    size_t i = limbs;
    while (i-- > 0 && r[digit * limbs + i] == n[i]) {}
    if (i == (size_t)-1 || r[digit * limbs + i] > n[i]) return 0;
  }
  whole_product(square, n, limbs, n, limbs);
  join(left, r, n, limbs);
  for (size_t k = 0; k < 64 * limbs; k++) shift_in(left, 0, square, words);
  join(x, a, n, limbs);
  join(y, b, n, limbs);
  whole_product(product, x, words, y, words);
  memset(right, 0, words * 8);
  for (size_t k = 128 * words; k-- > 0;) shift_in(right, product[k / 64] >> k % 64 & 1, square, words);
  return memcmp(left, right, words * 8) == 0;
}

// One digit: random, or an edge: 0, 1, n - 1, the largest power of two below n.
static void digit(uint64_t *x, const uint64_t *n, size_t limbs, uint64_t kind) {
  memset(x, 0, limbs * 8);
  if (kind == 1) x[0] = 1;
  if (kind == 2) {
    memcpy(x, n, limbs * 8);
    x[0] -= 1;
  }
  if (kind == 3) x[limbs - 1] = (uint64_t)1 << 62;
  if (kind >= 4) {
    for (size_t i = 0; i < limbs; i++) x[i] = next();
    x[limbs - 1] >>= 1;
  }
}

// Products and squares at the edges against the oracle; 0 when all agree. Moduli: random, all ones, one top bit.
static int check_edges(int portable) {
  static uint64_t n[64], a[128], b[128], r[128], scratch[16 * 64];
  static const size_t sizes[] = {4, 8, 16, 24, 32, 40, 48};
  tacit_montgomery_force_portable(portable);
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    size_t limbs = sizes[k];
    for (int round = 0; round < (limbs <= 16 ? 75 : 12); round++) {
      for (size_t i = 0; i < limbs; i++) n[i] = round % 3 == 0 ? next() : round % 3 == 1 ? ~(uint64_t)0 : 0;
      n[0] |= 1;
      n[limbs - 1] |= (uint64_t)1 << 63;
      tacit_modulus modulus = {n, tacit_negative_inverse(n[0]), limbs};
      for (int d = 0; d < 2; d++) {
        digit(a + d * limbs, n, limbs, next() % 6);
        digit(b + d * limbs, n, limbs, next() % 6);
      }
      tacit_pair_multiply(&modulus, r, a, b, scratch);
      if (!agrees(n, r, a, b, limbs)) return 1;
      tacit_pair_square(&modulus, r, a, scratch);
      if (!agrees(n, r, a, a, limbs)) return 1;
      memset(b + limbs, 0, limbs * 8);
      tacit_pair_multiply_digit(&modulus, r, a, b, scratch);
      if (!agrees(n, r, a, b, limbs)) return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  static uint64_t n[64], a[128], b[128], r[128], s[128], scratch[16 * 64];
  if (argc == 5 && strcmp(argv[1], "count") == 0) {
    size_t limbs = (size_t)atol(argv[2]);
    tacit_modulus modulus = prepare(n, a, b, limbs);
    // Valgrind runs adcx and adox but does not announce them.
    tacit_montgomery_force_portable(-1);
    for (long i = atol(argv[4]); i > 0; i--) {
      if (argv[3][0] == 'm') tacit_pair_multiply(&modulus, a, a, b, scratch);
      if (argv[3][0] == 'd') tacit_pair_multiply_digit(&modulus, a, a, b, scratch);
      if (argv[3][0] == 's') tacit_pair_square(&modulus, a, a, scratch);
    }
    printf("%llu\n", (unsigned long long)fold(0, a, 2 * limbs));
    return 0;
  }
  static const size_t sizes[] = {4, 8, 16, 24, 32, 40, 48, 64};
  uint64_t sum = 0;
  if (check_edges(1) || check_edges(0)) {
    fprintf(stderr, "a product disagrees with whole-number arithmetic\n");
    return 1;
  }
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    size_t limbs = sizes[k];
    for (int round = 0; round < 20; round++) {
      tacit_modulus modulus = prepare(n, a, b, limbs);
      for (int step = 0; step < 8; step++) {
        tacit_montgomery_force_portable(0);
        tacit_pair_multiply(&modulus, r, a, b, scratch);
        tacit_montgomery_force_portable(1);
        tacit_pair_multiply(&modulus, s, a, b, scratch);
        if (memcmp(r, s, 16 * limbs) != 0) return 1;
        tacit_pair_square(&modulus, s, r, scratch);
        tacit_montgomery_force_portable(0);
        tacit_pair_square(&modulus, a, r, scratch);
        if (memcmp(a, s, 16 * limbs) != 0) return 1;
        sum = fold(sum, a, 2 * limbs);
      }
    }
  }
  printf("%016llx\n", (unsigned long long)sum);
  return 0;
}

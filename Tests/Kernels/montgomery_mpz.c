// Checks the Montgomery kernels against GMP's mpz integers: r·R ≡ a·b modulo n², and r below n in both digits.
//   montgomery_mpz OPERATIONS    that many, over all sizes, both paths, multiplication and squaring
//
// Moduli and digits are random, or edges: all ones, one bit, zero, one, n - 1, and words of ones and zeros by turns,
// which carry through whole rows.

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "montgomery.h"

enum { most = 64 };

static uint64_t state = 7;

static uint64_t next(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static void words(uint64_t *x, size_t limbs, unsigned kind) {
  for (size_t i = 0; i < limbs; i++) {
    x[i] = kind == 0 ? UINT64_MAX : kind == 1 ? (i + next() % 2) % 2 * UINT64_MAX : kind == 2 ? 0 : next();
  }
}

static void import(mpz_t number, const uint64_t *x, size_t limbs) { mpz_import(number, limbs, -1, 8, 0, 0, x); }

// A digit below n.
static void digit(uint64_t *x, const mpz_t n, const uint64_t *n_words, size_t limbs) {
  static mpz_t value;
  static int made = 0;
  if (!made) mpz_init(value);
  made = 1;
  unsigned kind = next() % 8;
  memset(x, 0, limbs * 8);
  if (kind == 2) x[0] = next() % 2;
  if (kind == 3) {
    memcpy(x, n_words, limbs * 8);
    x[0] -= 1;
  }
  if (kind == 2 || kind == 3) return;
  words(x, limbs, kind > 3 ? 9 : kind);
  import(value, x, limbs);
  mpz_mod(value, value, n);
  memset(x, 0, limbs * 8);
  mpz_export(x, NULL, -1, 8, 0, 0, value);
}

int main(int argc, char **argv) {
  const size_t sizes[] = {4, 8, 12, 16, 20, 24, 32, 40, 48};
  const size_t size_count = sizeof sizes / sizeof sizes[0];
  const long operations = argc > 1 ? atol(argv[1]) : 1000000;
  static uint64_t n[most], a[2 * most], b[2 * most], r[2 * most];
  mpz_t modulus, square, x, y, left, digits[2];
  mpz_inits(modulus, square, x, y, left, digits[0], digits[1], NULL);
  tacit_modulus kernel = {n, 0, 0};
  uint64_t *scratch = NULL;
  for (long done = 0; done < operations; done++) {
    if (done % 100 == 0) {
      kernel.limbs = sizes[(size_t)(done / 100) % size_count];
      words(n, kernel.limbs, next() % 4 == 0 ? 0 : next() % 4 == 0 ? 1 : 9);
      n[0] |= 1;
      n[kernel.limbs - 1] |= (uint64_t)1 << 63;
      kernel.inverse = tacit_negative_inverse(n[0]);
      import(modulus, n, kernel.limbs);
      mpz_mul(square, modulus, modulus);
      free(scratch);
      scratch = malloc(8 * tacit_pair_scratch_limbs(kernel.limbs));
      if (scratch == NULL) return 2;
    }
    const size_t limbs = kernel.limbs;
    tacit_montgomery_force_portable(done % 2 == 0 ? 1 : 0);
    for (int i = 0; i < 2; i++) {
      digit(a + i * limbs, modulus, n, limbs);
      digit(b + i * limbs, modulus, n, limbs);
    }
    const int squares = done % 4 >= 2;
    if (squares) {
      tacit_pair_square(&kernel, r, a, scratch);
    } else {
      tacit_pair_multiply(&kernel, r, a, b, scratch);
    }
    const uint64_t *second = squares ? a : b;
    import(x, a + limbs, limbs);
    mpz_mul(x, x, modulus);
    import(digits[0], a, limbs);
    mpz_add(x, x, digits[0]);
    import(y, second + limbs, limbs);
    mpz_mul(y, y, modulus);
    import(digits[0], second, limbs);
    mpz_add(y, y, digits[0]);
    mpz_mul(x, x, y);
    for (int i = 0; i < 2; i++) import(digits[i], r + i * limbs, limbs);
    mpz_mul(left, digits[1], modulus);
    mpz_add(left, left, digits[0]);
    mpz_mul_2exp(left, left, 64 * limbs);
    mpz_sub(left, left, x);
    if (!mpz_divisible_p(left, square) || mpz_cmp(digits[0], modulus) >= 0 || mpz_cmp(digits[1], modulus) >= 0) {
      printf("operation %ld, %zu limbs, %s: wrong\n", done, limbs, squares ? "square" : "multiply");
      return 1;
    }
  }
  printf("%ld operations agree with mpz\n", operations);
  return 0;
}

// Runs the Montgomery kernels alone: prints a checksum that is the same on every processor and path, and is small enough
// for callgrind and for an emulator. Used by scripts/check-kernels.
//   montgomery_check checksum            checksum over all sizes and operations, fast and portable paths compared
//   montgomery_check count LIMBS OP N    does OP (multiply, square) N times, for counting instructions

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

int main(int argc, char **argv) {
  static uint64_t n[64], a[128], b[128], r[128], s[128], scratch[16 * 64];
  if (argc == 5 && strcmp(argv[1], "count") == 0) {
    size_t limbs = (size_t)atol(argv[2]);
    tacit_modulus modulus = prepare(n, a, b, limbs);
    for (long i = atol(argv[4]); i > 0; i--) {
      if (argv[3][0] == 'm') tacit_pair_multiply(&modulus, a, a, b, scratch);
      if (argv[3][0] == 's') tacit_pair_square(&modulus, a, a, scratch);
    }
    printf("%llu\n", (unsigned long long)fold(0, a, 2 * limbs));
    return 0;
  }
  static const size_t sizes[] = {4, 8, 16, 24, 32, 40, 48, 64};
  uint64_t sum = 0;
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

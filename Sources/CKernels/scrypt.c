#include "scrypt.h"

#include <string.h>

#include "wipe.h"

enum { WORDS = 256 };  // one block: 2r chunks of 16 words, r = 8

static inline uint32_t rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

// The Salsa20/8 core (RFC 7914 section 3): b += doubleround^4(b).
static void salsa(uint32_t b[16]) {
  uint32_t x[16];
  memcpy(x, b, sizeof x);
  for (int round = 0; round < 4; round++) {
#define QUARTER(p, q, r, s)             \
  x[q] ^= rotate(x[p] + x[s], 7);       \
  x[r] ^= rotate(x[q] + x[p], 9);       \
  x[s] ^= rotate(x[r] + x[q], 13);      \
  x[p] ^= rotate(x[s] + x[r], 18);
    QUARTER(0, 4, 8, 12)
    QUARTER(5, 9, 13, 1)
    QUARTER(10, 14, 2, 6)
    QUARTER(15, 3, 7, 11)
    QUARTER(0, 1, 2, 3)
    QUARTER(5, 6, 7, 4)
    QUARTER(10, 11, 8, 9)
    QUARTER(15, 12, 13, 14)
#undef QUARTER
  }
  for (int i = 0; i < 16; i++) b[i] += x[i];
}

// scryptBlockMix (RFC 7914 section 4): even chunks go to the first half, odd ones to the second.
static void mix(uint32_t *out, const uint32_t *in) {
  uint32_t x[16];
  memcpy(x, in + WORDS - 16, sizeof x);
  for (int chunk = 0; chunk < 16; chunk++) {
    for (int i = 0; i < 16; i++) x[i] ^= in[16 * chunk + i];
    salsa(x);
    memcpy(out + 16 * (chunk / 2 + chunk % 2 * 8), x, sizeof x);
  }
}

void tacit_scrypt_mix(uint8_t *block, uint32_t *memory, size_t n) {
  uint32_t x[WORDS], y[WORDS];
  for (int i = 0; i < WORDS; i++) {
    x[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16 |
           (uint32_t)block[4 * i + 3] << 24;
  }
  for (size_t i = 0; i < n; i++) {
    memcpy(memory + i * WORDS, x, sizeof x);
    mix(y, x);
    memcpy(x, y, sizeof x);
  }
  for (size_t i = 0; i < n; i++) {
    const uint32_t *row = memory + (x[WORDS - 16] & (n - 1)) * WORDS;
    for (int k = 0; k < WORDS; k++) x[k] ^= row[k];
    mix(y, x);
    memcpy(x, y, sizeof x);
  }
  for (int i = 0; i < WORDS; i++) {
    for (int k = 0; k < 4; k++) block[4 * i + k] = (uint8_t)(x[i] >> (8 * k));
  }
  tacit_wipe(x, sizeof x);
  tacit_wipe(y, sizeof y);
}

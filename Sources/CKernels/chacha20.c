#include "chacha20.h"

#include <string.h>

#include "wipe.h"

typedef uint32_t vector4 __attribute__((vector_size(16)));

static void set_up(uint32_t state[16], const uint32_t key[8], uint64_t counter, uint64_t nonce) {
  state[0] = 0x61707865u;
  state[1] = 0x3320646eu;
  state[2] = 0x79622d32u;
  state[3] = 0x6b206574u;
  memcpy(state + 4, key, 32);
  state[12] = (uint32_t)counter;
  state[13] = (uint32_t)(counter >> 32);
  state[14] = (uint32_t)nonce;
  state[15] = (uint32_t)(nonce >> 32);
}

#define ROTATE(x, n) (((x) << (n)) | ((x) >> (32 - (n))))

#define QUARTER(a, b, c, d, R16, R12, R8, R7) \
  a += b; d ^= a; d = R16(d);                 \
  c += d; b ^= c; b = R12(b);                 \
  a += b; d ^= a; d = R8(d);                  \
  c += d; b ^= c; b = R7(b);

#define DOUBLE_ROUND(x, R16, R12, R8, R7)                    \
  QUARTER(x[0], x[4], x[8], x[12], R16, R12, R8, R7)         \
  QUARTER(x[1], x[5], x[9], x[13], R16, R12, R8, R7)         \
  QUARTER(x[2], x[6], x[10], x[14], R16, R12, R8, R7)        \
  QUARTER(x[3], x[7], x[11], x[15], R16, R12, R8, R7)        \
  QUARTER(x[0], x[5], x[10], x[15], R16, R12, R8, R7)        \
  QUARTER(x[1], x[6], x[11], x[12], R16, R12, R8, R7)        \
  QUARTER(x[2], x[7], x[8], x[13], R16, R12, R8, R7)         \
  QUARTER(x[3], x[4], x[9], x[14], R16, R12, R8, R7)

#define ROTATE16(x) ROTATE(x, 16)
#define ROTATE12(x) ROTATE(x, 12)
#define ROTATE8(x) ROTATE(x, 8)
#define ROTATE7(x) ROTATE(x, 7)

static void store_little(uint8_t *output, uint32_t word) {
  output[0] = (uint8_t)word;
  output[1] = (uint8_t)(word >> 8);
  output[2] = (uint8_t)(word >> 16);
  output[3] = (uint8_t)(word >> 24);
}

void tacit_chacha20_portable(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  uint32_t state[16], x[16];
  for (size_t block = 0; block < blocks; block++) {
    set_up(state, key, counter + block, nonce);
    memcpy(x, state, sizeof x);
    for (int round = 0; round < 10; round++) {
      DOUBLE_ROUND(x, ROTATE16, ROTATE12, ROTATE8, ROTATE7)
    }
    for (int i = 0; i < 16; i++) store_little(output + 64 * block + 4 * i, x[i] + state[i]);
  }
  tacit_wipe(state, sizeof state);
  tacit_wipe(x, sizeof x);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

// Four blocks at once: lane i of every vector belongs to block i.
void tacit_chacha20_vector4(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  vector4 state[16], x[16];
  uint32_t first[16];
  while (blocks >= 4) {
    set_up(first, key, counter, nonce);
    for (int i = 0; i < 16; i++) state[i] = (vector4){first[i], first[i], first[i], first[i]};
    for (int lane = 0; lane < 4; lane++) {
      state[12][lane] = (uint32_t)(counter + (uint64_t)lane);
      state[13][lane] = (uint32_t)((counter + (uint64_t)lane) >> 32);
    }
    memcpy(x, state, sizeof x);
    for (int round = 0; round < 10; round++) {
      DOUBLE_ROUND(x, ROTATE16, ROTATE12, ROTATE8, ROTATE7)
    }
    for (int i = 0; i < 16; i++) x[i] += state[i];
    for (int group = 0; group < 4; group++) {
      vector4 a = x[4 * group], b = x[4 * group + 1], c = x[4 * group + 2], d = x[4 * group + 3];
      vector4 ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      vector4 cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      vector4 rows[4] = {
          __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5), __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7),
          __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5), __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7)};
      for (int lane = 0; lane < 4; lane++) memcpy(output + 64 * lane + 16 * group, &rows[lane], 16);
    }
    output += 256;
    counter += 4;
    blocks -= 4;
  }
  tacit_chacha20_portable(key, counter, nonce, output, blocks);
  tacit_wipe(state, sizeof state);
  tacit_wipe(x, sizeof x);
  tacit_wipe(first, sizeof first);
}

#else

void tacit_chacha20_vector4(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  tacit_chacha20_portable(key, counter, nonce, output, blocks);
}

#endif

#if defined(__x86_64__)

typedef uint32_t vector8 __attribute__((vector_size(32)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));

// Rotations by whole bytes are one byte shuffle.
#define SHUFFLE_ROTATE16(x)                                                                              \
  (vector8) __builtin_shufflevector(                                                                     \
      (bytes32)(x), (bytes32)(x), 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 18, 19, 16, 17, \
      22, 23, 20, 21, 26, 27, 24, 25, 30, 31, 28, 29)
#define SHUFFLE_ROTATE8(x)                                                                               \
  (vector8) __builtin_shufflevector(                                                                     \
      (bytes32)(x), (bytes32)(x), 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 19, 16, 17, 18, \
      23, 20, 21, 22, 27, 24, 25, 26, 31, 28, 29, 30)

// Eight blocks at once: lane i of every vector belongs to block i.
__attribute__((target("avx2"))) static void chacha20_vector8(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  vector8 state[16], x[16];
  uint32_t first[16];
  set_up(first, key, counter, nonce);
  for (int i = 0; i < 16; i++) {
    uint32_t w = first[i];
    state[i] = (vector8){w, w, w, w, w, w, w, w};
  }
  while (blocks >= 8) {
    for (int lane = 0; lane < 8; lane++) {
      state[12][lane] = (uint32_t)(counter + (uint64_t)lane);
      state[13][lane] = (uint32_t)((counter + (uint64_t)lane) >> 32);
    }
    for (int i = 0; i < 16; i++) x[i] = state[i];
    for (int round = 0; round < 10; round++) {
      DOUBLE_ROUND(x, SHUFFLE_ROTATE16, ROTATE12, SHUFFLE_ROTATE8, ROTATE7)
    }
    for (int i = 0; i < 16; i++) x[i] += state[i];
    for (int half = 0; half < 2; half++) {
      vector8 *r = x + 8 * half, s[8], t[8];
      for (int i = 0; i < 4; i++) {
        s[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        s[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
      }
      for (int i = 0; i < 2; i++) {
        vector8 a = s[4 * i], b = s[4 * i + 1], c = s[4 * i + 2], d = s[4 * i + 3];
        t[4 * i] = __builtin_shufflevector(a, c, 0, 1, 8, 9, 4, 5, 12, 13);
        t[4 * i + 1] = __builtin_shufflevector(a, c, 2, 3, 10, 11, 6, 7, 14, 15);
        t[4 * i + 2] = __builtin_shufflevector(b, d, 0, 1, 8, 9, 4, 5, 12, 13);
        t[4 * i + 3] = __builtin_shufflevector(b, d, 2, 3, 10, 11, 6, 7, 14, 15);
      }
      for (int lane = 0; lane < 4; lane++) {
        vector8 low = __builtin_shufflevector(t[lane], t[lane + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        vector8 high = __builtin_shufflevector(t[lane], t[lane + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        memcpy(output + 64 * lane + 32 * half, &low, 32);
        memcpy(output + 64 * (lane + 4) + 32 * half, &high, 32);
      }
    }
    output += 512;
    counter += 8;
    blocks -= 8;
  }
  tacit_wipe(state, sizeof state);
  tacit_wipe(x, sizeof x);
  tacit_wipe(first, sizeof first);
  tacit_chacha20_vector4(key, counter, nonce, output, blocks);
}

int tacit_chacha20_is_wide(void) { return __builtin_cpu_supports("avx2") ? 1 : 0; }

void tacit_chacha20(const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  if (blocks >= 8 && tacit_chacha20_is_wide()) {
    chacha20_vector8(key, counter, nonce, output, blocks);
  } else {
    tacit_chacha20_vector4(key, counter, nonce, output, blocks);
  }
}

#else

int tacit_chacha20_is_wide(void) { return 0; }

void tacit_chacha20(const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks) {
  tacit_chacha20_vector4(key, counter, nonce, output, blocks);
}

#endif

#include "mask_words.h"

#include <string.h>

void tacit_mask_words24_portable(uint32_t *target, const uint8_t *bytes, size_t count, int subtract) {
  const uint32_t sign = subtract ? UINT32_MAX : 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t word = bytes[3 * i] | (uint32_t)bytes[3 * i + 1] << 8 | (uint32_t)bytes[3 * i + 2] << 16;
    target[i] += (word ^ sign) - sign;
  }
}

#if defined(__x86_64__)

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint32_t words8 __attribute__((vector_size(32)));

// Eight words from 24 bytes: each half takes twelve of the sixteen it loads. Bytes that belong to no word land above
// bit 23, so nothing has to be cleared.
__attribute__((target("avx2"))) static size_t words24_vector8(
    uint32_t *target, const uint8_t *bytes, size_t count, uint32_t sign) {
  const words8 flip = {sign, sign, sign, sign, sign, sign, sign, sign};
  size_t i = 0;
  for (; 3 * i + 28 <= 3 * count; i += 8) {
    bytes16 low, high;
    memcpy(&low, bytes + 3 * i, sizeof low);
    memcpy(&high, bytes + 3 * i + 12, sizeof high);
    bytes32 both = __builtin_shufflevector(
        low, high, 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11, 16, 17, 18, 18, 19, 20, 21, 21, 22, 23, 24, 24,
        25, 26, 27, 27);
    words8 sum;
    memcpy(&sum, target + i, sizeof sum);
    sum += ((words8)both ^ flip) - flip;
    memcpy(target + i, &sum, sizeof sum);
  }
  return i;
}

void tacit_mask_words24(uint32_t *target, const uint8_t *bytes, size_t count, int subtract) {
  size_t done = 0;
  if (__builtin_cpu_supports("avx2")) done = words24_vector8(target, bytes, count, subtract ? UINT32_MAX : 0);
  tacit_mask_words24_portable(target + done, bytes + 3 * done, count - done, subtract);
}

#else

void tacit_mask_words24(uint32_t *target, const uint8_t *bytes, size_t count, int subtract) {
  tacit_mask_words24_portable(target, bytes, count, subtract);
}

#endif

#ifndef TACIT_MASK_WORDS_H
#define TACIT_MASK_WORDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// target[i] += word(i), or -= when subtract is not 0, modulo 2^24, where word(i) is the little-endian integer of bytes
// 3i, 3i + 1 and 3i + 2. What ends up above bit 23 of a target is not specified. Time depends on count only.
void tacit_mask_words24(uint32_t *target, const uint8_t *bytes, size_t count, int subtract);

// The same in plain C.
void tacit_mask_words24_portable(uint32_t *target, const uint8_t *bytes, size_t count, int subtract);

#ifdef __cplusplus
}
#endif

#endif

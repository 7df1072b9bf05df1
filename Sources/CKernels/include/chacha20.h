#ifndef TACIT_CHACHA20_H
#define TACIT_CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes `blocks` 64-byte ChaCha20 keystream blocks to `output`.
///
/// The state is the four constant words, `key` (eight words), the 64-bit block counter in words 12 and 13 and
/// `nonce` in words 14 and 15 (Bernstein 2008). With the high counter word read as the first nonce word this is
/// the keystream of RFC 8439 up to 2^32 blocks. The fastest path the processor has is chosen at run time; all
/// paths write the same bytes.
void tacit_chacha20(const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks);

/// The portable path of `tacit_chacha20`, one block at a time; the oracle of the tests.
void tacit_chacha20_portable(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks);

/// The path with four blocks side by side in 128-bit vectors.
void tacit_chacha20_vector4(
    const uint32_t key[8], uint64_t counter, uint64_t nonce, uint8_t *output, size_t blocks);

/// 1 when `tacit_chacha20` uses 256-bit vectors on this processor.
int tacit_chacha20_is_wide(void);

#ifdef __cplusplus
}
#endif
#endif

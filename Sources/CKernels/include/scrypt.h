#ifndef TACIT_SCRYPT_H
#define TACIT_SCRYPT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// scryptROMix of RFC 7914 section 5 with r = 8: mixes one block of 1024 bytes in place.
///
/// `memory` has 1024 * `n` bytes, `n` is a power of two. Which memory is read depends on the block, as scrypt wants it.
void tacit_scrypt_mix(uint8_t *block, uint32_t *memory, size_t n);

#ifdef __cplusplus
}
#endif
#endif

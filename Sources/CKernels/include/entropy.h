#ifndef TACIT_ENTROPY_H
#define TACIT_ENTROPY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Fills `count` bytes (at most 256) with entropy of the operating system; waits for the kernel's pool at boot.
/// 0 when done, -1 when the system has none to give.
int tacit_entropy(void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif

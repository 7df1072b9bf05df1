#ifndef TACIT_WIPE_H
#define TACIT_WIPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Overwrites `count` bytes at `bytes` with zeros in a way the optimiser may not remove.
void tacit_wipe(void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif

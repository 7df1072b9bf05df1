#ifndef TACIT_WIPE_H
#define TACIT_WIPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Overwrites `count` bytes at `bytes` with zeros in a way the optimiser may not remove.
void tacit_wipe(void *bytes, size_t count);

/// Overwrites the 128 KiB of this thread's stack below the caller's frame, where finished calls may have left secrets.
void tacit_wipe_stack(void);

#ifdef __cplusplus
}
#endif
#endif

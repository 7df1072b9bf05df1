#ifndef TACIT_PREFETCH_H
#define TACIT_PREFETCH_H

#ifdef __cplusplus
extern "C" {
#endif

/// Asks for the cache line of an address, which need not be valid; changes nothing.
static inline void tacit_prefetch(const void *_Nullable address) {
  __builtin_prefetch(address);
}

#ifdef __cplusplus
}
#endif

#endif

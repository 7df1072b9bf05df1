#include "gemm.h"

#include <stddef.h>

// One text for both paths: integers give the same bits at any vector width.
#define SORT                                                                                                           \
  for (size_t c = 0; c < pairs; c++) {                                                                                 \
    int *restrict a = block + (size_t)network[2 * c] * 16, *restrict b = block + (size_t)network[2 * c + 1] * 16;      \
    for (int j = 0; j < 16; j++) {                                                                                     \
      int low = a[j] < b[j] ? a[j] : b[j], high = a[j] < b[j] ? b[j] : a[j];                                           \
      a[j] = low;                                                                                                      \
      b[j] = high;                                                                                                     \
    }                                                                                                                  \
  }

#define SORT_LOOP(NAME, TARGET)                                                                                        \
  TARGET static void sort_##NAME(const unsigned short *network, size_t pairs, int *block) { SORT }

SORT_LOOP(portable, )
#if defined(__x86_64__)
SORT_LOOP(fast, __attribute__((target("avx2"))))
#endif

void tacit_sort_columns(const unsigned short *network, size_t pairs, int *block) {
#if defined(__x86_64__)
  if (tacit_gemm_is_accelerated()) {
    sort_fast(network, pairs, block);
    return;
  }
#endif
  sort_portable(network, pairs, block);
}

#include "montgomery_limit.h"

#include "montgomery.h"
#include "montgomery_internal.h"

uint64_t tacit_measure_additions(uint64_t steps) {
  uint64_t x = 1, y = steps | 1;
  for (uint64_t i = 0; i < steps; i += 16) {
#define ADD __asm__ volatile("" : "+r"(x)); x += y;
    ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD
#undef ADD
  }
  return x;
}

uint64_t tacit_measure_products(uint64_t steps) {
  uint64_t a = steps | 1, b = steps + 3, low, high = 0;
#if defined(__x86_64__)
  for (uint64_t i = 0; i < steps; i += 16) {
#define PRODUCT "mulq %[b]\n\tmovq %[a], %%rax\n\t"
    __asm__ volatile("movq %[a], %%rax\n\t" PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT
                     PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT PRODUCT
                     : "=&a"(low), "=&d"(high)
                     : [a] "r"(a), [b] "r"(b)
                     : "cc");
    high ^= low;
  }
#else
  for (uint64_t i = 0; i < steps; i++) {
    unsigned __int128 p = (unsigned __int128)(a + i) * b;
    low = (uint64_t)p;
    high ^= low ^ (uint64_t)(p >> 64);
    __asm__ volatile("" : "+r"(high));
  }
#endif
  return high;
}

uint64_t tacit_measure_rows(uint64_t steps) {
  uint64_t t[64] = {0}, n[32], m[32];
  for (int i = 0; i < 32; i++) n[i] = (uint64_t)i * 0x9E3779B97F4A7C15u | 1;
  const tacit_kernel *kernel = tacit_kernel_for(32);
  // A reduction is 32 rows of 32 products and 32 single ones.
  for (uint64_t i = 0; i < steps; i += 32 * 33) kernel->reduce(t, n, 3, m, 32);
  return t[40];
}

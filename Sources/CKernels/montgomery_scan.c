#include <stdatomic.h>

#include "montgomery_internal.h"

// A mask of all ones where the two are equal, by arithmetic alone.
static inline uint64_t equality_mask(uint64_t a, uint64_t b) {
  uint64_t difference = a ^ b;
  uint64_t mask = -(((difference - 1) & ~difference) >> 63);
  __asm__("" : "+r"(mask));
  return mask;
}

static void scan_plain(uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index) {
  for (size_t w = 0; w < words; w += 8) {
    uint64_t sum[8] = {0};
    for (size_t e = 0; e < entries; e++) {
      uint64_t mask = equality_mask(e, index);
      const uint64_t *entry = table + e * words + w;
      for (int k = 0; k < 8; k++) sum[k] |= mask & entry[k];
    }
    for (int k = 0; k < 8; k++) r[w + k] = sum[k];
  }
}

#if defined(__x86_64__)
typedef uint64_t lanes __attribute__((vector_size(32), aligned(8), may_alias));

// 32 words at a time in eight registers.
__attribute__((target("avx2"))) static void scan_avx2(
    uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index) {
  size_t w = 0;
  for (; w + 32 <= words; w += 32) {
    lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
    for (size_t e = 0; e < entries; e++) {
      uint64_t bits = equality_mask(e, index);
      lanes mask = {bits, bits, bits, bits};
      const lanes *entry = (const lanes *)(table + e * words + w);
      s0 |= mask & entry[0];
      s1 |= mask & entry[1];
      s2 |= mask & entry[2];
      s3 |= mask & entry[3];
      s4 |= mask & entry[4];
      s5 |= mask & entry[5];
      s6 |= mask & entry[6];
      s7 |= mask & entry[7];
    }
    lanes *out = (lanes *)(r + w);
    out[0] = s0;
    out[1] = s1;
    out[2] = s2;
    out[3] = s3;
    out[4] = s4;
    out[5] = s5;
    out[6] = s6;
    out[7] = s7;
  }
  for (; w < words; w += 8) {
    lanes s0 = {0}, s1 = {0};
    for (size_t e = 0; e < entries; e++) {
      uint64_t bits = equality_mask(e, index);
      lanes mask = {bits, bits, bits, bits};
      const lanes *entry = (const lanes *)(table + e * words + w);
      s0 |= mask & entry[0];
      s1 |= mask & entry[1];
    }
    lanes *out = (lanes *)(r + w);
    out[0] = s0;
    out[1] = s1;
  }
}

// Leaf 1: the system saves the wide registers (OSXSAVE, and XCR0 bits 1 and 2); leaf 7: AVX2.
static int detect_avx2(void) {
  uint32_t a = 0, b, c = 0, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (a < 7) return 0;
  a = 1;
  c = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (!(c >> 27 & 1)) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6) return 0;
  a = 7;
  c = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return b >> 5 & 1;
}

// 0: not yet known; 1: no; 2: yes.
static _Atomic int avx2 = 0;

void tacit_scan_table(uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index) {
  int known = atomic_load_explicit(&avx2, memory_order_relaxed);
  if (known == 0) {
    known = detect_avx2() ? 2 : 1;
    atomic_store_explicit(&avx2, known, memory_order_relaxed);
  }
  if (known == 2 && tacit_montgomery_is_accelerated()) {
    scan_avx2(r, table, entries, words, index);
  } else {
    scan_plain(r, table, entries, words, index);
  }
}
#else
void tacit_scan_table(uint64_t *r, const uint64_t *table, size_t entries, size_t words, uint64_t index) {
  scan_plain(r, table, entries, words, index);
}
#endif

#include "gemm.h"

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// One text for both paths: integers, and single rounded operations in a fixed order, give the same bits at any vector
// width, so the compiler may choose it.
#define ACCUMULATE                                                                                                     \
  for (size_t i = 0; i < n; i++) sum[i] = (long long)((uint64_t)sum[i] + (uint64_t)((int64_t)grid[i] * weight));

// Adding 1.5·2^52 rounds to an integer, halves to even, in the addition itself; magnitudes are at most 2^30 then. One
// half past the limit still rounds down to it when that is even; the comparison is on the rounded value.
#define QUANTIZE                                                                                                       \
  const double shift = 0x1.8p52, most = limit;                                                                         \
  int larger = 0;                                                                                                      \
  for (size_t i = 0; i < n; i++) {                                                                                     \
    double v = (double)update[i] * scale;                                                                              \
    double c = v > most + 1 ? most + 1 : v;                                                                            \
    c = c < -most - 1 ? -most - 1 : c;                                                                                 \
    int r = (int)((c + shift) - shift);                                                                                \
    larger += (r > limit) | (r < -limit);                                                                              \
    r = r > limit ? limit : r;                                                                                         \
    grid[i] = r < -limit ? -limit : r;                                                                                 \
  }                                                                                                                    \
  return (size_t)larger;

#define DIFFERENCE                                                                                                     \
  uint32_t worst = 0;                                                                                                  \
  for (size_t i = 0; i < n; i++) {                                                                                     \
    float d = y[i] - x[i];                                                                                             \
    uint32_t bits;                                                                                                     \
    memcpy(&bits, &d, sizeof bits);                                                                                    \
    bits &= 0x7fffffffu;                                                                                               \
    worst = bits > worst ? bits : worst;                                                                               \
    y[i] = d;                                                                                                          \
  }                                                                                                                    \
  return worst < 0x7f800000u;

#define LOOPS(NAME, TARGET)                                                                                            \
  TARGET static void accumulate_##NAME(long long *sum, const int *grid, int64_t weight, size_t n) { ACCUMULATE }       \
  TARGET static size_t quantize_##NAME(const float *update, double scale, int limit, int *grid, size_t n) { QUANTIZE } \
  TARGET static int difference_##NAME(float *y, const float *x, size_t n) { DIFFERENCE }                              

LOOPS(portable, )
#if defined(__x86_64__)
LOOPS(fast, __attribute__((target("avx2"))))
#define CHOOSE(NAME, ...) (tacit_gemm_is_accelerated() ? NAME##_fast(__VA_ARGS__) : NAME##_portable(__VA_ARGS__))
#else
#define CHOOSE(NAME, ...) NAME##_portable(__VA_ARGS__)
#endif

void tacit_accumulate(long long *sum, const int *grid, long long weight, size_t n) {
  CHOOSE(accumulate, sum, grid, weight, n);
}

size_t tacit_quantize(const float *update, double scale, int limit, int *grid, size_t n) {
  size_t larger = 0;
  // In parts whose count of larger values fits an int.
  for (size_t at = 0; at < n; at += 1u << 30) {
    size_t part = n - at < 1u << 30 ? n - at : 1u << 30;
    larger += CHOOSE(quantize, update + at, scale, limit, grid + at, part);
  }
  return larger;
}

int tacit_difference(float *y, const float *x, size_t n) { return CHOOSE(difference, y, x, n); }

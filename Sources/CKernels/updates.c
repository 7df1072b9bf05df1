#include "gemm.h"

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

// One text for both paths: integers, and single rounded operations in a fixed order, give the same bits at any vector
// width, so the compiler may choose it.
#define ACCUMULATE                                                                                                     \
  for (size_t i = 0; i < n; i++) sum[i] = (long long)((uint64_t)sum[i] + (uint64_t)((int64_t)grid[i] * weight));

// Adding 1.5·2^52 rounds to an integer, halves to even, in the addition itself; magnitudes are at most 2^30 then. A
// limit is even or 1, so one half past an even limit still rounds down to it; the comparison is on the rounded value.
// NaN counts as larger.
#define ROUND(VALUE)                                                                                                   \
  double v = (double)(VALUE) * scale;                                                                                  \
  double c = v < most + 1 ? v : most + 1;                                                                              \
  c = c < -most - 1 ? -most - 1 : c;                                                                                   \
  int r = (int)((c + shift) - shift);                                                                                  \
  larger += (r > limit) | (r < -limit);                                                                                \
  r = r > limit ? limit : r;                                                                                           \
  r = r < -limit ? -limit : r;

#define QUANTIZE                                                                                                       \
  const double shift = 0x1.8p52, most = limit;                                                                         \
  int larger = 0;                                                                                                      \
  for (size_t i = 0; i < n; i++) {                                                                                     \
    ROUND(update[i])                                                                                                   \
    grid[i] = r;                                                                                                       \
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

static size_t contribute_portable(
  const float *y, const float *x, double scale, int limit, int64_t weight, long long *sum, size_t n) {
  const double shift = 0x1.8p52, most = limit;
  size_t larger = 0;
  uint32_t worst = 0;
  for (size_t i = 0; i < n; i++) {
    float d = y[i] - x[i];
    uint32_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits &= 0x7fffffffu;
    worst = bits > worst ? bits : worst;
    ROUND(d)
    sum[i] = (long long)((uint64_t)sum[i] + (uint64_t)((int64_t)r * weight));
  }
  return worst < 0x7f800000u ? larger : SIZE_MAX;
}

#if defined(__x86_64__)
LOOPS(fast, __attribute__((target("avx2"))))

// Four differences on their way to four sums. The limit is applied before the rounding, which gives the same integer;
// what is past it by more than one half rounds past it, an even limit's half being rounded down. Products up to 2^51 are
// exact in a double, and 1.5·2^52 more shows them as integers in its low bits.
__attribute__((target("avx2"), always_inline)) static inline __m256i contribute_four(
  __m128 difference, __m256d scale, __m256d most, __m256d weight, long long *sum) {
  const __m256d sign = _mm256_set1_pd(-0.0), shift = _mm256_set1_pd(0x1.8p52);
  __m256d value = _mm256_mul_pd(_mm256_cvtps_pd(difference), scale);
  __m256d within = _mm256_max_pd(_mm256_min_pd(value, most), _mm256_xor_pd(most, sign));
  __m256d rounded = _mm256_sub_pd(_mm256_add_pd(within, shift), shift);
  __m256d product = _mm256_add_pd(_mm256_mul_pd(rounded, weight), shift);
  __m256i integer = _mm256_sub_epi64(_mm256_castpd_si256(product), _mm256_castpd_si256(shift));
  _mm256_storeu_si256((__m256i *)sum, _mm256_add_epi64(_mm256_loadu_si256((const __m256i *)sum), integer));
  __m256d past = _mm256_add_pd(most, _mm256_set1_pd(0.5));
  return _mm256_castpd_si256(_mm256_cmp_pd(_mm256_andnot_pd(sign, value), past, _CMP_GT_OQ));
}

__attribute__((target("avx2"))) static size_t contribute_fast(
  const float *y, const float *x, double scale, int limit, int64_t weight, long long *sum, size_t n) {
  const int64_t most = INT64_C(1) << 51;
  if (limit < 2 || weight > most / limit || weight < -most / limit)
    return contribute_portable(y, x, scale, limit, weight, sum, n);
  const __m256d factor = _mm256_set1_pd(scale), bound = _mm256_set1_pd(limit), share = _mm256_set1_pd((double)weight);
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i larger = _mm256_setzero_si256(), worst = larger;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256 d = _mm256_sub_ps(_mm256_loadu_ps(y + i), _mm256_loadu_ps(x + i));
    worst = _mm256_max_epi32(worst, _mm256_and_si256(_mm256_castps_si256(d), magnitude));
    __m256i low = contribute_four(_mm256_castps256_ps128(d), factor, bound, share, sum + i);
    __m256i high = contribute_four(_mm256_extractf128_ps(d, 1), factor, bound, share, sum + i + 4);
    larger = _mm256_sub_epi64(_mm256_sub_epi64(larger, low), high);
  }
  uint64_t counts[4];
  _mm256_storeu_si256((__m256i *)counts, larger);
  size_t rest = contribute_portable(y + i, x + i, scale, limit, weight, sum + i, n - i);
  int infinite = _mm256_movemask_epi8(_mm256_cmpgt_epi32(worst, _mm256_set1_epi32(0x7f7fffff)));
  return infinite || rest == SIZE_MAX ? SIZE_MAX : (size_t)(counts[0] + counts[1] + counts[2] + counts[3]) + rest;
}

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

size_t tacit_contribute(
  const float *y, const float *x, double scale, int limit, long long weight, long long *sum, size_t n) {
  size_t larger = CHOOSE(contribute, y, x, scale, limit, weight, sum, n);
  // Whatever was added, the same with the opposite weight takes it away again.
  if (larger == SIZE_MAX) CHOOSE(contribute, y, x, scale, limit, (int64_t)-(uint64_t)weight, sum, n);
  return larger;
}

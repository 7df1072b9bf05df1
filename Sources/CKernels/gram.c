#include "gemm.h"

#include <stdint.h>

// Exact products of integer vectors. Integers do not depend on the order of a sum, so the two paths share no order: the
// portable one multiplies 64-bit integers, the fast one doubles whose sums stay below 2^53.

static void gram_portable(const double *x, size_t stride, size_t n, size_t width, long long *gram) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      int64_t sum = 0;
      for (size_t k = 0; k < width; k++) sum += (int64_t)x[i * stride + k] * (int64_t)x[j * stride + k];
      gram[i * n + j] = sum;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>
#define FAST __attribute__((target("avx2,fma")))

// ROWS × COLUMNS products at a time, all in registers; every lane sum is an integer below 2^53 and leaves as one.
#define TILE(ROWS, COLUMNS)                                                                                            \
  FAST static void tile_##ROWS##x##COLUMNS(const double *x, const double *y, size_t stride, size_t width,              \
                                           long long *out, size_t n) {                                                 \
    __m256d a[ROWS][COLUMNS];                                                                                          \
    for (int i = 0; i < ROWS; i++)                                                                                     \
      for (int j = 0; j < COLUMNS; j++) a[i][j] = _mm256_setzero_pd();                                                 \
    for (size_t k = 0; k < width; k += 4) {                                                                            \
      __m256d right[COLUMNS];                                                                                          \
      _Pragma("unroll") for (int j = 0; j < COLUMNS; j++) right[j] = _mm256_load_pd(y + (size_t)j * stride + k);       \
      _Pragma("unroll") for (int i = 0; i < ROWS; i++) {                                                               \
        __m256d left = _mm256_load_pd(x + (size_t)i * stride + k);                                                     \
        _Pragma("unroll") for (int j = 0; j < COLUMNS; j++) a[i][j] = _mm256_fmadd_pd(left, right[j], a[i][j]);        \
      }                                                                                                                \
    }                                                                                                                  \
    for (int i = 0; i < ROWS; i++)                                                                                     \
      for (int j = 0; j < COLUMNS; j++) {                                                                              \
        _Alignas(32) double lane[4];                                                                                   \
        _mm256_store_pd(lane, a[i][j]);                                                                                \
        out[(size_t)i * n + (size_t)j] += ((int64_t)lane[0] + (int64_t)lane[1]) + ((int64_t)lane[2] + (int64_t)lane[3]); \
      }                                                                                                                \
  }
TILE(4, 3)
TILE(4, 1)
TILE(1, 1)

/// Adds the products of the lower triangle, some 4 × 3 at a time.
FAST static void gram_fast(const double *x, size_t stride, size_t n, size_t width, long long *gram) {
  size_t whole = n & ~(size_t)3;
  for (size_t j = 0; j < n;) {
    size_t columns = n - j >= 3 ? 3 : 1, i = j & ~(size_t)3;
    for (; i < whole; i += 4) {
      // Products above the diagonal come along and are not read.
      if (columns == 3) {
        tile_4x3(x + i * stride, x + j * stride, stride, width, gram + i * n + j, n);
      } else {
        tile_4x1(x + i * stride, x + j * stride, stride, width, gram + i * n + j, n);
      }
    }
    for (; i < n; i++)
      for (size_t c = 0; c < columns; c++) tile_1x1(x + i * stride, x + (j + c) * stride, stride, width, gram + i * n + j + c, n);
    j += columns;
  }
}
#endif

// One text for both: how large the values are decides how many products fit a double.
#define WIDEN                                                                                                          \
  int most = 0, least = 0;                                                                                             \
  for (size_t i = 0; i < n; i++) {                                                                                     \
    most = x[i] > most ? x[i] : most;                                                                                  \
    least = x[i] < least ? x[i] : least;                                                                               \
    y[i] = x[i];                                                                                                       \
  }                                                                                                                    \
  return most > -least ? most : -least;

static int widen_portable(const int *x, double *y, size_t n) { WIDEN }
#if defined(__x86_64__)
__attribute__((target("avx2"))) static int widen_fast(const int *x, double *y, size_t n) { WIDEN }
#endif

int tacit_widen(const int *x, double *y, size_t n) {
#if defined(__x86_64__)
  if (tacit_gemm_is_accelerated()) return widen_fast(x, y, n);
#endif
  return widen_portable(x, y, n);
}

void tacit_gram(const double *x, size_t stride, size_t n, size_t width, int most, long long *gram, int portable) {
  for (size_t i = 0; i < n * n; i++) gram[i] = 0;
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    size_t step = width;
    if (most > 0) {
      // Of the largest products this many add up to at most 2^53 in one lane.
      uint64_t terms = (UINT64_C(1) << 53) / ((uint64_t)most * (uint64_t)most);
      if (terms < width / 4) step = 4 * (size_t)terms;
    }
    for (size_t at = 0; at < width; at += step)
      gram_fast(x + at, stride, n, width - at < step ? width - at : step, gram);
    return;
  }
#endif
  (void)portable;
  (void)most;
  gram_portable(x, stride, n, width, gram);
}

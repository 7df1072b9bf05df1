#include "gemm.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#define FAST __attribute__((target("avx2,fma,bmi,popcnt")))
#endif

// MARK: Portable twins

static void mark_portable(const float *x, size_t rows, size_t k, uint16_t *list, uint32_t *count, uint32_t *mask) {
  for (size_t l = 0; l < k; l++) mask[l] = 0;
  for (size_t i = 0; i < rows; i++) {
    uint32_t found = 0;
    for (size_t l = 0; l < k; l++) {
      if (x[i * k + l] == 0) continue;
      list[i * (k + 8) + found++] = (uint16_t)l;
      mask[l] |= UINT32_C(1) << i;
    }
    count[i] = found;
  }
}

static void forward_portable(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k,
                             size_t n, int relu, const uint16_t *list, const uint32_t *count) {
  for (size_t i = 0; i < rows; i++) {
    const uint16_t *own = list + i * (k + 8);
    for (size_t j = 0; j < n; j++) {
      float sum = bias[j];
      for (size_t s = 0; s < count[i]; s++) sum = fmaf(x[i * k + own[s]], w[own[s] * n + j], sum);
      y[i * n + j] = relu && !(sum > 0) ? 0 : sum;
    }
  }
}

static void update_portable(float *w, const float *x, const float *d, size_t k, size_t n, const uint32_t *mask) {
  for (size_t l = 0; l < k; l++) {
    if (!mask[l]) continue;
    for (size_t j = 0; j < n; j++) {
      float sum = w[l * n + j];
      for (uint32_t left = mask[l]; left; left &= left - 1) {
        size_t i = (size_t)__builtin_ctz(left);
        sum = fmaf(x[i * k + l], d[i * n + j], sum);
      }
      w[l * n + j] = sum + 0.0f;
    }
  }
}

static void backward_portable(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                              const uint32_t *mask) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t l = 0; l < k; l++) {
      float lane[8] = {0};
      dx[i * k + l] = 0;
      if (!(mask[l] >> i & 1)) continue;
      for (size_t j = 0; j < n; j++) lane[j & 7] = fmaf(d[i * n + j], w[l * n + j], lane[j & 7]);
      dx[i * k + l] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    }
  }
}

#if defined(__x86_64__)

// MARK: AVX2

/// For each byte, the positions of its bits in increasing order; filled when the program is loaded.
static uint8_t positions[256][8];

__attribute__((constructor)) static void fill_positions(void) {
  for (int byte = 0; byte < 256; byte++)
    for (int bit = 0, found = 0; bit < 8; bit++)
      if (byte >> bit & 1) positions[byte][found++] = (uint8_t)bit;
}

FAST static void mark_fast(const float *x, size_t rows, size_t k, uint16_t *list, uint32_t *count, uint32_t *mask) {
  memset(mask, 0, k * sizeof *mask);
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * k;
    uint16_t *own = list + i * (k + 8);
    size_t found = 0, l = 0;
    __m256i bit = _mm256_set1_epi32((int)(UINT32_C(1) << i));
    for (; l + 8 <= k; l += 8) {
      __m256 differs = _mm256_cmp_ps(_mm256_loadu_ps(row + l), _mm256_setzero_ps(), _CMP_NEQ_UQ);
      uint32_t bits = (uint32_t)_mm256_movemask_ps(differs);
      __m256i *at = (__m256i *)(mask + l);
      __m256i own_bit = _mm256_and_si256(_mm256_castps_si256(differs), bit);
      _mm256_storeu_si256(at, _mm256_or_si256(_mm256_loadu_si256(at), own_bit));
      __m128i place = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)positions[bits]));
      _mm_storeu_si128((__m128i *)(own + found), _mm_add_epi16(place, _mm_set1_epi16((short)l)));
      found += (size_t)__builtin_popcount(bits);
    }
    for (; l < k; l++) {
      if (row[l] == 0) continue;
      own[found++] = (uint16_t)l;
      mask[l] |= UINT32_C(1) << i;
    }
    count[i] = (uint32_t)found;
  }
}

/// The first `count` (1 to 7) lanes.
FAST static inline __m256i lanes(size_t count) {
  static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return _mm256_loadu_si256((const __m256i *)(ones + 8 - count));
}

/// Stores the first `count` (1 to 7) lanes with plain stores: masked ones are microcode on some processors.
FAST static inline void store_lanes(float *to, __m256 v, size_t count) {
  __m128 part = _mm256_castps256_ps128(v);
  if (count & 4) {
    _mm_storeu_ps(to, part);
    part = _mm256_extractf128_ps(v, 1);
    to += 4;
  }
  if (count & 2) {
    _mm_storel_pi((__m64 *)to, part);
    part = _mm_movehl_ps(part, part);
    to += 2;
  }
  if (count & 1) _mm_store_ss(to, part);
}

FAST static inline __m256 rectify(__m256 v, int relu) { return relu ? _mm256_max_ps(v, _mm256_setzero_ps()) : v; }

// One row of y, V vectors wide, over `steps` listed inputs; the chains continue from `from`.
#define FORWARD(V)                                                                                                     \
  FAST static void forward_##V(const float *x, const float *w, const float *from, float *y, const uint16_t *list,     \
                               size_t steps, size_t n, int relu) {                                                     \
    __m256 a[V];                                                                                                       \
    for (int j = 0; j < V; j++) a[j] = _mm256_loadu_ps(from + 8 * j);                                                  \
    for (size_t s = 0; s < steps; s++) {                                                                               \
      __m256 v = _mm256_broadcast_ss(x + list[s]);                                                                     \
      const float *row = w + list[s] * n;                                                                              \
      _Pragma("unroll") for (int j = 0; j < V; j++) a[j] = _mm256_fmadd_ps(v, _mm256_loadu_ps(row + 8 * j), a[j]);     \
    }                                                                                                                  \
    for (int j = 0; j < V; j++) _mm256_storeu_ps(y + 8 * j, rectify(a[j], relu));                                      \
  }
FORWARD(13)
FORWARD(12)
FORWARD(8)
FORWARD(4)
FORWARD(1)

FAST static void forward_tail(const float *x, const float *w, const float *from, float *y, const uint16_t *list,
                              size_t steps, size_t n, size_t columns, int relu) {
  __m256i some = lanes(columns);
  __m256 a = _mm256_maskload_ps(from, some);
  for (size_t s = 0; s < steps; s++)
    a = _mm256_fmadd_ps(_mm256_broadcast_ss(x + list[s]), _mm256_maskload_ps(w + list[s] * n, some), a);
  store_lanes(y, rectify(a, relu), columns);
}

/// Inputs done at once: their rows of w, 104 columns wide, stay in the first-level cache while the batch passes by.
#define BLOCK 64

FAST static void forward_fast(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k,
                              size_t n, int relu, const uint16_t *list, const uint32_t *count) {
  uint32_t done[32] = {0};
  for (size_t first = 0; first < k; first += BLOCK) {
    size_t end = first + BLOCK < k ? first + BLOCK : k;
    int rectified = relu && end == k;
    for (size_t i = 0; i < rows; i++) {
      const uint16_t *own = list + i * (k + 8) + done[i];
      size_t left = count[i] - done[i], steps = 0;
      // The lists are sorted; most of a block is usually there or missing as a whole.
      if (left >= BLOCK && own[BLOCK - 1] < end) steps = BLOCK;
      while (steps < left && own[steps] < end) steps++;
      if (steps == 0 && first > 0 && !rectified) continue;
      const float *xi = x + i * k, *from = first ? y + i * n : bias;
      float *yi = y + i * n;
      size_t j = 0;
      if (n >= 200 && n < 208) {
        forward_12(xi, w, from, yi, own, steps, n, rectified);
        forward_13(xi, w + 96, from + 96, yi + 96, own, steps, n, rectified);
        j = 200;
      }
      for (; j + 104 <= n; j += 104) forward_13(xi, w + j, from + j, yi + j, own, steps, n, rectified);
      for (; j + 64 <= n; j += 64) forward_8(xi, w + j, from + j, yi + j, own, steps, n, rectified);
      for (; j + 32 <= n; j += 32) forward_4(xi, w + j, from + j, yi + j, own, steps, n, rectified);
      for (; j + 8 <= n; j += 8) forward_1(xi, w + j, from + j, yi + j, own, steps, n, rectified);
      if (j < n) forward_tail(xi, w + j, from + j, yi + j, own, steps, n, n - j, rectified);
      done[i] += (uint32_t)steps;
    }
  }
}

// One row of w, V vectors wide, with the examples in `mask`. Adding zero at the end turns -0 into 0, which is what
// makes leaving out zero terms the same as adding them.
#define UPDATE(V)                                                                                                      \
  FAST static inline void update_##V(float *w, const float *x, const float *d, uint32_t mask, size_t k, size_t n) {    \
    __m256 a[V];                                                                                                       \
    for (int j = 0; j < V; j++) a[j] = _mm256_loadu_ps(w + 8 * j);                                                     \
    for (; mask; mask &= mask - 1) {                                                                                   \
      size_t i = (size_t)__builtin_ctz(mask);                                                                          \
      __m256 v = _mm256_broadcast_ss(x + i * k);                                                                       \
      const float *row = d + i * n;                                                                                    \
      _Pragma("unroll") for (int j = 0; j < V; j++) a[j] = _mm256_fmadd_ps(v, _mm256_loadu_ps(row + 8 * j), a[j]);     \
    }                                                                                                                  \
    for (int j = 0; j < V; j++) _mm256_storeu_ps(w + 8 * j, _mm256_add_ps(a[j], _mm256_setzero_ps()));                 \
  }
UPDATE(13)
UPDATE(12)
UPDATE(8)
UPDATE(4)
UPDATE(1)

FAST static inline void update_tail(float *w, const float *x, const float *d, uint32_t mask, size_t k, size_t n,
                                    size_t columns) {
  __m256i some = lanes(columns);
  __m256 a = _mm256_maskload_ps(w, some);
  for (; mask; mask &= mask - 1) {
    size_t i = (size_t)__builtin_ctz(mask);
    a = _mm256_fmadd_ps(_mm256_broadcast_ss(x + i * k), _mm256_maskload_ps(d + i * n, some), a);
  }
  store_lanes(w, _mm256_add_ps(a, _mm256_setzero_ps()), columns);
}

/// Outputs of a layer so narrow that four of its rows, or eight of its inputs, are worked on together.
#define NARROW 16

/// Rows of w four at a time for even n up to NARROW: together they fill n/2 vectors. Returns how many were done.
FAST static inline __attribute__((always_inline)) size_t update_some(float *w, const float *x, const float *d, size_t k, size_t n, const uint32_t *mask) {
  _Alignas(32) float all[32][4 * NARROW];
  _Alignas(32) int32_t row_of[4 * NARROW];
  uint32_t used = 0, ready = 0;
  size_t vectors = n / 2, l = 0;
  for (size_t at = 0; at < 4 * n; at++) row_of[at] = (int32_t)(at / n);
  for (; l + 4 <= k; l += 4) {
    used = mask[l] | mask[l + 1] | mask[l + 2] | mask[l + 3];
    if (!used) continue;
    __m256 a[NARROW / 2];
    float *to = w + l * n;
    _Pragma("unroll") for (size_t v = 0; v < vectors; v++) a[v] = _mm256_loadu_ps(to + 8 * v);
    for (uint32_t m = used; m; m &= m - 1) {
      size_t i = (size_t)__builtin_ctz(m);
      if (!(ready >> i & 1)) {
        for (size_t at = 0; at < 4; at++) memcpy(all[i] + at * n, d + i * n, n * sizeof *d);
        ready |= UINT32_C(1) << i;
      }
      __m256 four = _mm256_broadcast_ps((const __m128 *)(x + i * k + l));
      _Pragma("unroll") for (size_t v = 0; v < vectors; v++) {
        __m256 own = _mm256_permutevar_ps(four, _mm256_load_si256((const __m256i *)row_of + v));
        a[v] = _mm256_fmadd_ps(own, _mm256_load_ps(all[i] + 8 * v), a[v]);
      }
    }
    // Zero terms of a row that has others vanish when zero is added; a row without any keeps its bits.
    __m128i none = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(mask + l)), _mm_setzero_si128());
    __m256 kept = _mm256_castsi256_ps(_mm256_broadcastsi128_si256(none));
    _Pragma("unroll") for (size_t v = 0; v < vectors; v++) {
      __m256 keeps = _mm256_permutevar_ps(kept, _mm256_load_si256((const __m256i *)row_of + v));
      __m256 sum = _mm256_add_ps(a[v], _mm256_setzero_ps());
      _mm256_storeu_ps(to + 8 * v, _mm256_blendv_ps(sum, _mm256_loadu_ps(to + 8 * v), keeps));
    }
  }
  return l;
}

/// Ten classes are common enough that the compiler may know of them.
FAST static size_t update_narrow(float *w, const float *x, const float *d, size_t k, size_t n, const uint32_t *mask) {
  return n == 10 ? update_some(w, x, d, k, 10, mask) : update_some(w, x, d, k, n, mask);
}

FAST static void update_fast(float *w, const float *x, const float *d, size_t k, size_t n, const uint32_t *mask) {
  for (size_t l = n <= NARROW && n % 2 == 0 ? update_narrow(w, x, d, k, n, mask) : 0; l < k; l++) {
    uint32_t m = mask[l];
    if (!m) continue;
    float *row = w + l * n;
    const float *xl = x + l;
    size_t j = 0;
    if (n >= 200 && n < 208) {
      update_12(row, xl, d, m, k, n);
      update_13(row + 96, xl, d + 96, m, k, n);
      j = 200;
    }
    for (; j + 104 <= n; j += 104) update_13(row + j, xl, d + j, m, k, n);
    for (; j + 64 <= n; j += 64) update_8(row + j, xl, d + j, m, k, n);
    for (; j + 32 <= n; j += 32) update_4(row + j, xl, d + j, m, k, n);
    for (; j + 8 <= n; j += 8) update_1(row + j, xl, d + j, m, k, n);
    if (j < n) update_tail(row + j, xl, d + j, m, k, n, n - j);
  }
}

FAST static inline float fold(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

/// Inputs eight at a time for n up to NARROW: the eight chains of an element become eight vectors. Returns how many
/// were done.
FAST static inline __attribute__((always_inline)) size_t backward_some(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                                   const uint32_t *mask) {
  size_t l = 0;
  for (; l + 8 <= k; l += 8) {
    _Alignas(32) float column[NARROW][8];
    for (size_t r = 0; r < 8; r++)
      for (size_t j = 0; j < n; j++) column[j][r] = w[(l + r) * n + j];
    __m256i marks = _mm256_loadu_si256((const __m256i *)(mask + l));
    for (size_t i = 0; i < rows; i++) {
      __m256 lane[8];
      _Pragma("unroll") for (size_t j = 0; j < 8; j++) lane[j] = _mm256_setzero_ps();
      _Pragma("unroll") for (size_t j = 0; j < n; j++)
        lane[j & 7] = _mm256_fmadd_ps(_mm256_broadcast_ss(d + i * n + j), _mm256_load_ps(column[j]), lane[j & 7]);
      __m256 even = _mm256_add_ps(_mm256_add_ps(lane[0], lane[4]), _mm256_add_ps(lane[2], lane[6]));
      __m256 odd = _mm256_add_ps(_mm256_add_ps(lane[1], lane[5]), _mm256_add_ps(lane[3], lane[7]));
      __m256i bit = _mm256_set1_epi32((int)(UINT32_C(1) << i));
      __m256i open = _mm256_cmpeq_epi32(_mm256_and_si256(marks, bit), bit);
      _mm256_storeu_ps(dx + i * k + l, _mm256_and_ps(_mm256_add_ps(even, odd), _mm256_castsi256_ps(open)));
    }
  }
  return l;
}

FAST static size_t backward_narrow(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                                   const uint32_t *mask) {
  return n == 10 ? backward_some(d, w, dx, rows, k, 10, mask) : backward_some(d, w, dx, rows, k, n, mask);
}

FAST static void backward_fast(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                               const uint32_t *mask) {
  size_t whole = n & ~(size_t)7;
  __m256i some = lanes(n - whole);
  memset(dx, 0, rows * k * sizeof *dx);
  for (size_t l = n <= NARROW ? backward_narrow(d, w, dx, rows, k, n, mask) : 0; l < k; l++) {
    const float *row = w + l * n;
    for (uint32_t m = mask[l]; m;) {
      // Five examples at a time; a short group repeats its last.
      size_t at[5];
      const float *e[5];
      for (int r = 0; r < 5; r++) {
        at[r] = m ? (size_t)__builtin_ctz(m) : at[r - 1];
        e[r] = d + at[r] * n;
        m &= m ? m - 1 : 0;
      }
      __m256 a0 = _mm256_setzero_ps(), a1 = a0, a2 = a0, a3 = a0, a4 = a0;
      for (size_t j = 0; j < whole; j += 8) {
        __m256 v = _mm256_loadu_ps(row + j);
        a0 = _mm256_fmadd_ps(v, _mm256_loadu_ps(e[0] + j), a0);
        a1 = _mm256_fmadd_ps(v, _mm256_loadu_ps(e[1] + j), a1);
        a2 = _mm256_fmadd_ps(v, _mm256_loadu_ps(e[2] + j), a2);
        a3 = _mm256_fmadd_ps(v, _mm256_loadu_ps(e[3] + j), a3);
        a4 = _mm256_fmadd_ps(v, _mm256_loadu_ps(e[4] + j), a4);
      }
      if (whole < n) {
        __m256 v = _mm256_maskload_ps(row + whole, some);
        a0 = _mm256_fmadd_ps(v, _mm256_maskload_ps(e[0] + whole, some), a0);
        a1 = _mm256_fmadd_ps(v, _mm256_maskload_ps(e[1] + whole, some), a1);
        a2 = _mm256_fmadd_ps(v, _mm256_maskload_ps(e[2] + whole, some), a2);
        a3 = _mm256_fmadd_ps(v, _mm256_maskload_ps(e[3] + whole, some), a3);
        a4 = _mm256_fmadd_ps(v, _mm256_maskload_ps(e[4] + whole, some), a4);
      }
      dx[at[0] * k + l] = fold(a0);
      dx[at[1] * k + l] = fold(a1);
      dx[at[2] * k + l] = fold(a2);
      dx[at[3] * k + l] = fold(a3);
      dx[at[4] * k + l] = fold(a4);
    }
  }
}

#endif

// MARK: Entry points

void tacit_mark(const float *x, size_t rows, size_t k, unsigned short *list, unsigned *count, unsigned *mask,
                int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    mark_fast(x, rows, k, list, count, mask);
    return;
  }
#endif
  (void)portable;
  mark_portable(x, rows, k, list, count, mask);
}

void tacit_marked_forward(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k, size_t n,
                          int relu, const unsigned short *list, const unsigned *count, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    size_t terms = 0;
    for (size_t i = 0; i < rows; i++) terms += count[i];
    // Chains of a narrow layer wait for each other, so it pays for fewer terms only.
    if (terms * 100 > rows * k * (n < 64 ? 35 : 65)) {
      tacit_dense_forward(x, w, bias, y, rows, k, n, relu, 0);
    } else {
      forward_fast(x, w, bias, y, rows, k, n, relu, list, count);
    }
    return;
  }
#endif
  (void)portable;
  forward_portable(x, w, bias, y, rows, k, n, relu, list, count);
}

void tacit_marked_update(float *w, const float *x, const float *d, size_t k, size_t n, const unsigned *mask,
                         int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    update_fast(w, x, d, k, n, mask);
    return;
  }
#endif
  (void)portable;
  update_portable(w, x, d, k, n, mask);
}

void tacit_marked_backward(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                           const unsigned *mask, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    backward_fast(d, w, dx, rows, k, n, mask);
    return;
  }
#endif
  (void)portable;
  backward_portable(d, w, dx, rows, k, n, mask);
}

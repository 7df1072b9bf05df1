#include "gemm.h"

#include <math.h>
#include <stdint.h>

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#define FAST __attribute__((target("avx2,fma")))

int tacit_gemm_is_accelerated(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
int tacit_gemm_is_accelerated(void) { return 0; }
#endif

// MARK: Portable twins

static void forward_portable(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k,
                             size_t n, int relu) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < n; j++) {
      float sum = bias[j];
      for (size_t l = 0; l < k; l++) sum = fmaf(x[i * k + l], w[l * n + j], sum);
      y[i * n + j] = relu && !(sum > 0) ? 0 : sum;
    }
  }
}

static void update_portable(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n) {
  for (size_t l = 0; l < k; l++) {
    for (size_t j = 0; j < n; j++) {
      float sum = w[l * n + j];
      for (size_t i = 0; i < rows; i++) sum = fmaf(x[i * k + l], d[i * n + j], sum);
      w[l * n + j] = sum;
    }
  }
}

static void backward_portable(const float *d, const float *w, const float *activation, float *dx, size_t rows, size_t k,
                              size_t n) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t l = 0; l < k; l++) {
      float lane[8] = {0};
      for (size_t j = 0; j < n; j++) lane[j & 7] = fmaf(d[i * n + j], w[l * n + j], lane[j & 7]);
      float sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
      dx[i * k + l] = activation[i * k + l] > 0 ? sum : 0;
    }
  }
}

#if defined(__x86_64__)

// MARK: AVX2

/// Loads only the first `count` (1 to 8) lanes and zeroes the rest.
FAST static inline __m256i lanes(size_t count) {
  static const int32_t mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return _mm256_loadu_si256((const __m256i *)(mask + 8 - count));
}

FAST static inline __m256 rectify(__m256 v, int relu) {
  // max(v, 0) with v first returns zero for NaN, as the portable twin does.
  return relu ? _mm256_max_ps(v, _mm256_setzero_ps()) : v;
}

/// Five rows by sixteen columns, over `steps` of the k products; the chains continue from `from` (row stride `stride`,
/// zero for a bias).
FAST static inline void forward_5x16(const float *x, const float *w, const float *from, size_t stride, float *y,
                                     size_t steps, size_t k, size_t n, int relu) {
  __m256 a[5][2];
#pragma unroll
  for (int i = 0; i < 5; i++) {
    a[i][0] = _mm256_loadu_ps(from + (size_t)i * stride);
    a[i][1] = _mm256_loadu_ps(from + (size_t)i * stride + 8);
  }
  for (size_t l = 0; l < steps; l++) {
    __m256 w0 = _mm256_loadu_ps(w + l * n), w1 = _mm256_loadu_ps(w + l * n + 8);
#pragma unroll
    for (int i = 0; i < 5; i++) {
      __m256 s = _mm256_broadcast_ss(x + (size_t)i * k + l);
      a[i][0] = _mm256_fmadd_ps(s, w0, a[i][0]);
      a[i][1] = _mm256_fmadd_ps(s, w1, a[i][1]);
    }
  }
#pragma unroll
  for (int i = 0; i < 5; i++) {
    _mm256_storeu_ps(y + (size_t)i * n, rectify(a[i][0], relu));
    _mm256_storeu_ps(y + (size_t)i * n + 8, rectify(a[i][1], relu));
  }
}

/// Up to ten rows by up to eight columns.
FAST static void forward_edge(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k,
                              size_t n, size_t columns, int relu) {
  __m256i mask = lanes(columns);
  for (size_t i = 0; i < rows; i++) {
    __m256 a = _mm256_maskload_ps(bias, mask);
    for (size_t l = 0; l < k; l++)
      a = _mm256_fmadd_ps(_mm256_broadcast_ss(x + i * k + l), _mm256_maskload_ps(w + l * n, mask), a);
    _mm256_maskstore_ps(y + i * n, mask, rectify(a, relu));
  }
}

/// Ten rows by up to eight columns.
FAST static void forward_10_edge(const float *x, const float *w, const float *bias, float *y, size_t k, size_t n,
                                 size_t columns, int relu) {
  __m256i mask = lanes(columns);
  __m256 a[10];
  for (int i = 0; i < 10; i++) a[i] = _mm256_maskload_ps(bias, mask);
  for (size_t l = 0; l < k; l++) {
    __m256 w0 = _mm256_maskload_ps(w + l * n, mask);
#pragma unroll
    for (int i = 0; i < 10; i++) a[i] = _mm256_fmadd_ps(_mm256_broadcast_ss(x + (size_t)i * k + l), w0, a[i]);
  }
  for (int i = 0; i < 10; i++) _mm256_maskstore_ps(y + (size_t)i * n, mask, rectify(a[i], relu));
}

/// The steps of a chain done at once: 128 rows of w, 16 columns wide, are 8 KiB and stay in the first-level cache while
/// the rows of x pass by. Storing and loading a partial sum changes no bit of it.
#define DEPTH 128

FAST static void forward_fast(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k,
                              size_t n, int relu) {
  size_t whole = rows - rows % 5, wide = n & ~(size_t)15, j = 0;
  for (; j < wide; j += 16) {
    for (size_t l = 0; l < k || l == 0; l += DEPTH) {
      size_t steps = k - l < DEPTH ? k - l : DEPTH;
      int last = l + steps == k;
      for (size_t i = 0; i < whole; i += 5) {
        float *yi = y + i * n + j;
        forward_5x16(x + i * k + l, w + l * n + j, l == 0 ? bias + j : yi, l == 0 ? 0 : n, yi, steps, k, n,
                     relu && last);
      }
    }
  }
  for (size_t i = 0; j < n && i < whole;) {
    size_t step = whole - i >= 10 ? 10 : 5;
    for (size_t c = j; c < n; c += 8) {
      size_t columns = n - c < 8 ? n - c : 8;
      if (step == 10) {
        forward_10_edge(x + i * k, w + c, bias + c, y + i * n + c, k, n, columns, relu);
      } else {
        forward_edge(x + i * k, w + c, bias + c, y + i * n + c, 5, k, n, columns, relu);
      }
    }
    i += step;
  }
  if (whole < rows)
    for (size_t c = 0; c < n; c += 8)
      forward_edge(x + whole * k, w + c, bias + c, y + whole * n + c, rows - whole, k, n, n - c < 8 ? n - c : 8, relu);
}

/// Two rows of w by forty columns.
FAST static inline void update_2x40(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n) {
  __m256 a[2][5];
#pragma unroll
  for (int j = 0; j < 5; j++) {
    a[0][j] = _mm256_loadu_ps(w + (size_t)j * 8);
    a[1][j] = _mm256_loadu_ps(w + n + (size_t)j * 8);
  }
  for (size_t i = 0; i < rows; i++) {
    __m256 s = _mm256_broadcast_ss(x + i * k), t = _mm256_broadcast_ss(x + i * k + 1);
#pragma unroll
    for (int j = 0; j < 5; j++) {
      __m256 v = _mm256_loadu_ps(d + i * n + (size_t)j * 8);
      a[0][j] = _mm256_fmadd_ps(s, v, a[0][j]);
      a[1][j] = _mm256_fmadd_ps(t, v, a[1][j]);
    }
  }
#pragma unroll
  for (int j = 0; j < 5; j++) {
    _mm256_storeu_ps(w + (size_t)j * 8, a[0][j]);
    _mm256_storeu_ps(w + n + (size_t)j * 8, a[1][j]);
  }
}

/// Four rows of w by up to eight columns.
FAST static inline void update_4_edge(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n,
                                      size_t columns) {
  __m256i mask = lanes(columns);
  __m256 a[4];
#pragma unroll
  for (int l = 0; l < 4; l++) a[l] = _mm256_maskload_ps(w + (size_t)l * n, mask);
  for (size_t i = 0; i < rows; i++) {
    __m256 d0 = _mm256_maskload_ps(d + i * n, mask);
#pragma unroll
    for (int l = 0; l < 4; l++) a[l] = _mm256_fmadd_ps(_mm256_broadcast_ss(x + i * k + (size_t)l), d0, a[l]);
  }
#pragma unroll
  for (int l = 0; l < 4; l++) _mm256_maskstore_ps(w + (size_t)l * n, mask, a[l]);
}

FAST static void update_fast(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n) {
  size_t l = 0;
  for (; l + 4 <= k; l += 4) {
    float *wl = w + l * n;
    size_t j = 0;
    for (; j + 40 <= n; j += 40) {
      update_2x40(wl + j, x + l, d + j, rows, k, n);
      update_2x40(wl + 2 * n + j, x + l + 2, d + j, rows, k, n);
    }
    for (; j < n; j += 8) update_4_edge(wl + j, x + l, d + j, rows, k, n, n - j < 8 ? n - j : 8);
  }
  for (; l < k; l++) {
    for (size_t j = 0; j < n; j += 8) {
      __m256i mask = lanes(n - j < 8 ? n - j : 8);
      __m256 a = _mm256_maskload_ps(w + l * n + j, mask);
      for (size_t i = 0; i < rows; i++)
        a = _mm256_fmadd_ps(_mm256_broadcast_ss(x + i * k + l), _mm256_maskload_ps(d + i * n + j, mask), a);
      _mm256_maskstore_ps(w + l * n + j, mask, a);
    }
  }
}

FAST static inline float fold(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

FAST static void backward_fast(const float *d, const float *w, const float *activation, float *dx, size_t rows,
                               size_t k, size_t n) {
  size_t whole = n & ~(size_t)7;
  __m256i mask = lanes(n - whole);
  for (size_t i = 0; i < rows; i += 5) {
    size_t m = rows - i < 5 ? rows - i : 5;
    size_t l = 0;
    if (m == 5) {
      for (; l + 2 <= k; l += 2) {
        __m256 a[5][2];
        for (int r = 0; r < 5; r++) a[r][0] = a[r][1] = _mm256_setzero_ps();
        for (size_t j = 0; j < whole; j += 8) {
          __m256 w0 = _mm256_loadu_ps(w + l * n + j), w1 = _mm256_loadu_ps(w + (l + 1) * n + j);
#pragma unroll
          for (int r = 0; r < 5; r++) {
            __m256 v = _mm256_loadu_ps(d + (i + (size_t)r) * n + j);
            a[r][0] = _mm256_fmadd_ps(v, w0, a[r][0]);
            a[r][1] = _mm256_fmadd_ps(v, w1, a[r][1]);
          }
        }
        if (whole < n) {
          __m256 w0 = _mm256_maskload_ps(w + l * n + whole, mask), w1 = _mm256_maskload_ps(w + (l + 1) * n + whole, mask);
#pragma unroll
          for (int r = 0; r < 5; r++) {
            __m256 v = _mm256_maskload_ps(d + (i + (size_t)r) * n + whole, mask);
            a[r][0] = _mm256_fmadd_ps(v, w0, a[r][0]);
            a[r][1] = _mm256_fmadd_ps(v, w1, a[r][1]);
          }
        }
        for (size_t r = 0; r < 5; r++) {
          size_t at = (i + r) * k + l;
          dx[at] = activation[at] > 0 ? fold(a[r][0]) : 0;
          dx[at + 1] = activation[at + 1] > 0 ? fold(a[r][1]) : 0;
        }
      }
    }
    for (; l < k; l++) {
      for (size_t r = 0; r < m; r++) {
        __m256 a = _mm256_setzero_ps();
        const float *dr = d + (i + r) * n;
        for (size_t j = 0; j < whole; j += 8)
          a = _mm256_fmadd_ps(_mm256_loadu_ps(dr + j), _mm256_loadu_ps(w + l * n + j), a);
        if (whole < n)
          a = _mm256_fmadd_ps(_mm256_maskload_ps(dr + whole, mask), _mm256_maskload_ps(w + l * n + whole, mask), a);
        size_t at = (i + r) * k + l;
        dx[at] = activation[at] > 0 ? fold(a) : 0;
      }
    }
  }
}

FAST static void axpy_fast(float *y, const float *x, float a, size_t n) {
  __m256 s = _mm256_set1_ps(a);
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(y + i, _mm256_fmadd_ps(s, _mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
  for (; i < n; i++) y[i] = __builtin_fmaf(a, x[i], y[i]);
}

#endif

// MARK: Entry points

void tacit_dense_forward(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k, size_t n,
                         int relu, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    forward_fast(x, w, bias, y, rows, k, n, relu);
    return;
  }
#endif
  (void)portable;
  forward_portable(x, w, bias, y, rows, k, n, relu);
}

void tacit_dense_update(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    update_fast(w, x, d, rows, k, n);
    return;
  }
#endif
  (void)portable;
  update_portable(w, x, d, rows, k, n);
}

void tacit_bias_update(float *bias, const float *d, size_t rows, size_t n) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++) bias[j] += d[i * n + j];
}

void tacit_dense_backward(const float *d, const float *w, const float *activation, float *dx, size_t rows, size_t k,
                          size_t n, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    backward_fast(d, w, activation, dx, rows, k, n);
    return;
  }
#endif
  (void)portable;
  backward_portable(d, w, activation, dx, rows, k, n);
}

void tacit_axpy(float *y, const float *x, float a, size_t n, int portable) {
#if defined(__x86_64__)
  if (!portable && tacit_gemm_is_accelerated()) {
    axpy_fast(y, x, a, n);
    return;
  }
#endif
  (void)portable;
  for (size_t i = 0; i < n; i++) y[i] = fmaf(a, x[i], y[i]);
}

double tacit_softmax_error(float *z, const unsigned short *labels, size_t rows, size_t n, float scale) {
  double loss = 0;
  for (size_t i = 0; i < rows; i++) {
    float *r = z + i * n;
    float top = r[0];
    for (size_t j = 1; j < n; j++) top = r[j] > top ? r[j] : top;
    double wanted = (double)r[labels[i]] - (double)top, sum = 0;
    for (size_t j = 0; j < n; j++) {
      double e = tacit_exp((double)r[j] - (double)top);
      sum += e;
      r[j] = (float)e;
    }
    loss += tacit_log(sum) - wanted;
    double inverse = 1 / sum;
    for (size_t j = 0; j < n; j++) {
      float p = (float)((double)r[j] * inverse);
      r[j] = scale * (j == labels[i] ? p - 1 : p);
    }
  }
  return loss;
}

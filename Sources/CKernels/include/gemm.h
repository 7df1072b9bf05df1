#ifndef TACIT_GEMM_H
#define TACIT_GEMM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Dense layers for skinny batches, in single precision.
//
// Every result is a function of the operands and their shapes alone. A forward or update element is one chain of
// fused multiply-adds in index order; a backward element is eight such chains (lane = column mod 8) folded in a fixed
// tree. Tiling, vector width and threads therefore never change a bit, and the portable twin (`portable` non-zero)
// returns exactly what the AVX2 path returns. Matrices are row-major and contiguous.

/// y[rows][n] = bias[n] + x[rows][k] · w[k][n]; with `relu` non-zero negative results become zero.
void tacit_dense_forward(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k, size_t n,
                         int relu, int portable);

/// w[k][n] += xᵀ[k][rows] · d[rows][n], in place: the fused step of gradient descent once d carries −η/B.
void tacit_dense_update(float *w, const float *x, const float *d, size_t rows, size_t k, size_t n, int portable);

/// bias[n] += Σ over rows of d[rows][n].
void tacit_bias_update(float *bias, const float *d, size_t rows, size_t n);

/// dx[rows][k] = d[rows][n] · wᵀ[n][k], and zero where `activation` (the layer's rectified input, dx's shape) is zero.
void tacit_dense_backward(const float *d, const float *w, const float *activation, float *dx, size_t rows, size_t k,
                          size_t n, int portable);

// Batches with many zeros, as images and rectified units have. A term whose input is zero is left out; for finite
// operands that is the same number, so the marked kernels and the dense ones agree but for the sign of a zero weight,
// which a marked update makes positive.

/// Finds the inputs that are not zero in a batch of at most 32 rows and k at most 65536.
///
/// list has rows·(k + 8) places: row i's positions start at i·(k + 8), in increasing order, count[i] of them. Bit i of
/// mask[l] says whether x[i][l] is not zero.
void tacit_mark(const float *x, size_t rows, size_t k, unsigned short *list, unsigned *count, unsigned *mask,
                int portable);

/// As tacit_dense_forward, over marked inputs only.
void tacit_marked_forward(const float *x, const float *w, const float *bias, float *y, size_t rows, size_t k, size_t n,
                          int relu, const unsigned short *list, const unsigned *count, int portable);

/// As tacit_dense_update, over marked inputs only; rows of w without a mark are not touched.
void tacit_marked_update(float *w, const float *x, const float *d, size_t k, size_t n, const unsigned *mask,
                         int portable);

/// As tacit_dense_backward, with the marks of the rectified input in place of its values.
void tacit_marked_backward(const float *d, const float *w, float *dx, size_t rows, size_t k, size_t n,
                           const unsigned *mask, int portable);

/// Turns logits into the scaled error of softmax cross-entropy, in place: z ← scale·(softmax(z) − onehot(label)).
///
/// Returns the summed loss of the batch. Labels must be below n.
double tacit_softmax_error(float *z, const unsigned short *labels, size_t rows, size_t n, float scale);

/// y += a·x over n values.
void tacit_axpy(float *y, const float *x, float a, size_t n, int portable);

/// Rounds update·scale to the nearest integers, halves to even, into grid; larger magnitudes become ±limit.
///
/// Returns how many were larger. The values must be finite and limit at most 2^30.
size_t tacit_quantize(const float *update, double scale, int limit, int *grid, size_t n);

/// sum += weight·grid over n values, modulo 2^64.
void tacit_accumulate(long long *sum, const int *grid, long long weight, size_t n);

/// Integers as doubles; returns the largest magnitude, negative or above 2^30 when one is 2^31.
int tacit_widen(const int *x, double *y, size_t n);

/// The inner products of n rows of integers, of which `width` (a multiple of 4, at most 4096) count: gram[i·n + j] for
/// j ≤ i; what lies above the diagonal has no meaning.
///
/// Rows are `stride` apart and 32-byte aligned. Exact: `most` is the largest magnitude, at most 2^25.
void tacit_gram(const double *x, size_t stride, size_t n, size_t width, int most, long long *gram, int portable);

/// Sorts each of the 16 columns of a block of rows of 16, by a network of `pairs` comparators.
///
/// Comparator c puts the smaller values into row network[2c] and the larger into row network[2c + 1].
void tacit_sort_columns(const unsigned short *network, size_t pairs, int *block);

/// y ← y − x over n values; returns whether every result is finite.
int tacit_difference(float *y, const float *x, size_t n);

/// sum += weight·q modulo 2^64, where q is y − x quantised as tacit_quantize does.
///
/// Returns how many were larger; SIZE_MAX, and no change, when some y − x is not finite.
size_t tacit_contribute(
  const float *y, const float *x, double scale, int limit, long long weight, long long *sum, size_t n);

/// Whether the fast path is taken on this processor.
int tacit_gemm_is_accelerated(void);

/// e^x in double precision from additions, multiplications and bit operations only: the same bits everywhere.
///
/// Relative error below 4e-16; overflow gives infinity, underflow below 2^-1022 gives zero, NaN stays NaN.
double tacit_exp(double x);

/// Natural logarithm by the same rules; relative error below 4e-16 away from one, absolute below 2e-16 near it.
///
/// Zero gives minus infinity, negative numbers NaN.
double tacit_log(double x);

#ifdef __cplusplus
}
#endif

#endif

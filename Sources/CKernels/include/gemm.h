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

/// y ← y − x over n values; returns whether every result is finite.
int tacit_difference(float *y, const float *x, size_t n);

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

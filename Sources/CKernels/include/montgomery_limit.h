#ifndef TACIT_MONTGOMERY_LIMIT_H
#define TACIT_MONTGOMERY_LIMIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Loops for benchmarks that show what the processor can do at most. Each does `steps` steps, a multiple of 32.

/// Additions that each wait for the one before: one a cycle.
uint64_t tacit_measure_additions(uint64_t steps);

/// 64 by 64 to 128-bit multiplications that wait for nothing.
uint64_t tacit_measure_products(uint64_t steps);

/// The multiplications of rows of 32 words, each added to memory as the kernels do.
uint64_t tacit_measure_rows(uint64_t steps);

#ifdef __cplusplus
}
#endif
#endif

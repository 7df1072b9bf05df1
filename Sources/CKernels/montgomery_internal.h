#ifndef TACIT_MONTGOMERY_INTERNAL_H
#define TACIT_MONTGOMERY_INTERNAL_H

#include "montgomery.h"

/// The four limb loops everything else is made of. All take `limbs` words per operand.
typedef struct tacit_kernel {
  /// r[0..<2L] = a*b.
  void (*multiply)(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs);
  /// r[0..<2L] += a*b, returning the carry out of the top.
  uint64_t (*multiply_add)(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs);
  /// r[0..<2L] = a*a.
  void (*square)(uint64_t *r, const uint64_t *a, size_t limbs);
  /// With m = t * inverse mod R: t[L..<2L] = (t + m*n)/R mod R, returning the carry word; the words of m are kept.
  uint64_t (*reduce)(uint64_t *t, const uint64_t *n, uint64_t inverse, uint64_t *m, size_t limbs);
} tacit_kernel;

/// The fastest kernel for this many limbs on this processor.
const tacit_kernel *tacit_kernel_for(size_t limbs);

#endif

#ifndef TACIT_THRESHOLD_SCAN_H
#define TACIT_THRESHOLD_SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How many of the thresholds `high[i] · 2^64 + low[i]` lie above `value_high · 2^64 + value_low`.
///
/// Every entry is read and compared, whatever the value: no branch and no address depends on it. `count` is a multiple
/// of four; thresholds of zero count nothing. All paths give the same answer.
uint64_t tacit_count_above(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low);

/// The portable path of `tacit_count_above`; the oracle of the tests.
uint64_t tacit_count_above_portable(
    const uint64_t *high, const uint64_t *low, size_t count, uint64_t value_high, uint64_t value_low);

/// The number whose bit i is set when the uniform number `words[2i] · 2^64 + words[2i + 1]` lies below threshold i.
///
/// At most 63 thresholds; no branch and no address depends on the words.
uint64_t tacit_digits_below(const uint64_t *high, const uint64_t *low, size_t count, const uint64_t *words);

#ifdef __cplusplus
}
#endif
#endif

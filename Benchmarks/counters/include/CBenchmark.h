#ifndef TACIT_CBENCHMARK_H
#define TACIT_CBENCHMARK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What benchmarks count beside time. Only benchmark executables link this.

/// Calls of malloc, calloc, realloc and the aligned forms by every thread since counting began; -1 where they cannot be
/// counted (a C library other than glibc, or a sanitizer that has its own).
int64_t tacit_benchmark_allocations(void);

/// Begins (1) or ends (0) counting allocations; beginning starts at zero.
void tacit_benchmark_count_allocations(int on);

/// A counter of user-mode instructions of the calling thread: a file descriptor, or -1 where the machine or its rules do
/// not give one.
int tacit_benchmark_open_instructions(void);

/// The counter's value; -1 when it cannot be read.
int64_t tacit_benchmark_read_instructions(int descriptor);

/// Under valgrind's callgrind, from here on instructions are counted; does nothing otherwise, or when valgrind's headers
/// were not there at the build.
void tacit_benchmark_begin_profile(void);

/// Ends what tacit_benchmark_begin_profile began and has callgrind write what it counted, under a name.
void tacit_benchmark_end_profile(const char *name);

#ifdef __cplusplus
}
#endif

#endif

#define _GNU_SOURCE
#include "CBenchmark.h"

#include <stddef.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/syscall.h>

int tacit_benchmark_open_instructions(void) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

int64_t tacit_benchmark_read_instructions(int descriptor) {
  int64_t count = 0;
  if (descriptor < 0 || read(descriptor, &count, sizeof count) != sizeof count) return -1;
  return count;
}
#else
int tacit_benchmark_open_instructions(void) { return -1; }
int64_t tacit_benchmark_read_instructions(int descriptor) { (void)descriptor; return -1; }
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TACIT_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(TACIT_SANITIZED)
// An executable's own definitions come before the C library's, for every library it loads; the work stays glibc's.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_int counting;
static atomic_llong allocations;

static inline void note(void) {
  if (atomic_load_explicit(&counting, memory_order_relaxed)) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  }
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note();
  return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size) {
  note();
  return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  note();
  void *pointer = __libc_memalign(alignment, size);
  if (pointer == NULL) return ENOMEM;
  *out = pointer;
  return 0;
}

void tacit_benchmark_count_allocations(int on) {
  if (on) atomic_store_explicit(&allocations, 0, memory_order_relaxed);
  atomic_store_explicit(&counting, on, memory_order_relaxed);
}

int64_t tacit_benchmark_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }
#else
void tacit_benchmark_count_allocations(int on) { (void)on; }
int64_t tacit_benchmark_allocations(void) { return -1; }
#endif

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>

void tacit_benchmark_begin_profile(void) {
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
}

void tacit_benchmark_end_profile(const char *name) {
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}
#else
void tacit_benchmark_begin_profile(void) {}
void tacit_benchmark_end_profile(const char *name) { (void)name; }
#endif

#include "wipe.h"

#include <string.h>

void tacit_wipe(void *bytes, size_t count) {
  if (count == 0) return;
  memset(bytes, 0, count);
  // The empty statement claims to read the memory, so the store above is observable.
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

__attribute__((noinline)) void tacit_wipe_stack(void) {
  unsigned char below[1 << 17];
  tacit_wipe(below, sizeof below);
}

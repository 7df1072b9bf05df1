#include "entropy.h"

#include <errno.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

int tacit_entropy(void *bytes, size_t count) {
  while (getentropy(bytes, count) != 0) {
    if (errno != EINTR) return -1;
  }
  return 0;
}

#ifndef TACIT_CZLIB_SHIM_H
#define TACIT_CZLIB_SHIM_H
#include <zlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/// `inflateInit2` is a macro that Swift cannot see. Window bits 15 + 32 accept gzip and zlib headers.
static inline int tacit_inflate_init_gzip(z_streamp stream) {
  return inflateInit2(stream, 15 + 32);
}

#ifdef __cplusplus
}
#endif
#endif

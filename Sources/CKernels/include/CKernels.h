#ifndef TACIT_CKERNELS_H
#define TACIT_CKERNELS_H

#include "arrow.h"
#include "chacha20.h"
#include "delimited_scan.h"
#include "entropy.h"
#include "gemm.h"
#include "mask_words.h"
#include "montgomery.h"
#include "montgomery_limit.h"
#include "prefetch.h"
#include "scrypt.h"
#include "threshold_scan.h"
#include "wipe.h"

#endif

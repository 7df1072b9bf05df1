#ifndef TACIT_CKERNELS_H
#define TACIT_CKERNELS_H

#include "gemm.h"

#endif

#ifndef TACIT_CDATA_H
#define TACIT_CDATA_H

#include "adult.h"
#include "digits.h"

#endif

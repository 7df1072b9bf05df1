#include "gemm.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t to_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// ln 2 in two parts: the first has 32 significant bits, so k·high is exact for every exponent k.
static const double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;

double tacit_exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return INFINITY;
  if (x < -708.3964185322641) return 0;
  // x = k·ln 2 + r, |r| ≤ 0.347; adding 1.5·2^52 rounds to an integer without a library call.
  const double shift = 0x1.8p52;
  double k = (x * 0x1.71547652b82fep0 + shift) - shift;
  double r = (x - k * ln2_high) - k * ln2_low;
  // Taylor polynomial of degree 13: the first term left out is below 0.347^14/14! = 4.2e-18.
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  double e = 1.0 + (r + r * r * p);
  int exponent = (int)k;
  if (exponent > 1023) return e * 2.0 * from_bits((uint64_t)(exponent - 1 + 1023) << 52);
  return e * from_bits((uint64_t)(exponent + 1023) << 52);
}

double tacit_log(double x) {
  if (x != x || x == INFINITY) return x;
  if (x == 0) return -INFINITY;
  if (x < 0) return NAN;
  int exponent = 0;
  uint64_t bits = to_bits(x);
  if (bits < 0x0010000000000000u) {
    x *= 0x1p54;
    bits = to_bits(x);
    exponent = -54;
  }
  // x = 2^k·m with m in [√½, √2).
  exponent += (int)(bits >> 52) - 1023;
  double m = from_bits((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  // ln m = 2·atanh(s) with s = (m − 1)/(m + 1), |s| ≤ 0.1716; terms past s^21 are below 4e-19.
  double f = m - 1, s = f / (m + 1), q = s * s;
  double p = 1.0 / 21.0;
  p = p * q + 1.0 / 19.0;
  p = p * q + 1.0 / 17.0;
  p = p * q + 1.0 / 15.0;
  p = p * q + 1.0 / 13.0;
  p = p * q + 1.0 / 11.0;
  p = p * q + 1.0 / 9.0;
  p = p * q + 1.0 / 7.0;
  p = p * q + 1.0 / 5.0;
  p = p * q + 1.0 / 3.0;
  // 2s = f − s·f, which keeps the leading term exact.
  double tail = s * (2 * q * p - f);
  double k = exponent;
  return k * ln2_high + (f + (tail + k * ln2_low));
}

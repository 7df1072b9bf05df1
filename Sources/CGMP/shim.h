#ifndef TACIT_CGMP_SHIM_H
#define TACIT_CGMP_SHIM_H
#include <gmp.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Sign of x as -1, 0 or 1 (`mpz_sgn` is a macro).
static inline int tacit_mpz_sgn(const __mpz_struct *x) { return mpz_sgn(x); }

/// 1 when x is odd (`mpz_odd_p` is a macro).
static inline int tacit_mpz_odd(const __mpz_struct *x) { return mpz_odd_p(x) ? 1 : 0; }

/// Sign of the rational x as -1, 0 or 1 (`mpq_sgn` is a macro).
static inline int tacit_mpq_sgn(const __mpq_struct *x) { return mpq_sgn(x); }

/// The numerator and denominator of a rational (`mpq_numref` and `mpq_denref` are macros).
static inline __mpz_struct *tacit_mpq_num(__mpq_struct *x) { return mpq_numref(x); }
static inline __mpz_struct *tacit_mpq_den(__mpq_struct *x) { return mpq_denref(x); }
static inline const __mpz_struct *tacit_mpq_cnum(const __mpq_struct *x) { return mpq_numref(x); }
static inline const __mpz_struct *tacit_mpq_cden(const __mpq_struct *x) { return mpq_denref(x); }

#ifdef __cplusplus
}
#endif
#endif

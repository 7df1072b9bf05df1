#ifndef TACIT_MONTGOMERY_H
#define TACIT_MONTGOMERY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An odd modulus n of `limbs` 64-bit words (little endian, zero-padded at the top) and -1/n mod 2^64.
///
/// R below is 2^(64*limbs). A *pair* is 2*limbs words: x = x0 + x1*n, digit 0 first, both digits below n.
/// Every function is free of branches and memory accesses that depend on the values of its operands,
/// except where a parameter named `variable_time` says otherwise. Outputs may alias inputs.
typedef struct tacit_modulus {
  const uint64_t *words;
  uint64_t inverse;
  size_t limbs;
} tacit_modulus;

/// The number of words to allocate for a modulus of `limbs` words, so that a fast kernel exists.
size_t tacit_padded_limbs(size_t limbs);

/// Words of scratch that every function below needs.
size_t tacit_pair_scratch_limbs(size_t limbs);

/// -1/n mod 2^64 for odd n.
uint64_t tacit_negative_inverse(uint64_t n);

/// 1 when the processor has BMI2 and ADX and the fast rows are in use, otherwise 0.
int tacit_montgomery_is_accelerated(void);

/// Forces the portable rows (1), returns to the processor's best (0), or forces the fast rows (-1) where an emulator runs
/// their instructions without announcing them. Process-wide; for tests and benchmarks.
void tacit_montgomery_force_portable(int portable);

/// Limb loops of another library, in GMP's calling conventions, for processors without BMI2 and ADX.
typedef struct tacit_foreign_rows {
  /// r[0..<n] += u*v, returning the carry word.
  uint64_t (*multiply_add_row)(uint64_t *r, const uint64_t *u, long n, uint64_t v);
  /// r[0..<2n] = a*b.
  void (*multiply)(uint64_t *r, const uint64_t *a, const uint64_t *b, long n);
  /// r[0..<2n] = a*a.
  void (*square)(uint64_t *r, const uint64_t *a, long n);
} tacit_foreign_rows;

/// Makes the portable path use these loops instead of plain C. The struct must live as long as the process.
void tacit_montgomery_set_foreign_rows(const tacit_foreign_rows *rows);

/// r = a*b/R mod n, one digit each.
void tacit_digit_multiply(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch);

/// r = a + b mod n, one digit each, both below n.
void tacit_digit_add(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch);

/// r = a - b mod n, one digit each, both below n.
void tacit_digit_subtract(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch);

/// r = a*b/R mod n^2 on pairs.
void tacit_pair_multiply(const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch);

/// r = a*b/R mod n^2 for a pair a and a number b of one digit: two products instead of three.
void tacit_pair_multiply_digit(
    const tacit_modulus *n, uint64_t *r, const uint64_t *a, const uint64_t *b, uint64_t *scratch);

/// r = a*a/R mod n^2 on pairs.
void tacit_pair_square(const tacit_modulus *n, uint64_t *r, const uint64_t *a, uint64_t *scratch);

/// Words of table that `tacit_pair_power` needs for a window of `window` bits.
size_t tacit_pair_power_table_limbs(size_t limbs, unsigned window);

/// r = base^exponent mod n^2 in Montgomery form, `bits` exponent bits always walked, fixed windows.
///
/// `one` is R mod n^2. With `variable_time` 0 the whole window table is scanned at each step.
void tacit_pair_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *base, const uint64_t *one, const uint64_t *exponent,
    size_t bits, unsigned window, int variable_time, uint64_t *table, uint64_t *scratch);

/// The shape of a Lim-Lee comb: exponents of `bits` bits, 2^teeth entries in each of `tables` tables.
typedef struct tacit_comb {
  size_t bits;
  unsigned teeth;
  unsigned tables;
} tacit_comb;

/// Words of a comb's table.
size_t tacit_comb_table_limbs(size_t limbs, tacit_comb shape);

/// Words of working space that `tacit_comb_build` needs besides its scratch.
size_t tacit_comb_work_limbs(size_t limbs, tacit_comb shape);

/// Fills a comb's table for `base` (Montgomery form), a unit; `inverse` is 1/base mod n, one digit in Montgomery form.
///
/// An entry x0 + x1*n is kept as x0 and u = (x1/x0)*R mod n, so that x = x0*(1 + (u/R)*n): a power multiplies by single
/// digits and adds the u up, which costs two products and two reductions a step instead of three and two.
void tacit_comb_build(
    const tacit_modulus *n, uint64_t *table, const uint64_t *base, const uint64_t *inverse, const uint64_t *one,
    tacit_comb shape, uint64_t *work, uint64_t *scratch);

/// r = base^exponent from the comb's table. The exponent has ceil(bits/64) words and nothing above `bits`.
void tacit_comb_power(
    const tacit_modulus *n, uint64_t *r, const uint64_t *table, const uint64_t *one, tacit_comb shape,
    const uint64_t *exponent, int variable_time, uint64_t *scratch);

#ifdef __cplusplus
}
#endif
#endif

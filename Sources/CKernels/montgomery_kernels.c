#include <stdatomic.h>

#include "montgomery_internal.h"

typedef unsigned __int128 wide;

static inline void zero_words(uint64_t *r, size_t limbs) {
  for (size_t i = 0; i < limbs; i++) r[i] = 0;
}

// The portable row: r[0..<length] += u*v.
static inline uint64_t row_portable(uint64_t *r, const uint64_t *u, uint64_t v, size_t length) {
  uint64_t carry = 0;
  size_t i = 0;
  for (; i + 4 <= length; i += 4) {
    wide p0 = (wide)u[i] * v + r[i] + carry;
    r[i] = (uint64_t)p0;
    wide p1 = (wide)u[i + 1] * v + r[i + 1] + (uint64_t)(p0 >> 64);
    r[i + 1] = (uint64_t)p1;
    wide p2 = (wide)u[i + 2] * v + r[i + 2] + (uint64_t)(p1 >> 64);
    r[i + 2] = (uint64_t)p2;
    wide p3 = (wide)u[i + 3] * v + r[i + 3] + (uint64_t)(p2 >> 64);
    r[i + 3] = (uint64_t)p3;
    carry = (uint64_t)(p3 >> 64);
  }
  for (; i < length; i++) {
    wide p = (wide)u[i] * v + r[i] + carry;
    r[i] = (uint64_t)p;
    carry = (uint64_t)(p >> 64);
  }
  return carry;
}

static void multiply_portable(
    uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {
  (void)scratch;
  zero_words(r, limbs);
  for (size_t i = 0; i < limbs; i++) r[i + limbs] = row_portable(r + i, a, b[i], limbs);
}

static uint64_t multiply_add_portable(
    uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {
  (void)scratch;
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs; i++) {
    wide s = (wide)r[i + limbs] + row_portable(r + i, a, b[i], limbs) + carry;
    r[i + limbs] = (uint64_t)s;
    carry = (uint64_t)(s >> 64);
  }
  return carry;
}

static void square_portable(uint64_t *r, const uint64_t *a, size_t limbs, uint64_t *scratch) {
  (void)scratch;
  zero_words(r, 2 * limbs);
  for (size_t i = 0; i + 1 < limbs; i++) {
    r[i + limbs] = row_portable(r + 2 * i + 1, a + i + 1, a[i], limbs - 1 - i);
  }
  uint64_t top = 0, carry = 0;
  for (size_t i = 0; i < limbs; i++) {
    wide square = (wide)a[i] * a[i];
    uint64_t low = r[2 * i], high = r[2 * i + 1];
    wide s = (wide)((low << 1) | top) + (uint64_t)square + carry;
    r[2 * i] = (uint64_t)s;
    s = (wide)((high << 1) | (low >> 63)) + (uint64_t)(square >> 64) + (uint64_t)(s >> 64);
    r[2 * i + 1] = (uint64_t)s;
    carry = (uint64_t)(s >> 64);
    top = high >> 63;
  }
}

static uint64_t reduce_portable(uint64_t *t, const uint64_t *n, uint64_t inverse, uint64_t *m, size_t limbs) {
  for (size_t i = 0; i < limbs; i++) {
    uint64_t q = t[i] * inverse;
    m[i] = q;
    t[i] = row_portable(t + i, n, q, limbs);
  }
  return tacit_add(t + limbs, t + limbs, t, limbs, 0);
}

static const tacit_kernel portable = {multiply_portable, multiply_add_portable, square_portable, reduce_portable};

// The same with the loops of another library.
static const tacit_foreign_rows *_Atomic foreign_rows = 0;

static void multiply_foreign(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {
  (void)scratch;
  atomic_load_explicit(&foreign_rows, memory_order_acquire)->multiply(r, a, b, (long)limbs);
}

static uint64_t multiply_add_foreign(
    uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {
  multiply_foreign(scratch, a, b, limbs, scratch);
  return tacit_add(r, r, scratch, 2 * limbs, 0);
}

static void square_foreign(uint64_t *r, const uint64_t *a, size_t limbs, uint64_t *scratch) {
  (void)scratch;
  atomic_load_explicit(&foreign_rows, memory_order_acquire)->square(r, a, (long)limbs);
}

static uint64_t reduce_foreign(uint64_t *t, const uint64_t *n, uint64_t inverse, uint64_t *m, size_t limbs) {
  const tacit_foreign_rows *rows = atomic_load_explicit(&foreign_rows, memory_order_acquire);
  for (size_t i = 0; i < limbs; i++) {
    uint64_t q = t[i] * inverse;
    m[i] = q;
    t[i] = rows->multiply_add_row(t + i, n, (long)limbs, q);
  }
  return tacit_add(t + limbs, t + limbs, t, limbs, 0);
}

static const tacit_kernel foreign = {multiply_foreign, multiply_add_foreign, square_foreign, reduce_foreign};

void tacit_montgomery_set_foreign_rows(const tacit_foreign_rows *rows) {
  atomic_store_explicit(&foreign_rows, rows, memory_order_release);
}

static const tacit_kernel *portable_kernel(void) {
  return atomic_load_explicit(&foreign_rows, memory_order_relaxed) ? &foreign : &portable;
}

#if defined(__x86_64__)
#include "montgomery_rows.h"

// The row loops for one fixed length.
#define ROWS(L)                                                                                       \
  static inline __attribute__((unused)) void multiply_rows_##L(                                       \
      uint64_t *r, const uint64_t *a, const uint64_t *b) {                                            \
    zero_words(r, L);                                                                                 \
    for (size_t i = 0; i < L; i++) r[i + L] = row##L(r + i, a, b[i]);                                 \
  }                                                                                                   \
  static uint64_t reduce_##L(                                                                         \
      uint64_t *t, const uint64_t *n, uint64_t inverse, uint64_t *m, size_t limbs) {                  \
    (void)limbs;                                                                                      \
    for (size_t i = 0; i < L; i++) {                                                                  \
      uint64_t q = t[i] * inverse;                                                                    \
      m[i] = q;                                                                                       \
      t[i] = row##L(t + i, n, q);                                                                     \
    }                                                                                                 \
    return tacit_add(t + L, t + L, t, L, 0);                                                          \
  }

// Squares by rows, of the lengths that have a triangle.
#define SQUARE_ROWS(L)                                                                                \
  static inline __attribute__((unused)) void square_rows_##L(uint64_t *r, const uint64_t *a) {        \
    zero_words(r, 2 * L);                                                                             \
    triangle_##L(r, a);                                                                               \
    double_and_add_squares(r, a, L);                                                                  \
  }

// Products by rows alone.
#define SCHOOLBOOK(L)                                                                                 \
  static void square_##L(uint64_t *r, const uint64_t *a, size_t limbs, uint64_t *scratch) {           \
    (void)limbs;                                                                                      \
    (void)scratch;                                                                                    \
    square_rows_##L(r, a);                                                                            \
  }                                                                                                   \
  static void multiply_##L(                                                                           \
      uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {           \
    (void)limbs;                                                                                      \
    (void)scratch;                                                                                    \
    multiply_rows_##L(r, a, b);                                                                       \
  }                                                                                                   \
  static uint64_t multiply_add_##L(                                                                   \
      uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {           \
    (void)limbs;                                                                                      \
    (void)scratch;                                                                                    \
    uint64_t carry = 0;                                                                               \
    for (size_t i = 0; i < L; i++) {                                                                  \
      wide s = (wide)row##L(r + i, a, b[i]) + r[i + L] + carry;                                       \
      r[i + L] = (uint64_t)s;                                                                         \
      carry = (uint64_t)(s >> 64);                                                                    \
    }                                                                                                 \
    return carry;                                                                                     \
  }

// One level of Karatsuba over products of H = L/2 words:
// (a0 + a1 x)(b0 + b1 x) has the middle term a0 b0 + a1 b1 - (a0 - a1)(b0 - b1), the last product by magnitudes.
#define KARATSUBA(L, H)                                                                               \
  static void multiply_##L(                                                                           \
      uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {           \
    (void)limbs;                                                                                      \
    uint64_t *z = scratch, *middle = scratch + L;                                                     \
    uint64_t negative = distance(middle, a, a + H, H) ^ distance(middle + H, b, b + H, H);            \
    multiply_rows_##H(z, middle, middle + H);                                                         \
    multiply_rows_##H(r, a, b);                                                                       \
    multiply_rows_##H(r + L, a + H, b + H);                                                           \
    uint64_t carry = tacit_add(middle, r, r + L, L, 0);                                               \
    carry += negative - 1 + add_signed(middle, z, negative, L);                                       \
    carry += tacit_add(r + H, r + H, middle, L, 0);                                                   \
    tacit_add_word(r + H + L, r + H + L, carry, H);                                                   \
  }                                                                                                   \
  static void square_##L(uint64_t *r, const uint64_t *a, size_t limbs, uint64_t *scratch) {           \
    (void)limbs;                                                                                      \
    uint64_t *z = scratch, *middle = scratch + L;                                                     \
    distance(middle, a, a + H, H);                                                                    \
    square_rows_##H(z, middle);                                                                       \
    square_rows_##H(r, a);                                                                            \
    square_rows_##H(r + L, a + H);                                                                    \
    uint64_t carry = tacit_add(middle, r, r + L, L, 0);                                               \
    carry += add_signed(middle, z, 0, L) - 1;                                                         \
    carry += tacit_add(r + H, r + H, middle, L, 0);                                                   \
    tacit_add_word(r + H + L, r + H + L, carry, H);                                                   \
  }                                                                                                   \
  static uint64_t multiply_add_##L(                                                                   \
      uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs, uint64_t *scratch) {           \
    multiply_##L(scratch + 2 * L, a, b, limbs, scratch);                                              \
    return tacit_add(r, r, scratch + 2 * L, 2 * L, 0);                                                \
  }

#define KERNEL(L) static const tacit_kernel kernel_##L = {multiply_##L, multiply_add_##L, square_##L, reduce_##L};

// r = |a - b|; 1 when a is below b.
static inline __attribute__((always_inline)) uint64_t distance(
    uint64_t *r, const uint64_t *a, const uint64_t *b, size_t limbs) {
  uint64_t below = tacit_subtract(r, a, b, limbs), mask = -below;
  __asm__("" : "+r"(mask));
  unsigned long long carry = below;
  for (size_t i = 0; i < limbs; i += 8) {
    for (int k = 0; k < 8; k++) r[i + k] = __builtin_addcll(r[i + k] ^ mask, 0, carry, &carry);
  }
  return below;
}

// r += z when `negative` is 1; r -= z by its complement when it is 0. Returns the carry of the addition.
static inline __attribute__((always_inline)) uint64_t add_signed(
    uint64_t *r, const uint64_t *z, uint64_t negative, size_t limbs) {
  uint64_t mask = negative - 1;
  __asm__("" : "+r"(mask));
  unsigned long long carry = negative ^ 1;
  for (size_t i = 0; i < limbs; i += 8) {
    for (int k = 0; k < 8; k++) r[i + k] = __builtin_addcll(r[i + k], z[i + k] ^ mask, carry, &carry);
  }
  return carry;
}

// Products a[i]*a[j], i < j, into zeroed r[0..<2L].
static inline void triangle_4(uint64_t *r, const uint64_t *a) {
  r[4] = row3(r + 1, a + 1, a[0]);
  r[5] = row2(r + 3, a + 2, a[1]);
  r[6] = row1(r + 5, a + 3, a[2]);
}

static inline void triangle_8(uint64_t *r, const uint64_t *a) {
  r[8] = row7(r + 1, a + 1, a[0]);
  r[9] = row6(r + 3, a + 2, a[1]);
  r[10] = row5(r + 5, a + 3, a[2]);
  r[11] = row4(r + 7, a + 4, a[3]);
  r[12] = row3(r + 9, a + 5, a[4]);
  r[13] = row2(r + 11, a + 6, a[5]);
  r[14] = row1(r + 13, a + 7, a[6]);
}

static void triangle_16(uint64_t *r, const uint64_t *a) {
  r[16] = row15(r + 1, a + 1, a[0]);
  r[17] = row14(r + 3, a + 2, a[1]);
  r[18] = row13(r + 5, a + 3, a[2]);
  r[19] = row12(r + 7, a + 4, a[3]);
  r[20] = row11(r + 9, a + 5, a[4]);
  r[21] = row10(r + 11, a + 6, a[5]);
  r[22] = row9(r + 13, a + 7, a[6]);
  r[23] = row8(r + 15, a + 8, a[7]);
  r[24] = row7(r + 17, a + 9, a[8]);
  r[25] = row6(r + 19, a + 10, a[9]);
  r[26] = row5(r + 21, a + 11, a[10]);
  r[27] = row4(r + 23, a + 12, a[11]);
  r[28] = row3(r + 25, a + 13, a[12]);
  r[29] = row2(r + 27, a + 14, a[13]);
  r[30] = row1(r + 29, a + 15, a[14]);
}

// Joins the triangles of two blocks: `rows` rows of a fixed-length row function, added at r[at].
#define RECTANGLE(row, length, rows, at, vector, multipliers, top)            \
  {                                                                           \
    uint64_t carry = 0;                                                       \
    for (size_t i = 0; i < rows; i++) {                                       \
      wide s = (wide)row(r + at + i, vector, (multipliers)[i]) + carry;       \
      s += r[at + length + i];                                                \
      r[at + length + i] = (uint64_t)s;                                       \
      carry = (uint64_t)(s >> 64);                                            \
    }                                                                         \
    tacit_add_word(r + at + length + rows, r + at + length + rows, carry, top - (at + length + rows));      \
  }

static void triangle_24(uint64_t *r, const uint64_t *a) {
  triangle_16(r, a);
  triangle_8(r + 32, a + 16);
  RECTANGLE(row16, 16, 8, 16, a, a + 16, 48)
}

static void triangle_32(uint64_t *r, const uint64_t *a) {
  triangle_16(r, a);
  triangle_16(r + 32, a + 16);
  RECTANGLE(row16, 16, 16, 16, a, a + 16, 64)
}

ROWS(4)
ROWS(8)
ROWS(16)
ROWS(24)
ROWS(32)
ROWS(48)
ROWS(64)

SQUARE_ROWS(4)
SQUARE_ROWS(8)
SQUARE_ROWS(16)
SQUARE_ROWS(24)
SQUARE_ROWS(32)

SCHOOLBOOK(4)
SCHOOLBOOK(8)
SCHOOLBOOK(16)
SCHOOLBOOK(24)
KARATSUBA(32, 16)
KARATSUBA(48, 24)
KARATSUBA(64, 32)

KERNEL(4)
KERNEL(8)
KERNEL(16)
KERNEL(24)
KERNEL(32)
KERNEL(48)
KERNEL(64)

static int detect(void) {
  uint32_t a = 7, b, c = 0, d;
  uint32_t highest = 0, b0, c0 = 0, d0;
  __asm__ volatile("cpuid" : "+a"(highest), "=b"(b0), "+c"(c0), "=d"(d0));
  if (highest < 7) return 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (b >> 8 & 1) && (b >> 19 & 1);
}

static const tacit_kernel *accelerated(size_t limbs) {
  switch (limbs) {
    case 4: return &kernel_4;
    case 8: return &kernel_8;
    case 16: return &kernel_16;
    case 24: return &kernel_24;
    case 32: return &kernel_32;
    case 48: return &kernel_48;
    case 64: return &kernel_64;
    default: return portable_kernel();
  }
}
#else
static int detect(void) { return 0; }
static const tacit_kernel *accelerated(size_t limbs) {
  (void)limbs;
  return portable_kernel();
}
#endif

// 0: not yet known; 1: portable; 2: accelerated.
static _Atomic int mode = 0;

void tacit_montgomery_force_portable(int value) {
  atomic_store_explicit(&mode, value > 0 || (value == 0 && !detect()) ? 1 : 2, memory_order_relaxed);
}

int tacit_montgomery_is_accelerated(void) {
  int known = atomic_load_explicit(&mode, memory_order_relaxed);
  if (known == 0) {
    known = detect() ? 2 : 1;
    atomic_store_explicit(&mode, known, memory_order_relaxed);
  }
  return known == 2;
}

const tacit_kernel *tacit_kernel_for(size_t limbs) {
  return tacit_montgomery_is_accelerated() ? accelerated(limbs) : portable_kernel();
}

size_t tacit_padded_limbs(size_t limbs) {
  static const size_t fast[] = {4, 8, 16, 24, 32, 48, 64};
  for (size_t i = 0; i < sizeof fast / sizeof *fast; i++) {
    if (limbs <= fast[i]) return fast[i];
  }
  return (limbs + 7) / 8 * 8;
}

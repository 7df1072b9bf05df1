// Multiply-accumulate rows with mulx/adcx/adox, fully unrolled. Included only on x86-64.
#ifndef TACIT_MONTGOMERY_ROWS_H
#define TACIT_MONTGOMERY_ROWS_H

#include <stddef.h>
#include <stdint.h>

// One step of r += u*v at byte offset `o`: CF carries the chain of accumulator and previous high half, OF that of the
// low halves. EVEN leaves its high half in h0 and takes the previous one from h1; ODD the other way round.
#define EVEN(o)                                \
  "adcx " #o "(%[r]), %[h1]\n\t"               \
  "mulx " #o "(%[u]), %[lo], %[h0]\n\t"        \
  "adox %[h1], %[lo]\n\t"                      \
  "movq %[lo], " #o "(%[r])\n\t"
#define ODD(o)                                 \
  "adcx " #o "(%[r]), %[h0]\n\t"               \
  "mulx " #o "(%[u]), %[lo], %[h1]\n\t"        \
  "adox %[h0], %[lo]\n\t"                      \
  "movq %[lo], " #o "(%[r])\n\t"

#define S8(b) EVEN(b + 0) ODD(b + 8) EVEN(b + 16) ODD(b + 24) EVEN(b + 32) ODD(b + 40) EVEN(b + 48) ODD(b + 56)

#define B1 EVEN(0)
#define B2 B1 ODD(8)
#define B3 B2 EVEN(16)
#define B4 B3 ODD(24)
#define B5 B4 EVEN(32)
#define B6 B5 ODD(40)
#define B7 B6 EVEN(48)
#define B8 B7 ODD(56)
#define B9 B8 EVEN(64)
#define B10 B9 ODD(72)
#define B11 B10 EVEN(80)
#define B12 B11 ODD(88)
#define B13 B12 EVEN(96)
#define B14 B13 ODD(104)
#define B15 B14 EVEN(112)
#define B16 B15 ODD(120)
#define B24 B16 S8(128)
#define B32 B24 S8(192)
#define B48 B32 S8(256) S8(320)
#define B64 B48 S8(384) S8(448)

// r[0..<length] += u*v, returning the carry word. `last` names the register with the last high half.
#define ROW(length, body, last)                                                                          \
  static inline __attribute__((always_inline)) uint64_t row##length(                                     \
      uint64_t *r, const uint64_t *u, uint64_t v) {                                                      \
    uint64_t h0, h1, lo;                                                                                 \
    __asm__ volatile("xorl %k[h1], %k[h1]\n\t" body "movl $0, %k[lo]\n\t"                                \
                     "adcx %[lo], %[" #last "]\n\t"                                                      \
                     "adox %[lo], %[" #last "]\n\t"                                                      \
                     : [h0] "=&r"(h0), [h1] "=&r"(h1), [lo] "=&r"(lo)                                    \
                     : [r] "r"(r), [u] "r"(u), "d"(v)                                                    \
                     : "cc", "memory");                                                                  \
    return last;                                                                                         \
  }

ROW(1, B1, h0)
ROW(2, B2, h1)
ROW(3, B3, h0)
ROW(4, B4, h1)
ROW(5, B5, h0)
ROW(6, B6, h1)
ROW(7, B7, h0)
ROW(8, B8, h1)
ROW(9, B9, h0)
ROW(10, B10, h1)
ROW(11, B11, h0)
ROW(12, B12, h1)
ROW(13, B13, h0)
ROW(14, B14, h1)
ROW(15, B15, h0)
ROW(16, B16, h1)
ROW(24, B24, h1)
ROW(32, B32, h1)
ROW(48, B48, h1)
ROW(64, B64, h1)

// r[0..<2*limbs] = 2*r + the squares of a's words; `limbs` is a multiple of 4.
static inline void double_and_add_squares(uint64_t *r, const uint64_t *a, size_t limbs) {
  uint64_t lo, hi, x, count = limbs / 4;
#define SQUARE(i)                            \
  "movq 8*" #i "(%[a]), %%rdx\n\t"           \
  "mulx %%rdx, %[lo], %[hi]\n\t"             \
  "movq 16*" #i "(%[r]), %[x]\n\t"           \
  "adcx %[x], %[x]\n\t"                      \
  "adox %[lo], %[x]\n\t"                     \
  "movq %[x], 16*" #i "(%[r])\n\t"           \
  "movq 16*" #i "+8(%[r]), %[x]\n\t"         \
  "adcx %[x], %[x]\n\t"                      \
  "adox %[hi], %[x]\n\t"                     \
  "movq %[x], 16*" #i "+8(%[r])\n\t"
  __asm__ volatile("xorl %k[x], %k[x]\n\t"
                   "1:\n\t" SQUARE(0) SQUARE(1) SQUARE(2) SQUARE(3)
                   "leaq 32(%[a]), %[a]\n\t"
                   "leaq 64(%[r]), %[r]\n\t"
                   "leaq -1(%%rcx), %%rcx\n\t"
                   "jrcxz 2f\n\t"
                   "jmp 1b\n\t"
                   "2:\n\t"
                   : [a] "+r"(a), [r] "+r"(r), "+c"(count), [lo] "=&r"(lo), [hi] "=&r"(hi), [x] "=&r"(x)
                   :
                   : "rdx", "cc", "memory");
#undef SQUARE
}

#endif

import CKernels

/// Arithmetic modulo n² on pairs: x = x₀ + x₁·n with both digits below n, for one odd n.
///
/// A pair is `2 * limbs` words, digit 0 first. Montgomery form is x·R with R = 2^(64·limbs). The a₁·b₁ quarter of a
/// product vanishes modulo n² and both reductions are one digit long, which is what makes the form fast; the
/// representation is the Hensel lifting of Takagi's p^k·q RSA (1998) and of Wieferich-prime searches (Crandall,
/// Dilcher, Pomerance 1997). Immutable, so it is shared between threads; the words are wiped at the end, because n
/// may be a secret prime.
@safe
package final class PairModulus: @unchecked Sendable {
  /// Words of one digit, padded to a size the kernels are fast at.
  package let limbs: Int
  /// The number of bits of n.
  package let bitWidth: Int
  let modulus: tacit_modulus
  private let words: LimbBuffer
  /// Pairs: R mod n², R² mod n², the number 1, and the digit R² mod n (one digit, zero-padded to a pair).
  private let constants: LimbBuffer

  /// The ring modulo the square of `value`.
  ///
  /// - Precondition: `value` is odd and at least 3.
  package init(_ value: borrowing Natural) {
    PortableRows.install()
    precondition(value.isOdd && value.bitWidth > 1, "a Montgomery modulus is odd and at least 3")
    bitWidth = value.bitWidth
    let limbs = Int(tacit_padded_limbs((value.bitWidth + 63) / 64))
    self.limbs = limbs
    let words = LimbBuffer(count: limbs)
    unsafe value.export(to: words.base, count: limbs)
    unsafe modulus = unsafe tacit_modulus(
      words: words.base, inverse: tacit_negative_inverse(words.base[0]), limbs: limbs)
    self.words = words

    let constants = LimbBuffer(count: 8 * limbs)
    let radix = Natural.powerOfTwo(64 * limbs)
    let square = value * value
    let one = radix % square
    let radixSquared = (one * one) % square
    unsafe Self.split(one, by: value, into: constants.base, limbs: limbs)
    unsafe Self.split(radixSquared, by: value, into: constants.base + 2 * limbs, limbs: limbs)
    unsafe constants.base[4 * limbs] = 1
    unsafe (radixSquared % value).export(to: constants.base + 6 * limbs, count: limbs)
    self.constants = constants
  }

  /// R mod n², the number 1 in Montgomery form.
  package var one: ConstantLimbs { unsafe ConstantLimbs(constants.base) }
  /// R² mod n²: multiplying by it enters Montgomery form.
  package var radixSquared: ConstantLimbs { unsafe ConstantLimbs(constants.base + 2 * limbs) }
  /// The number 1: multiplying by it leaves Montgomery form.
  package var unit: ConstantLimbs { unsafe ConstantLimbs(constants.base + 4 * limbs) }
  /// R² mod n, one digit.
  package var digitRadixSquared: ConstantLimbs { unsafe ConstantLimbs(constants.base + 6 * limbs) }
  /// n itself, one digit.
  package var digits: ConstantLimbs { unsafe ConstantLimbs(words.base) }

  /// The number of scratch words that every operation needs.
  package var scratchLimbs: Int { Int(tacit_pair_scratch_limbs(limbs)) }

  /// Scratch words for one thread's calls.
  package func makeScratch() -> LimbBuffer { LimbBuffer(count: scratchLimbs) }

  /// A zero pair.
  package func makePair() -> LimbBuffer { LimbBuffer(count: 2 * limbs) }
}

extension PairModulus {
  /// result = a·b/R mod n².
  package func multiply(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_pair_multiply($0, result, a, b, scratch) }
  }

  /// result = a²/R mod n².
  package func square(_ result: Limbs, _ a: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_pair_square($0, result, a, scratch) }
  }

  /// result = a·b/R mod n, one digit each.
  package func digitMultiply(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_digit_multiply($0, result, a, b, scratch) }
  }

  /// result = a + b mod n, one digit each.
  package func digitAdd(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_digit_add($0, result, a, b, scratch) }
  }

  /// result = a - b mod n, one digit each.
  package func digitSubtract(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_digit_subtract($0, result, a, b, scratch) }
  }

  /// result = a·b/R mod n² for a pair a and one digit b.
  package func multiplyByDigit(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ scratch: Limbs) {
    unsafe withUnsafePointer(to: modulus) { unsafe tacit_pair_multiply_digit($0, result, a, b, scratch) }
  }

  /// result = base^exponent in Montgomery form, walking `bits` exponent bits in fixed windows.
  ///
  /// With `variableTime` the table is indexed directly, which is right only for public exponents.
  package func power(
    _ result: Limbs, _ base: ConstantLimbs, exponent: ConstantLimbs, bits: Int, variableTime: Bool, _ scratch: Limbs
  ) {
    let window: UInt32 = bits > 700 ? 5 : bits > 200 ? 4 : bits > 40 ? 3 : 1
    let table = LimbBuffer(count: Int(tacit_pair_power_table_limbs(limbs, window)))
    unsafe withUnsafePointer(to: modulus) {
      unsafe tacit_pair_power(
        $0, result, base, one, exponent, bits, window, variableTime ? 1 : 0, table.base, scratch)
    }
  }

  /// Splits a number below n² into its pair.
  ///
  /// Time depends on the operands' sizes only as far as GMP's division does.
  package func split(_ number: borrowing Natural, by modulus: borrowing Natural, into pair: Limbs) {
    unsafe Self.split(number, by: modulus, into: pair, limbs: limbs)
  }

  /// The number x₀ + x₁·n of a pair.
  package func join(_ pair: ConstantLimbs) -> Natural {
    let n = unsafe Natural(limbs: digits, count: limbs)
    let low = unsafe Natural(limbs: pair, count: limbs)
    let high = unsafe Natural(limbs: pair + limbs, count: limbs)
    return high * n + low
  }

  private static func split(
    _ number: borrowing Natural, by modulus: borrowing Natural, into pair: Limbs, limbs: Int
  ) {
    let parts = number.quotientAndRemainder(dividingBy: modulus)
    unsafe parts.remainder.export(to: pair, count: limbs)
    unsafe parts.quotient.export(to: pair + limbs, count: limbs)
  }
}

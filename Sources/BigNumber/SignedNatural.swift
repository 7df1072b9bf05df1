package import SecureRandom

/// A whole number of either sign: a magnitude and a sign, zero without one.
///
/// For the exponents of zero-knowledge proofs. Wiped like every ``Natural``.
package struct SignedNatural: ~Copyable, Sendable {
  /// The absolute value.
  package let magnitude: Natural
  /// Whether the number is below 0.
  package let isNegative: Bool

  /// A number of either sign; a negative zero becomes zero.
  package init(_ magnitude: consuming Natural, isNegative: Bool = false) {
    self.isNegative = isNegative && !magnitude.isZero
    self.magnitude = magnitude
  }

  /// A uniform number from -`bound` to `bound`.
  package static func random(within bound: borrowing Natural, using generator: inout SecureGenerator) -> SignedNatural {
    let shifted = Natural.random(below: bound * 2 + 1, using: &generator)
    if shifted < bound { return SignedNatural(bound - shifted, isNegative: true) }
    return SignedNatural(shifted - bound)
  }

  /// The sum.
  package static func + (a: borrowing SignedNatural, b: borrowing SignedNatural) -> SignedNatural {
    if a.isNegative == b.isNegative { return SignedNatural(a.magnitude + b.magnitude, isNegative: a.isNegative) }
    if a.magnitude < b.magnitude { return SignedNatural(b.magnitude - a.magnitude, isNegative: b.isNegative) }
    return SignedNatural(a.magnitude - b.magnitude, isNegative: a.isNegative)
  }

  /// The difference.
  package static func - (a: borrowing SignedNatural, b: borrowing SignedNatural) -> SignedNatural {
    a + SignedNatural(b.magnitude.copy(), isNegative: !b.isNegative)
  }

  /// The product.
  package static func * (a: borrowing SignedNatural, b: borrowing SignedNatural) -> SignedNatural {
    SignedNatural(a.magnitude * b.magnitude, isNegative: a.isNegative != b.isNegative)
  }

  /// The residue from 0 to `modulus` - 1.
  package borrowing func residue(modulo modulus: borrowing Natural) -> Natural {
    let rest = magnitude % modulus
    return isNegative && !rest.isZero ? modulus - rest : rest
  }

  /// A sign byte (0 or 1) and the magnitude's shortest big-endian bytes: one encoding for each number.
  package borrowing func bytes() -> [UInt8] { [isNegative ? 1 : 0] + magnitude.bytes() }

  /// Reads ``bytes()``, or nil for anything else.
  package init?(bytes: [UInt8]) {
    guard let sign = bytes.first, sign <= 1 else { return nil }
    if bytes.count == 1 {
      guard sign == 0 else { return nil }
    } else if bytes[1] == 0 {
      return nil
    }
    self.init(Natural(bytes: bytes[1...]), isNegative: sign == 1)
  }
}

extension Natural {
  /// The value to a power of either sign modulo an odd `modulus`, or nil for a negative power of a non-unit.
  ///
  /// With `isSecret` GMP's side-channel-silent exponentiation is used; the sign is not hidden.
  package borrowing func power(
    _ exponent: borrowing SignedNatural, modulo modulus: borrowing Natural, isSecret: Bool = false
  ) -> Natural? {
    if exponent.magnitude.isZero { return Natural(1) % modulus }
    let raised =
      isSecret
      ? securePower(exponent.magnitude, modulo: modulus) : power(exponent.magnitude, modulo: modulus)
    if exponent.isNegative { return raised.inverse(modulo: modulus) }
    return raised
  }
}

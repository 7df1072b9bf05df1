import CGMP
package import SecureRandom

extension Natural {
  /// A uniform number below 2^`bits`.
  package static func random(bits: Int, using generator: inout SecureGenerator) -> Natural {
    let words = (bits + 63) / 64
    let buffer = LimbBuffer(count: words)
    unsafe fill(buffer.base, bits: bits, using: &generator)
    return unsafe Natural(limbs: buffer.base, count: words)
  }

  /// A uniform number below `bound`, by rejection.
  ///
  /// - Precondition: `bound` is positive.
  package static func random(below bound: borrowing Natural, using generator: inout SecureGenerator) -> Natural {
    precondition(!bound.isZero, "no natural is below zero")
    let bits = bound.bitWidth
    while true {
      let candidate = random(bits: bits, using: &generator)
      if candidate < bound { return candidate }
    }
  }

  /// Fills ceil(bits/64) words with a uniform number below 2^`bits`.
  package static func fill(_ limbs: Limbs, bits: Int, using generator: inout SecureGenerator) {
    let words = (bits + 63) / 64
    for index in 0..<words { unsafe limbs[index] = generator.next() }
    if bits % 64 != 0 { unsafe limbs[words - 1] &= (1 << UInt64(bits % 64)) - 1 }
  }
}

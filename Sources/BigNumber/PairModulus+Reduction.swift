import CGMP
private import SecureRandom

extension PairModulus {
  /// Reduces a public number modulo n² into a pair with GMP's side-channel-silent division, for secret n.
  package func reduce(_ number: borrowing Natural, into pair: Limbs) {
    let n = unsafe Natural(limbs: digits, count: limbs)
    let square = n * n
    let divisorCount = (n.bitWidth + 63) / 64
    let squareCount = (square.bitWidth + 63) / 64
    let count = max((number.bitWidth + 63) / 64, squareCount)

    let numerator = LimbBuffer(count: count)
    let squareWords = LimbBuffer(count: squareCount)
    unsafe number.export(to: numerator.base, count: count)
    unsafe square.export(to: squareWords.base, count: squareCount)
    let scratchCount = max(
      __gmpn_sec_div_r_itch(count, squareCount), __gmpn_sec_div_qr_itch(squareCount, divisorCount))
    let scratch = LimbBuffer(count: Int(scratchCount))
    unsafe __gmpn_sec_div_r(
      Self.words(numerator.base), count, Self.words(squareWords.base), squareCount, Self.words(scratch.base))

    let quotient = LimbBuffer(count: limbs + 1)
    let top = unsafe __gmpn_sec_div_qr(
      Self.words(quotient.base), Self.words(numerator.base), squareCount, Self.words(Limbs(mutating: digits)),
      divisorCount, Self.words(scratch.base))
    unsafe quotient.base[squareCount - divisorCount] = UInt64(top)
    unsafe pair.update(repeating: 0, count: 2 * limbs)
    unsafe pair.update(from: numerator.base, count: divisorCount)
    unsafe (pair + limbs).update(from: quotient.base, count: divisorCount)
  }

  /// result = 1/digit mod n, both in Montgomery form, for a digit that may be a secret: what GMP inverts is its
  /// product with a random unit.
  ///
  /// - Precondition: the digit shares no factor with n.
  func invertDigit(_ digit: ConstantLimbs, into result: Limbs, _ scratch: Limbs) {
    let n = unsafe Natural(limbs: digits, count: limbs)
    var generator = SecureGenerator()
    let blind = LimbBuffer(count: limbs)
    while true {
      let candidate = Natural.random(below: n, using: &generator)
      guard Natural.greatestCommonDivisor(candidate, n) == Natural(1) else { continue }
      unsafe candidate.export(to: blind.base, count: limbs)
      break
    }
    // x·R·b/R = x·b; its inverse times b·R²/R, R²/R, gives 1/x·R.
    unsafe digitMultiply(result, digit, blind.base, scratch)
    guard let inverse = unsafe Natural(limbs: result, count: limbs).inverse(modulo: n) else {
      preconditionFailure("the base of a comb is a unit")
    }
    unsafe inverse.export(to: result, count: limbs)
    unsafe digitMultiply(result, result, digitRadixSquared, scratch)
    unsafe digitMultiply(blind.base, blind.base, digitRadixSquared, scratch)
    unsafe digitMultiply(result, result, blind.base, scratch)
  }

  private static func words(_ limbs: Limbs) -> UnsafeMutablePointer<UInt> {
    unsafe UnsafeMutableRawPointer(limbs).assumingMemoryBound(to: UInt.self)
  }
}

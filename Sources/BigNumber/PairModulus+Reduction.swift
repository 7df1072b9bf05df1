import CGMP

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

  private static func words(_ limbs: Limbs) -> UnsafeMutablePointer<UInt> {
    unsafe UnsafeMutableRawPointer(limbs).assumingMemoryBound(to: UInt.self)
  }
}

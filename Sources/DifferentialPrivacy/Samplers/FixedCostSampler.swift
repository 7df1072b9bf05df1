private import CKernels
package import ExactMath
import SecureRandom

/// Discrete Laplace and discrete Gaussian noise at a cost that does not depend on what is drawn.
///
/// Every draw takes the same number of random words and compares them with the same thresholds, all of them, without a
/// branch or an address that depends on a word. What is given up for it is a law that is not quite exact: pointwise at
/// least 1 − η of the ideal one as far as it reaches, which ``failure`` covers; see the article "Noise at a fixed
/// cost".
package struct FixedCostSampler: Sendable {
  /// The δ of one coordinate of one release, for every neighbour within the sensitivity: 10⁻¹⁸.
  package static let failure = Rational(1, 1_000_000_000_000_000_000)
  /// The factor between two digits of a wide Gaussian, and the σ² of every digit but the last.
  static let base: Int64 = 16
  static let digitVariance = Rational(1_024)
  /// No table is longer, so that no parameter makes a draw slow.
  static let mostEntries = 8_192

  private enum Shape: Sendable {
    /// The binary digits of two geometric variates.
    case digits(high: [UInt64], low: [UInt64])
    /// digit + 16·(digit + 16·(… + 16·last)).
    case gaussian(digit: MagnitudeTable, levels: Int, last: MagnitudeTable)
  }

  private let shape: Shape
  /// The law is at least 1 − η of the ideal one on −reach … reach.
  package let reach: Int64
  /// The random words of every draw.
  package let wordsPerDraw: Int

  /// P[x] ∝ e^(−|x|/scale); `nil` where 2Δ + 43·scale is above 2⁵⁸.
  package init?(discreteLaplace scale: Rational, sensitivity: Rational) {
    guard let least = (sensitivity * 2 + scale * 43).ceiling, least <= 1 << 58 else { return nil }
    var digits = 1
    while 1 << (digits - 1) < least { digits += 1 }
    let thresholds = (0..<digits).map { FixedCostSampler.digit($0, scale) }
    shape = .digits(
      high: thresholds.map { UInt64($0 >> 64) }, low: thresholds.map { UInt64(truncatingIfNeeded: $0) })
    reach = 1 << (digits - 1)
    wordsPerDraw = 4 * digits
  }

  /// P[x] ∝ e^(−x²/(2σ²)); `nil` where a table would have more than 8,192 entries.
  package init?(discreteGaussian variance: Rational, squaredSensitivity: Rational) {
    // The largest whole change of a coordinate, and (zσ)² with z as the article derives it.
    guard let change = FixedCostSampler.root(squaredSensitivity), change <= 1 << 40,
      let sigma = FixedCostSampler.root(variance)
    else { return nil }
    let width = Rational(Int.bitWidth - sigma.leadingZeroBitCount + 3)
    let square = (Rational(86) + width * Rational(7, 5)) * variance + Rational(change + 1) * Rational(change + 1) / 4
    guard let tail = FixedCostSampler.root(square) else { return nil }
    let reach = change + tail + 1
    var levels = 0
    var last = variance
    while last >= 2_560 {
      last = (last - FixedCostSampler.digitVariance) / Rational(Int(FixedCostSampler.base * FixedCostSampler.base))
      levels += 1
    }
    let spread = Rational(reach) * Rational(reach) / variance + Rational(97 * levels)
    guard let digitReach = FixedCostSampler.root(spread * FixedCostSampler.digitVariance),
      let lastReach = FixedCostSampler.root(spread * last), lastReach < FixedCostSampler.mostEntries,
      levels == 0 || digitReach < FixedCostSampler.mostEntries
    else { return nil }
    shape = .gaussian(
      digit: MagnitudeTable(variance: FixedCostSampler.digitVariance, reach: levels == 0 ? 1 : digitReach + 1),
      levels: levels, last: MagnitudeTable(variance: last, reach: lastReach + 1))
    self.reach = Int64(reach)
    wordsPerDraw = 2 * (levels + 1)
  }

  /// Overwrites `output` with independent samples.
  package func fill<Source: UniformSource & ~Copyable>(
    _ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source
  ) {
    let chunk = 64
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: chunk * wordsPerDraw) { words in
      for first in stride(from: 0, to: output.count, by: chunk) {
        let count = min(chunk, output.count - first)
        unsafe source.fill(UnsafeMutableRawBufferPointer(start: words.baseAddress, count: count * wordsPerDraw * 8))
        for index in 0..<count {
          unsafe output[first + index] = sample(UnsafeBufferPointer(rebasing: words[(index * wordsPerDraw)...]))
        }
      }
      unsafe tacit_wipe(words.baseAddress, chunk * wordsPerDraw * 8)
    }
  }

  /// The sample that `wordsPerDraw` uniform words stand for.
  private func sample(_ words: UnsafeBufferPointer<UInt64>) -> Int64 {
    guard let start = words.baseAddress else { return 0 }
    switch shape {
    case .digits(let high, let low):
      let up = unsafe tacit_digits_below(high, low, high.count, start)
      let down = unsafe tacit_digits_below(high, low, high.count, start + 2 * high.count)
      return Int64(bitPattern: up) &- Int64(bitPattern: down)
    case .gaussian(let digit, let levels, let last):
      var sum = unsafe last.sample(start[0], start[1])
      for level in 1..<(levels + 1) {
        sum = unsafe sum &* FixedCostSampler.base &+ digit.sample(start[2 * level], start[2 * level + 1])
      }
      return sum
    }
  }

  /// The probability that binary digit `index` of a geometric variate is set, in units of 2⁻¹²⁸, rounded up.
  ///
  /// The digits are independent: Σ xᵢ2^i has the weight Π e^(−xᵢ2^i/scale), so that digit i is set with probability
  /// w/(1 + w), w = e^(−2^i/scale).
  private static func digit(_ index: Int, _ scale: Rational) -> UInt128 {
    let precision = 256
    let weight = ExactExponential.bounds(
      BigWhole(denominatorOf: scale) << index, over: BigWhole(numeratorOf: scale), precision: precision
    ).high
    let probability = (weight << 128) / (BigWhole.one << precision + weight) + .one
    return probability.doubleWord ?? UInt128.max
  }

  /// The largest whole number whose square is at most `square`; `nil` above 2⁶⁰.
  private static func root(_ square: Rational) -> Int? {
    let root = (BigWhole(numeratorOf: square) / BigWhole(denominatorOf: square)).squareRoot
    guard let word = root.word, word <= 1 << 60 else { return nil }
    return Int(word)
  }
}

// What the tests compute the law from.
extension FixedCostSampler {
  /// The thresholds of the binary digits, in units of 2⁻¹²⁸; empty for a Gaussian.
  package var digitThresholds: [UInt128] {
    guard case .digits(let high, let low) = shape else { return [] }
    return zip(high, low).map { UInt128($0) << 64 | UInt128($1) }
  }

  /// The thresholds of the digits' table and of the last table, in units of 2⁻¹²⁷, and the number of digits.
  package var tables: (digit: [UInt128], levels: Int, last: [UInt128])? {
    guard case .gaussian(let digit, let levels, let last) = shape else { return nil }
    return (digit.thresholds, levels, last.thresholds)
  }
}

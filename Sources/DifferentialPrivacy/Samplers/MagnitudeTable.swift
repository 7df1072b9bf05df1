private import CKernels
import ExactMath

/// A discrete Gaussian on −reach … reach as cumulative 127-bit thresholds, drawn by comparing with every one of them.
///
/// Every weight but that of zero is rounded up and zero takes the rest, so that on the whole reach the law drawn is at
/// least 1 − η of the ideal one, pointwise, with η below 2⁻¹⁰⁰; see the article "Noise at a fixed cost".
struct MagnitudeTable: Sendable {
  static let bits = 127
  static let precision = 256

  /// Entry i − 1, through the reach, is the weight of magnitudes of at least i; zeros fill up to a multiple of four.
  let high: [UInt64]
  let low: [UInt64]

  init(variance: Rational, reach: Int) {
    let n = BigWhole(numeratorOf: variance)
    let d = BigWhole(denominatorOf: variance)
    let places = MagnitudeTable.precision
    let unit = BigWhole.one << places
    var weight = (low: unit, high: unit)
    var ratio = ExactExponential.bounds(d, over: n << 1, precision: places)
    let fall = ExactExponential.bounds(d, over: n, precision: places)
    func times(
      _ a: (low: BigWhole, high: BigWhole), _ b: (low: BigWhole, high: BigWhole)
    ) -> (low: BigWhole, high: BigWhole) {
      ((a.low * b.low) >> places, (a.high * b.high) >> places + .one)
    }
    var weights: [BigWhole] = []
    var norm = unit
    for _ in 0..<reach {
      weight = times(weight, ratio)
      ratio = times(ratio, fall)
      weights.append(weight.high)
      norm = norm + weight.low << 1
    }
    var sum = BigWhole.zero
    var sums: [UInt128] = []
    for weight in weights.reversed() {
      sum = sum + (weight << (MagnitudeTable.bits + 1)) / norm + .one
      sums.append(sum.doubleWord ?? 0)
    }
    precondition(sum.bitWidth <= MagnitudeTable.bits, "zero keeps a weight")
    let padding = [UInt128](repeating: 0, count: (4 - reach % 4) % 4)
    let entries = sums.reversed() + padding
    high = entries.map { UInt64($0 >> 64) }
    low = entries.map { UInt64(truncatingIfNeeded: $0) }
  }

  /// The thresholds, from that of magnitude 1 on.
  var thresholds: [UInt128] { zip(high, low).map { UInt128($0) << 64 | UInt128($1) } }

  /// The sample that two uniform words stand for: 127 bits for the magnitude and one for the sign.
  func sample(_ first: UInt64, _ second: UInt64) -> Int64 {
    let count = unsafe tacit_count_above(high, low, high.count, first >> 1, first << 63 | second >> 1)
    let sign = Int64(bitPattern: second & 1)
    return (Int64(bitPattern: count) ^ -sign) &+ sign
  }
}

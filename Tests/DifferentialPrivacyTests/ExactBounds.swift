import DifferentialPrivacy
import ExactMath
import Synchronization

/// Exact numbers that the law tests compare with.
enum ExactBounds {
  /// A whole number of any size, as a fraction.
  static func whole(_ value: BigWhole) -> Rational {
    value.words.reversed().reduce(Rational.zero) { sum, word in
      sum * Rational(1 << 32) * Rational(1 << 32) + Rational(Int(word >> 32)) * Rational(1 << 32)
        + Rational(Int(word & 0xffff_ffff))
    }
  }

  /// 2^(−places).
  static func unit(_ places: Int) -> Rational { 1 / whole(BigWhole.one << places) }

  /// Bounds of e^(−x) to `precision` binary places.
  static func expMinus(_ x: Rational, precision: Int = 256) -> (low: Rational, high: Rational) {
    let bounds = ExactExponential.bounds(
      BigWhole(numeratorOf: x), over: BigWhole(denominatorOf: x), precision: precision)
    return (whole(bounds.low) * unit(precision), whole(bounds.high) * unit(precision))
  }

  private static let coins = Mutex<[[UInt64]: (low: BigWhole, high: BigWhole)]>([:])

  /// Bounds of e^(−a/b) in units of 2^−160, computed once for every pair.
  static func coin(_ a: BigWhole, over b: BigWhole) -> (low: BigWhole, high: BigWhole) {
    let key = a.words + [0] + b.words
    return coins.withLock { coins in
      if let known = coins[key] { return known }
      let bounds = ExactExponential.bounds(a, over: b, precision: 160)
      coins[key] = bounds
      return bounds
    }
  }

  /// Bounds of the law with weights e^(−g(x)) on the integers: of P[x] for x in `range`, whose complement has a weight
  /// of at most `beyond`.
  static func law(
    _ range: ClosedRange<Int>, beyond: Rational = .zero, precision: Int = 256, _ exponent: (Int) -> Rational
  ) -> [Int: (low: Rational, high: Rational)] {
    let weights = range.map { expMinus(exponent($0), precision: precision) }
    let low = weights.reduce(Rational.zero) { $0 + $1.low }
    let high = weights.reduce(Rational.zero) { $0 + $1.high } + beyond
    return Dictionary(
      uniqueKeysWithValues: zip(range, weights.map { (low: $0.low / high, high: $0.high / low) }))
  }
}

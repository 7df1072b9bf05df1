import DifferentialPrivacy
import ExactMath

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

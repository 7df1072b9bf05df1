/// Tail probabilities of the normal law in log space.
package enum GaussianTail {
  /// ln(1 − Φ(x)).
  package static func logarithm(_ x: Interval) -> Interval {
    func at(_ x: Double) -> Interval {
      guard x.isFinite else { return x > 0 ? Interval(-.infinity, -.infinity) : .zero }
      if x < 0 {
        // 1 − Φ(x) = 1 − (1 − Φ(−x)).
        return (-at(-x).exponential).logarithmOfOnePlus
      }
      return MillsRatio.value(Interval(x)).logarithm - Interval(x).squared * 0.5 - halfLogarithmOfTwoPi
    }
    return Interval(at(x.high).low, at(x.low).high)
  }

  /// 1 − Φ(x).
  package static func probability(_ x: Interval) -> Interval { logarithm(x).exponential.atMost(1) }

  /// ½·ln(2π).
  package static let halfLogarithmOfTwoPi = (Interval.pi * 2).logarithm * 0.5
}

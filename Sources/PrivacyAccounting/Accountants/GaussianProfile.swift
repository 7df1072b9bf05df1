package import ExactMath

/// The exact privacy profile of one Gaussian, δ(ε), enclosed in log space.
///
/// With x = ε/μ − μ/2 and M the Mills ratio, δ = φ(x)(M(x) − M(x + μ)): the usual Φ(−x) − e^ε Φ(−x − μ) (Balle and Wang
/// 2018, theorem 8) without its cancellation, since e^ε φ(x + μ) = φ(x).
package struct GaussianProfile: Sendable {
  /// μ, above zero.
  package let mu: Interval

  package init(squaredMu: Rational) {
    mu = Interval(squaredMu).squareRoot
  }

  /// ln δ(ε) for a finite ε of either sign.
  package func logDelta(epsilon: Double) -> Interval {
    let x = Interval(epsilon) / mu - mu * 0.5
    if x.high < -30 {
      // δ is 1 − Φ(x) of nearly one, minus something smaller.
      let first = GaussianTail.logarithm(x)
      let second = GaussianTail.logarithm(x + mu) + Interval(epsilon)
      return Interval(
        (first.low + Interval.min(.zero, -(second - first).exponential.atMost(1)).logarithmOfOnePlus.low).nextDown,
        first.high
      ).atMost(0)
    }
    let drop = MillsRatio.drop(x, step: mu)
    return (drop.logarithm - x.squared * 0.5 - GaussianTail.halfLogarithmOfTwoPi).atMost(0)
  }

  /// Bounds on the smallest ε ≥ 0 with δ(ε) ≤ δ.
  package func epsilon(logDelta target: Interval) -> Bounds {
    let upper = MonotoneSearch.smallest { logDelta(epsilon: $0).high <= target.low }
    let lower = MonotoneSearch.largest(below: upper) { logDelta(epsilon: $0).low > target.high }
    return Bounds(lower: lower, upper: upper)
  }
}

/// Searches over ε ≥ 0 for a predicate that holds from some point on.
package enum MonotoneSearch {
  /// A value at which `holds` is true, within about 1e-14 of the smallest such value; infinite when there is none
  /// below 1e306.
  package static func smallest(_ holds: (Double) -> Bool) -> Double {
    if holds(0) { return 0 }
    var high = 1.0
    while !holds(high) {
      high *= 4
      if high > 1e306 { return .infinity }
    }
    var low = high == 1 ? 0 : high / 4
    while high - low > high * 0x1p-50, high > 1e-290 {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// A value not above `limit` at which `holds` is true, near the largest such value; 0 when there is none.
  package static func largest(below limit: Double, _ holds: (Double) -> Bool) -> Double {
    guard limit > 0, holds(0) else { return 0 }
    var low = 0.0
    var high = min(limit, 1e306)
    if holds(high) { return high }
    while high - low > high * 0x1p-50, high > 1e-290 {
      let middle = low + (high - low) / 2
      if holds(middle) { low = middle } else { high = middle }
    }
    return low
  }
}

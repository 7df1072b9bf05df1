/// The Mills ratio of the standard normal law, M(x) = (1 − Φ(x)) / φ(x) = √(π/2)·erfcx(x/√2), enclosed.
///
/// It keeps tail probabilities accurate far below the double range, because the factor e^(−x²/2) stays outside.
package enum MillsRatio {
  /// M(x).
  ///
  /// For x ≥ 2 it is Laplace's continued fraction 1/(x + 1/(x + 2/(x + 3/…))), whose consecutive convergents enclose
  /// the value; below that, the power series √(π/2)·e^(x²/2) − Σ x^(2k+1)/(2k+1)!!, all of whose terms have one sign.
  package static func value(_ x: Interval) -> Interval {
    // M decreases.
    Interval(at(x.high).low, at(x.low).high)
  }

  /// −M′(x) = 1 − x·M(x), positive and decreasing.
  package static func negatedSlope(_ x: Interval) -> Interval {
    func at(_ x: Double) -> Interval {
      guard x >= 2 else { return (.one - Interval(x) * value(Interval(x))).atLeast(0) }
      guard x < .infinity else { return .zero }
      let tail = continuedFraction(x)
      return tail / (Interval(x) + tail)
    }
    return Interval(at(x.high).low, at(x.low).high)
  }

  /// M(x) − M(x + step) for `step` ≥ 0, accurate also for small steps.
  ///
  /// M is the Laplace transform of e^(−t²/2) on t > 0, hence completely monotone: −M′ is convex, so one midpoint bounds
  /// its integral from below and one trapezoid from above.
  package static func drop(_ x: Interval, step: Interval) -> Interval {
    let end = x + step
    let direct = value(x) - value(end)
    guard step.high < 0x1p-8 else { return direct.atLeast(0) }
    let midpoint = negatedSlope(x + step * 0.5) * step
    let trapezoid = (negatedSlope(x) + negatedSlope(end)) * 0.5 * step
    let enclosed = Interval(midpoint.low, Swift.max(midpoint.low, trapezoid.high))
    return (direct.intersection(enclosed) ?? enclosed).atLeast(0)
  }

  private static func at(_ x: Double) -> Interval {
    if x == .infinity { return .zero }
    if x == -.infinity { return Interval(0, .infinity) }
    if x >= 2 { return .one / (Interval(x) + continuedFraction(x)) }
    let total = (Interval.pi * 0.5).squareRoot * (Interval(x).squared * 0.5).exponential
    // M(x) + M(−x) = √(2π)·e^(x²/2).
    return x < -2 ? total * 2 - at(-x) : total - series(x)
  }

  /// 1/(x + 2/(x + 3/(x + …))) for x ≥ 2: the value lies between the evaluations that end with tail 0 and with tail ∞.
  private static func continuedFraction(_ x: Double) -> Interval {
    let point = Interval(x)
    // The truncation error falls like e^(−2x√(2n)); 160 levels leave it below 1e-30 for x ≥ 2.
    let levels = x > 8 ? 60 : 160
    var short = Interval.zero
    var long = Interval(Double(levels + 1)) / point
    for level in stride(from: levels, through: 1, by: -1) {
      let numerator = Interval(Double(level))
      short = numerator / (point + short)
      long = numerator / (point + long)
    }
    return short.union(long)
  }

  /// Σ x^(2k+1)/(2k+1)!! for |x| ≤ 2; after 60 terms the rest is below 1e-50 of the sum.
  private static func series(_ x: Double) -> Interval {
    let magnitude = Interval(x.magnitude)
    let square = magnitude.squared
    var term = magnitude
    var sum = magnitude
    for k in 1...60 {
      term = term * square / Interval(Double(2 * k + 1))
      sum += term
    }
    let enclosed = Interval(sum.low, (sum + term).high)
    return x < 0 ? -enclosed : enclosed
  }
}

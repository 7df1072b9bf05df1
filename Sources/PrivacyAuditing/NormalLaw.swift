private import Glibc

/// The normal distribution and the privacy profile of the Gaussian mechanism, as audits need them.
enum NormalLaw {
  /// Φ(x).
  static func cdf(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// Φ⁻¹(p) for p in [0, 1]; ±∞ at the ends.
  static func quantile(_ p: Double) -> Double {
    if p <= 0 { return -.infinity }
    if p >= 1 { return .infinity }
    if p > 0.5 { return -quantile(1 - p) }
    if p < 1e-290 { return bisected(p) }
    // Acklam's rational approximation (2003), good to 1.2e-9, then two of Newton's steps.
    var x = approximateQuantile(p)
    for _ in 0..<2 { x -= (cdf(x) - p) * (2 * Double.pi).squareRoot() * exp(x * x / 2) }
    return x
  }

  private static func approximateQuantile(_ p: Double) -> Double {
    func polynomial(_ x: Double, _ coefficients: [Double]) -> Double { coefficients.reduce(0) { $0 * x + $1 } }
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      return polynomial(q, NormalLaw.tailAbove) / (polynomial(q, NormalLaw.tailBelow) * q + 1)
    }
    let q = p - 0.5
    let r = q * q
    return polynomial(r, NormalLaw.middleAbove) * q / (polynomial(r, NormalLaw.middleBelow) * r + 1)
  }

  private static let middleAbove: [Double] = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716,
    2.506628277459239,
  ]
  private static let middleBelow: [Double] = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  ]
  private static let tailAbove: [Double] = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ]
  private static let tailBelow: [Double] = [
    0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416,
  ]

  private static func bisected(_ p: Double) -> Double {
    var low = -39.0
    var high = 0.0
    for _ in 0..<200 {
      let middle = low + (high - low) / 2
      if middle == low || middle == high { break }
      if cdf(middle) < p { low = middle } else { high = middle }
    }
    return low
  }

  /// The least ε at which a μ-Gaussian-differentially-private mechanism is (ε, δ)-private; 0 when δ alone covers it.
  ///
  /// δ(ε) = Φ(−ε/μ + μ/2) − e^ε·Φ(−ε/μ − μ/2) (Balle and Wang 2018; Dong, Roth and Su 2019). With δ = 0 every μ > 0
  /// has ε = ∞.
  static func epsilon(mu: Double, delta: Double) -> Double {
    guard mu > 0 else { return 0 }
    guard delta > 0 else { return .infinity }
    if profile(0, mu) <= delta { return 0 }
    var low = 0.0
    var high = 1.0
    while profile(high, mu) > delta, high < 1e6 { high *= 2 }
    for _ in 0..<200 where high - low > 1e-12 * high {
      let middle = low + (high - low) / 2
      if profile(middle, mu) > delta { low = middle } else { high = middle }
    }
    return low
  }

  private static func profile(_ epsilon: Double, _ mu: Double) -> Double {
    let upper = logCDF(-epsilon / mu + mu / 2)
    let lower = epsilon + logCDF(-epsilon / mu - mu / 2)
    return lower >= upper ? 0 : exp(upper) * -expm1(lower - upper)
  }

  /// ln Φ(x), by the continued fraction of Mills' ratio where Φ underflows.
  private static func logCDF(_ x: Double) -> Double {
    if x > -30 { return log(cdf(x)) }
    var fraction = 0.0
    for step in stride(from: 40.0, through: 1, by: -1) { fraction = step / (-x + fraction) }
    return -x * x / 2 - 0.5 * log(2 * Double.pi) - log(-x + fraction)
  }
}

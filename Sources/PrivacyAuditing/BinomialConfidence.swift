private import Glibc

/// Exact one-sided confidence bounds for a probability from binomial counts.
///
/// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
/// Biometrika 26 (1934). The bounds hold at their stated level for every sample size and every probability.
///
/// Numerical error is kept on the safe side: the error level is lowered by one part in 10⁵ before the quantile is
/// sought, which is more than the arithmetic below can lose for up to 10⁹ trials, and the search returns the end of
/// its last interval that is verified to lie outside.
public enum BinomialConfidence {
  /// An upper bound for the success probability.
  ///
  /// - Parameters:
  ///   - successes: Observed successes, 0…trials.
  ///   - trials: Number of independent trials, at least 1.
  ///   - error: Probability that the bound is below the truth, in (0, 1).
  /// - Returns: A value in (0, 1]; 1 when every trial succeeded.
  ///
  /// **Edge cases**: no success gives 1 − error^(1/trials).
  public static func upperBound(successes: Int, trials: Int, error: Double) -> Double {
    precondition(trials >= 1 && (0...trials).contains(successes), "counts out of range")
    precondition(error > 0 && error < 1, "the error level lies in (0, 1)")
    if successes == trials { return 1 }
    let level = error * (1 - 1e-5)
    if successes == 0 { return -expm1(log(level) / Double(trials)) }
    // P[Binomial(n, p) ≤ k] = I_{1−p}(n − k, k + 1), decreasing in p: find where it falls to the level.
    var low = Double(successes) / Double(trials)
    var high = 1.0
    for _ in 0..<200 where high - low > 1e-14 * high {
      let middle = low + (high - low) / 2
      let tail = regularizedBeta(1 - middle, a: Double(trials - successes), b: Double(successes) + 1)
      if tail > level { low = middle } else { high = middle }
    }
    return high
  }

  /// A lower bound for the success probability; the mirror image of ``upperBound(successes:trials:error:)``.
  public static func lowerBound(successes: Int, trials: Int, error: Double) -> Double {
    1 - upperBound(successes: trials - successes, trials: trials, error: error)
  }

  /// The regularised incomplete beta function I_x(a, b) for a, b ≥ 1.
  ///
  /// Source: the continued fraction of DLMF 8.17.22, evaluated by Lentz's method; the symmetry
  /// I_x(a, b) = 1 − I_{1−x}(b, a) keeps it in the region where it converges fast.
  static func regularizedBeta(_ x: Double, a: Double, b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, a: b, b: a) }
    let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var fraction = d
    for step in 1...20_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 + even * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + even / c
      if abs(c) < tiny { c = tiny }
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + odd * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + odd / c
      if abs(c) < tiny { c = tiny }
      let change = d * c
      fraction *= change
      if abs(change - 1) < 1e-15 { break }
    }
    return min(1, front * fraction)
  }

  private static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return unsafe lgamma_r(x, &sign)
  }
}

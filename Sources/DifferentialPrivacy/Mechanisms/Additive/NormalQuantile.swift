private import Glibc

/// Quantiles of the normal law, for stating accuracy; nothing private depends on them.
enum NormalQuantile {
  /// A width h with P[|N(0, σ²)| > h] ≤ 1 − confidence.
  static func twoSided(confidence: Double, sigma: Double) -> Double {
    let target = 1 - confidence
    var low = 0.0
    var high = 40.0
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(middle / 2.squareRoot()) <= target { high = middle } else { low = middle }
    }
    return high * sigma
  }

  /// A width h with P[|X| > h] ≤ 1 − confidence for every X that is subgaussian with parameter σ: 2e^(−h²/(2σ²)).
  static func subgaussian(confidence: Double, sigma: Double) -> Double {
    sigma * (2 * log(2 / (1 - confidence))).squareRoot()
  }
}

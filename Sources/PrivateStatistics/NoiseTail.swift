import ExactMath
import Glibc

/// How far discrete Laplace noise may lie from 0, for intervals that cover at least as often as they say.
enum NoiseTail {
  /// The smallest t with P[|Y| > t] ≤ `share`, rounded up.
  ///
  /// For P[Y = y] ∝ e^(−|y|/b), P[|Y| > t] = 2e^(−(t+1)/b) / (1 + e^(−1/b)) for whole t ≥ 0. The margin of one part in
  /// 10⁹ covers the rounding of the C library's functions many times over. Intervals are for people: they depend on
  /// the scale and the noisy answer only, so nothing here touches privacy.
  static func reach(scale: Rational, share: Double) -> Int {
    let b = scale.doubleRoundedUp
    let bound = b * log(2 / (share * (1 + exp(-1 / b)))) * (1 + 1e-9) - 1
    return max(0, Int(bound.rounded(.up)))
  }
}

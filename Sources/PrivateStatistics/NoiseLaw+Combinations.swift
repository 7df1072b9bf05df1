import ExactMath
import Glibc

extension NoiseLaw {
  /// A width that a weighted sum of independent noises exceeds on one side with probability at most e^(−logarithm).
  ///
  /// Chernoff's bound. Gaussian: the discrete law is subgaussian with the same σ (Canonne, Kamath and Steinke 2020,
  /// corollary 17), so P[Y > σ√(2W·l)] ≤ e^(−l) with W the sum of the squared weights. Laplace: the moment generating
  /// function of the continuous law is Π(1 − w²b²h²)⁻¹ and not below the discrete one's, Π(1 − (cosh wh − 1)/(cosh 1/b −
  /// 1))⁻¹, because (cosh t − 1)/t² grows with t; minimised over h in (0, 1/b), any h gives a bound.
  ///
  /// - Parameter weights: Sizes of at most 1, and how many noises have each.
  func weightedBound(_ weights: [(size: Double, times: Double)], logarithm: Double) -> Double {
    switch self {
    case .gaussian(let variance, _):
      let squares = weights.reduce(0) { $0 + $1.size * $1.size * $1.times }
      return 1.000_001 * (2 * variance.doubleRoundedUp * squares * logarithm).squareRoot()
    case .laplace(let scale, _):
      var best = Double.infinity
      for place in 1..<64 {
        let h = Double(place) / 64
        let moment = weights.reduce(0) { $0 - $1.times * log1p(-$1.size * $1.size * h * h) }
        best = min(best, (moment + logarithm) / h)
      }
      return 1.000_001 * scale.doubleRoundedUp * best
    }
  }

  /// A width that Σ aᵤZᵤ exceeds with probability at most `miss`, for Σaᵤ² = W and no aᵤ above W ≤ 1 in size.
  ///
  /// The logarithm f of the moment generating function is even and f(u)/u² grows with |u|, so Σ f(aᵤh) ≤ f(Wh)/W: the
  /// bound is that of 1/W noises of weight W. Half of the miss is for each side.
  func combinationBound(variance: Double, miss: Double) -> Double {
    weightedBound([(variance, 1 / variance)], logarithm: log(2 / miss))
  }
}

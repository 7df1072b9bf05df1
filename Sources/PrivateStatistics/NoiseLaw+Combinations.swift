import ExactMath
import Glibc

extension NoiseLaw {
  /// A width that Σ aᵤZᵤ exceeds with probability at most `miss`, for independent noises Z of this law, Σaᵤ² = W and no
  /// aᵤ above W ≤ 1 in size.
  ///
  /// Chernoff's bound. Gaussian: the noise is subgaussian with its σ (Canonne, Kamath and Steinke 2020, corollary 17), so
  /// the width is σ·√(2W·ln(2/β)). Laplace: E e^(uZ) = (1 − q)²/((1 − q·e^u)(1 − q·e^(−u))) with q = e^(−1/s); its
  /// logarithm f is even, and f(u)/u² grows with |u|, so Σ f(aᵤt) ≤ Σ aᵤ²·f(Wt)/W² = f(Wt)/W and
  /// P[|Σ| > y] ≤ 2·exp(f(u)/W − uy/W) for u = Wt in (0, 1/s): y = (W·ln(2/β) + f(u))/u, the least over u.
  func combinationBound(variance: Double, miss: Double) -> Double {
    let needed = log(2 / miss) * variance
    switch self {
    case .gaussian(let own, _):
      return 1.000_001 * (2 * needed * own.doubleRoundedUp).squareRoot()
    case .laplace(let scale, _):
      let rate = 1 / scale.doubleRoundedUp
      let (stay, q) = (-expm1(-rate), exp(-rate))
      func width(_ u: Double) -> Double {
        let logarithm = 2 * log(stay) - log(-expm1(u - rate)) - log1p(-q * exp(-u))
        return (needed + logarithm) / u
      }
      // Every u gives a bound; the least of a fine grid is close to the best.
      let least = (1..<256).map { width(rate * Double($0) / 256) }.min() ?? .infinity
      return 1.000_001 * least
    }
  }
}

import ExactMath
import Glibc

/// How far the noise on the rows below an edge of the quantile tree, less q times the noise on all rows, may lie on one
/// side of 0 but for half of a miss.
///
/// Below edge i lie a whole nodes of the highest level, b of the middle and c of the lowest one (i = 256a + 16b + c); all
/// rows are the 16 nodes of the highest level. The noise is a sum with weights 1 − q (a times), −q (16 − a times) and 1
/// (b + c times).
/// **Gaussian**: the discrete law is subgaussian with the same σ (Canonne, Kamath and Steinke 2020, corollary 17), so
/// P[Y > σ√(2W·ln(2/β))] ≤ β/2 with W the sum of the squared weights. **Laplace**: Chernoff's bound with the moment
/// generating function Π(1 − w²b²h²)⁻¹ of the continuous law, which is not below the discrete one's, minimised over h in
/// (0, 1/b); any h gives a bound.
struct QuantileReach: Sendable {
  /// One for each a and b + c; empty without noise.
  private let values: [Double]
  private static let lower = 2 * (NoisePlan.treeBranching - 1) + 1

  init(_ law: NoiseLaw?, share q: Double, miss: Double) {
    guard let law else {
      values = []
      return
    }
    let branching = NoisePlan.treeBranching
    values = (0...branching).flatMap { left in
      (0..<QuantileReach.lower).map { below in
        let weights = [(1 - q, Double(left)), (q, Double(branching - left)), (1, Double(below))]
        return 1.000_001 * QuantileReach.bound(law, weights, log(2 / miss))
      }
    }
  }

  /// The reach at the lower edge of a leaf, or at the end of the last one.
  func ofEdge(_ edge: Int) -> Double {
    if values.isEmpty { return 0 }
    let branching = NoisePlan.treeBranching
    let below = edge / branching % branching + edge % branching
    return values[edge / (branching * branching) * QuantileReach.lower + below]
  }

  private static func bound(_ law: NoiseLaw, _ weights: [(size: Double, times: Double)], _ logarithm: Double) -> Double
  {
    switch law {
    case .gaussian(let variance, _):
      let squares = weights.reduce(0) { $0 + $1.size * $1.size * $1.times }
      return (2 * variance.doubleRoundedUp * squares * logarithm).squareRoot()
    case .laplace(let scale, _):
      var best = Double.infinity
      for place in 1..<64 {
        let h = Double(place) / 64
        let moment = weights.reduce(0) { $0 - $1.times * log1p(-$1.size * $1.size * h * h) }
        best = min(best, (moment + logarithm) / h)
      }
      return scale.doubleRoundedUp * best
    }
  }
}

import Glibc

/// How far the noise on the rows below an edge of the quantile tree, less q times the noise on all rows, may lie on one
/// side of 0 but for half of a miss.
///
/// Below edge i lie a whole nodes of the highest level, b of the middle and c of the lowest one (i = 256a + 16b + c); all
/// rows are the 16 nodes of the highest level. The noise is a sum with weights 1 − q (a times), −q (16 − a times) and 1
/// (b + c times).
/// ``NoiseLaw/weightedBound(_:logarithm:)`` makes a width of that.
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
        let weights = [(size: 1 - q, times: Double(left)), (q, Double(branching - left)), (1, Double(below))]
        return law.weightedBound(weights, logarithm: log(2 / miss))
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
}

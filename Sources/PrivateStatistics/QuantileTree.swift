import ExactMath
import Glibc

/// Quantiles from a noisy tree of counts: 16 nodes under the root, 256 under those, 4,096 leaves over the range.
///
/// A count below a leaf's edge is a sum of at most 15 nodes a level, so its noise is known; the interval holds every
/// leaf that the counts cannot exclude (as in the hierarchical histograms of Hay, Rastogi, Miklau and Suciu 2010).
struct QuantileTree {
  /// Noisy counts of leaves 0…i−1, for every i.
  private let below: [Double]
  private let law: NoiseLaw?
  private let grid: ValueGrid

  /// - Parameter law: the noise on every node; `nil` for none.
  init(nodes: [Int128], law: NoiseLaw?, grid: ValueGrid) {
    self.law = law
    self.grid = grid
    let branching = NoisePlan.treeBranching
    var prefix: [Int128] = [0]
    var offset = 0
    var level = branching
    while level <= NoisePlan.leafCount {
      // Whole siblings to the left of each node, on top of what lies left of its parent.
      var next = [Int128](repeating: 0, count: level + 1)
      for node in 0..<level {
        if node.isMultiple(of: branching) { next[node] = prefix[node / branching] }
        next[node + 1] = next[node] + nodes[offset + node]
      }
      next[level] = (0..<branching).reduce(Int128(0)) { $0 + nodes[$1] }
      prefix = next
      offset += level
      level *= branching
    }
    below = prefix.map(\.double)
  }

  /// The value below which the share `q` of the rows lies, with its interval.
  ///
  /// The leaf in which the rows below reach q·(all) is left out only when the noise at its lower edge is above `reach`
  /// or the noise at its upper edge below −`reach`: two one-sided events, of half the miss each.
  func quantile(_ q: Double, reach: QuantileReach) -> ReleasedValue {
    let leaves = NoisePlan.leafCount
    let target = q * max(0, below[leaves])
    var low = 0
    var high = leaves
    // The noisy counts need not ascend; bisection finds an edge where they cross the target.
    while high - low > 1 {
      let middle = (low + high) / 2
      if below[middle] <= target { low = middle } else { high = middle }
    }
    let size = below[high] - below[low]
    let inside = size > 0 ? min(max((target - below[low]) / size, 0), 1) : 0.5
    let wanted = q * below[leaves]
    func isPossible(_ leaf: Int) -> Bool {
      below[leaf] - wanted <= reach.ofEdge(leaf) && below[leaf + 1] - wanted >= -reach.ofEdge(leaf + 1)
    }
    let first = (0..<leaves).first(where: isPossible)
    let last = (0..<leaves).last(where: isPossible)
    return ReleasedValue(
      text: "\(edge(Double(low) + inside))",
      low: "\(max(grid.low.doubleValue, edge(Double(min(first ?? 0, low))).nextDown))",
      high: "\(min(grid.high.doubleValue, edge(Double(max((last ?? leaves - 1) + 1, high))).nextUp))")
  }

  /// The first value below which the counts cannot be noise alone: with the promised probability some row is no
  /// greater, so the interval is one-sided.
  func least(miss: Double) -> ReleasedValue {
    let reach = extremeReach(miss)
    let leaf = below.indices.dropFirst().first { below[$0] > reach }.map { $0 - 1 }
    return ReleasedValue(
      text: "\(leaf.map { edge(Double($0) + 0.5) } ?? grid.high.doubleValue)", low: "\(grid.low.doubleValue)",
      high: "\(leaf.map { min(grid.high.doubleValue, edge(Double($0 + 1)).nextUp) } ?? grid.high.doubleValue)")
  }

  /// The last value above which the counts cannot be noise alone; as ``least(miss:)``.
  func greatest(miss: Double) -> ReleasedValue {
    let reach = extremeReach(miss)
    let all = below[NoisePlan.leafCount]
    let leaf = below.indices.dropLast().last { all - below[$0] > reach }
    return ReleasedValue(
      text: "\(leaf.map { edge(Double($0) + 0.5) } ?? grid.low.doubleValue)",
      low: "\(leaf.map { max(grid.low.doubleValue, edge(Double($0)).nextDown) } ?? grid.low.doubleValue)",
      high: "\(grid.high.doubleValue)")
  }

  /// What no count of either side exceeds by noise alone, for all leaves together (a union bound).
  private func extremeReach(_ miss: Double) -> Double { QuantileTree.extremeReach(law, miss) }

  /// As above, for noise of this law.
  static func extremeReach(_ law: NoiseLaw?, _ miss: Double) -> Double {
    reach(law, terms: NoisePlan.treeLevels * NoisePlan.treeBranching, miss: miss / Double(NoisePlan.leafCount))
  }

  /// The value at a place counted in leaves.
  private func edge(_ place: Double) -> Double {
    let span = Double(grid.highest - grid.lowest + 1)
    let index = Double(grid.lowest) + place * span / Double(NoisePlan.leafCount) - 0.5
    return min(max(index * grid.step.doubleValue, grid.low.doubleValue), grid.high.doubleValue)
  }

  /// How far a sum of `terms` independent noises, weighted within ±1, may lie from 0.
  ///
  /// Laplace: Chan, Shi and Song 2011, Lemma 2.8: for ν above b·√m and b·√ln(2/β), P[|ΣY| > ν√(8 ln(2/β))] ≤ β. Its
  /// proof reads the moment generating function alone, and the discrete law's,
  /// (1 − (cosh h − 1)/(cosh 1/b − 1))⁻¹, is at most the continuous one's, (1 − b²h²)⁻¹, since (cosh x − 1)/x² grows.
  /// Gaussian: the discrete law is subgaussian with the same σ (Canonne, Kamath and Steinke 2020, corollary 17), so
  /// P[|ΣY| > σ√(2m ln(2/β))] ≤ β.
  private static func reach(_ law: NoiseLaw?, terms: Int, miss: Double) -> Double {
    let logarithm = log(2 / miss)
    switch law {
    case .none: return 0
    case .laplace(let scale, _):
      return 1.000_001 * scale.doubleRoundedUp * max(Double(terms).squareRoot(), logarithm.squareRoot())
        * (8 * logarithm).squareRoot()
    case .gaussian(let variance, _):
      return 1.000_001 * (variance.doubleRoundedUp * 2 * Double(terms) * logarithm).squareRoot()
    }
  }
}

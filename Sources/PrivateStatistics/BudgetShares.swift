import ExactMath

/// How the metrics' part of the budget is divided among them.
public enum BudgetSplit: String, Sendable, Hashable, Codable, CaseIterable {
  /// In proportion to the metrics' weights.
  case weighted
  /// Alike, whatever the weights.
  case even
  /// So that the weighted sum of squared errors, each over its tolerance, is least.
  case optimized
}

/// The shares of a budget, exact and with sum 1.
///
/// An error is a part's standard deviation over its tolerance; without a declared one over the most that one row
/// adds, so that a count's tolerance is 1 and a sum's the larger end of its range. For Laplace noise the error is
/// aᵢ/εᵢ with aᵢ the L1 sensitivity over the tolerance: Σ wᵢ(aᵢ/εᵢ)² under Σεᵢ = ε is least at εᵢ ∝ (wᵢaᵢ²)^⅓. For
/// Gaussian noise it is aᵢ/√(2ρᵢ) with the L2 sensitivity: Σ wᵢaᵢ²/ρᵢ under Σρᵢ = ρ is least at ρᵢ ∝ (wᵢaᵢ²)^½ (both
/// by Lagrange multipliers). The optimum is rounded to whole multiples of about 2⁻²⁰; where rounding would lose to the
/// even split, the even split is taken.
struct BudgetShares {
  let values: [Rational]

  init(_ shapes: [NoisePlan.Shape], _ query: Query, gaussian: Bool) {
    switch query.split {
    case .weighted: values = BudgetShares.normalised(shapes.map(\.weight))
    case .even: values = BudgetShares.even(shapes, query)
    case .optimized:
      let stakes = shapes.map { BudgetShares.stake(of: $0, query, gaussian: gaussian) }
      let roots = stakes.map { gaussian ? $0.squareRoot() : BudgetShares.cubeRoot($0) }
      let total = roots.reduce(0, +)
      let best = BudgetShares.normalised(
        roots.map { Rational(max(1, Int(($0 / total * 0x1p20).rounded()))) })
      func loss(_ shares: [Rational]) -> Double {
        zip(stakes, shares).reduce(0) { sum, pair in
          let share = pair.1.doubleValue
          return sum + pair.0 / (gaussian ? share : share * share)
        }
      }
      let even = BudgetShares.even(shapes, query)
      values = loss(best) < loss(even) ? best : even
    }
  }

  private static func normalised(_ weights: [Rational]) -> [Rational] {
    let total = weights.reduce(Rational.zero, +)
    return weights.map { $0 / total }
  }

  private static func even(_ shapes: [NoisePlan.Shape], _ query: Query) -> [Rational] {
    normalised(shapes.map { shape in Rational(1, shapes.count { $0.metric == shape.metric }) })
  }

  /// wᵢaᵢ² of a part.
  private static func stake(of shape: NoisePlan.Shape, _ query: Query, gaussian: Bool) -> Double {
    let rows = shape.role == .units ? 1 : query.bounds.rowsPerGroup
    let tolerance = shape.tolerance?.doubleValue ?? Double(shape.cell) / Double(rows)
    let groups = Double(query.bounds.groupsPerUnit)
    let cells = Double(shape.cells)
    let change = Double(shape.cell) / tolerance
    let squared = change * change * (gaussian ? groups * cells : groups * groups * cells * cells)
    return shape.weight.doubleValue * squared
  }

  /// Newton's method from above; a share of a budget needs no more than a few digits.
  private static func cubeRoot(_ value: Double) -> Double {
    guard value > 0 else { return 0 }
    var root = max(1, value)
    for _ in 0..<200 { root = (2 * root + value / (root * root)) / 3 }
    return root
  }
}

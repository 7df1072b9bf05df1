import ExactMath
import PrivacyAccounting

/// What has been spent, in the measure of a filter, exactly.
struct SpentLoss: Hashable, Sendable {
  /// ε, or ρ for a zCDP budget.
  var main: Rational
  /// δ; 0 unless the filter is approximate.
  var delta: Rational

  static let nothing = SpentLoss(main: 0, delta: 0)

  static func + (a: SpentLoss, b: SpentLoss) -> SpentLoss {
    SpentLoss(main: a.main + b.main, delta: a.delta + b.delta)
  }

  /// The form kept in the history: two exact numbers.
  var text: String { "\(main) \(delta)" }

  init(main: Rational, delta: Rational) {
    self.main = main
    self.delta = delta
  }

  init?(text: String) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let main = Rational(String(parts[0])), let delta = Rational(String(parts[1]))
    else { return nil }
    self.init(main: main, delta: delta)
  }
}

extension BudgetTerms {
  /// Whether a total stays within the limits, decided in exact arithmetic.
  func allow(_ total: SpentLoss) -> Bool {
    switch filter {
    case .pure, .approximate:
      return total.main <= epsilon.value && total.delta <= delta.value
    case .zcdp:
      // ρ + 2√(ρ·ln(1/δ)) ≤ ε  ⇔  ρ ≤ ε and 4ρ·ln(1/δ) ≤ (ε − ρ)².
      let room = epsilon.value - total.main
      return room.signum >= 0 && Rational(4) * total.main * BudgetTerms.logarithm(above: delta.value) <= room * room
    }
  }

  /// An upper bound of ln(1/δ): the C library's logarithm errs by far less than the margin of 2⁻⁴⁰.
  private static func logarithm(above delta: Rational) -> Rational {
    let value = -naturalLogarithm(delta.doubleRoundedDown)
    guard value.isFinite, let exact = Rational(exactly: value) else { return Rational(1_000) }
    return exact * Rational((1 << 40) + 1, 1 << 40)
  }

  /// The limit, for people.
  var limit: String {
    delta.value.signum == 0 ? "epsilon=\(epsilon)" : "epsilon=\(epsilon), delta=\(delta)"
  }

  /// A total in the terms of the budget, for people.
  func describe(_ total: SpentLoss) -> String {
    switch filter {
    case .pure: "epsilon=\(total.main.decimalDescription)"
    case .approximate: "epsilon=\(total.main.decimalDescription), delta=\(total.delta.decimalDescription)"
    case .zcdp: "rho=\(total.main.decimalDescription)"
    }
  }

  /// What is left after `total`, for people; for zCDP rounded down to six digits.
  func remaining(after total: SpentLoss) -> String {
    switch filter {
    case .pure: "epsilon=\((epsilon.value - total.main).decimalDescription)"
    case .approximate:
      "epsilon=\((epsilon.value - total.main).decimalDescription), "
        + "delta=\((delta.value - total.delta).decimalDescription)"
    case .zcdp: "rho=\(largestRho.decimalDescription) minus \(total.main.decimalDescription)"
    }
  }

  /// The largest multiple of 10⁻⁶ that a zCDP budget allows, by bisection on the exact test.
  private var largestRho: Rational {
    var low = 0
    var high = min((epsilon.value * 1_000_000).ceiling ?? Int.max / 2, Int.max / 2)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if allow(SpentLoss(main: Rational(middle, 1_000_000), delta: 0)) { low = middle } else { high = middle }
    }
    return Rational(low, 1_000_000)
  }
}

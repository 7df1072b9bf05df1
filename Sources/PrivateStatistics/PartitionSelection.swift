import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
import SecureRandom

/// Decides which groups of undeclared keys may be named, from the number of units in each.
///
/// A unit changes the counts of at most κ groups by one each. Every kind below is (ε/κ, δ/κ) for one group, or
/// (ε, δ) for all of them directly.
///
/// **Optimal** (Desfontaines, Voss and Gipson 2022, theorem 1): a group of n units is kept with probability
/// π(0) = 0, π(n + 1) = min(e^ε·π(n) + δ, 1 − e^−ε·(1 − π(n) − δ), 1), the largest possible. Here e^−ε is replaced by
/// a rational above it and every step is rounded down to 2⁻⁶², which keeps the inequalities π(n + 1) ≤ a·π(n) + δ and
/// 1 − π(n) ≤ a·(1 − π(n + 1)) + δ for an a ≤ e^ε, hence the promise.
/// **Laplace**: the count with discrete Laplace noise of scale κ/ε reaches 1 + (κ/ε)·ln(κ/δ); a lone unit does with
/// probability at most δ/κ (Korolova and others 2009).
/// **Gaussian**: the same with discrete Gaussian noise for half of δ, and 2 + √(2σ²·ln(κ/δ)) for the other half:
/// P[X ≥ m] ≤ P[N(0, σ²) ≥ m − 1] (Canonne, Kamath and Steinke 2020, proposition 25) ≤ e^(−(m−1)²/2σ²)/2.
struct PartitionSelection: Sendable {
  private enum Rule: Sendable {
    /// 2⁶² times the probability for each count; 1 beyond.
    case optimal([UInt64])
    case threshold(NoiseLaw, Int64)
  }

  private let rule: Rule
  /// Groups of fewer units are never kept.
  let minimum: Int
  /// What it costs.
  let event: PrivacyEvent
  /// The kind, for reports.
  let kind: GroupSelection.Kind

  private static let one: UInt64 = 1 << 62
  private static let mostSteps = 1 << 22

  init(
    _ selection: GroupSelection, epsilon: Rational, delta: Rational, groups: Int
  ) throws(StatisticsError) {
    guard delta.signum > 0 else {
      throw .query("budget.delta", "must be above 0 to choose groups whose keys are not declared")
    }
    kind = selection.kind
    minimum = selection.minimumUnits
    do throws(ParameterError) {
      event = try .epsilonDelta(epsilon: epsilon, delta: delta)
      let count = Rational(groups)
      switch selection.kind {
      case .optimal:
        rule = .optimal(try PartitionSelection.probabilities(epsilon: epsilon / count, delta: delta / count))
      case .laplace:
        let scale = count / epsilon
        let reach = scale * PartitionSelection.logarithm(count / delta)
        rule = .threshold(
          .laplace(scale: scale, sensitivity: groups), try PartitionSelection.threshold(reach, plus: 1))
      case .gaussian:
        guard
          case .zcdp(let rho, _) = try BudgetLimit.zcdp(certifying: Epsilon(epsilon), delta: Delta(delta / 2))
        else { throw ParameterError(.outOfRange, "delta", "is too small") }
        let variance = count / (rho.value * 2)
        let squared = variance * 2 * PartitionSelection.logarithm(count / delta)
        // √x ≤ (x + r²)/2r for every r; the nearest double makes it tight.
        let root = Rational(exactly: squared.doubleRoundedUp.squareRoot()) ?? squared
        rule = .threshold(
          .gaussian(variance: variance, squaredSensitivity: count),
          try PartitionSelection.threshold((squared + root * root) / (root * 2), plus: 2))
      }
      if case .threshold(let law, _) = rule { _ = try law.sampler(dimension: 1) }
    } catch {
      throw .query("selection", error.message)
    }
  }

  /// An upper bound on a natural logarithm.
  private static func logarithm(_ value: Rational) -> Rational {
    Rational(exactly: Interval(value).logarithm.high) ?? 0
  }

  private static func threshold(_ reach: Rational, plus: Int) throws(ParameterError) -> Int64 {
    guard let whole = reach.ceiling, whole < 1 << 50 else {
      throw ParameterError(.outOfRange, "epsilon", "is too small to choose any group")
    }
    return Int64(max(0, whole) + plus)
  }

  private static func probabilities(epsilon: Rational, delta: Rational) throws(ParameterError) -> [UInt64] {
    let shrink = PartitionSelection.inverseExponential(epsilon)
    guard let step = (delta * Rational(1 << 62)).floor, step >= 1 else {
      throw ParameterError(.outOfRange, "delta", "is too small to choose groups")
    }
    var result: [UInt64] = [0]
    var last: UInt64 = 0
    while last < one {
      guard result.count < mostSteps else {
        throw ParameterError(.outOfRange, "epsilon", "is too small to choose groups")
      }
      last = PartitionSelection.next(after: last, shrink: shrink, delta: UInt64(step))
      result.append(last)
    }
    return result
  }

  /// One step of the recursion, rounded down; `shrink` is 2⁶² times a number not below e^−ε.
  static func next(after last: UInt64, shrink: UInt64, delta: UInt64) -> UInt64 {
    guard one - last > delta else { return one }
    let grown = (UInt128(last) << 62) / UInt128(shrink) + UInt128(delta)
    let rest = UInt128(one - last - delta) * UInt128(shrink)
    let spared = UInt128(one) - ((rest + UInt128(one) - 1) >> 62)
    return UInt64(min(grown, spared, UInt128(one)))
  }

  /// 2⁶²·e^−ε, rounded up.
  private static func inverseExponential(_ epsilon: Rational) -> UInt64 {
    let high = ExactExponential.bounds(
      BigWhole(numeratorOf: epsilon), over: BigWhole(denominatorOf: epsilon), precision: 62
    ).high
    return min(one, max(1, high.word ?? one))
  }

  /// Which groups are kept.
  func choose(_ counts: [Int], using generator: inout SecureGenerator) -> [Bool] {
    let shifted = counts.map { $0 < minimum ? 0 : $0 - (minimum - 1) }
    switch rule {
    case .optimal(let probabilities):
      return shifted.map { count in
        count > 0
          && (count >= probabilities.count || (generator.next() >> 2) < probabilities[count])
      }
    case .threshold(let law, let threshold):
      guard !counts.isEmpty, let sampler = try? law.sampler(dimension: counts.count) else {
        return counts.map { _ in false }
      }
      let noisy = sampler.release(shifted.map { Int64($0) }, using: &generator)
      return zip(shifted, noisy).map { $0 > 0 && $1 >= threshold }
    }
  }

  /// The number of units with which a group is kept at least half of the time.
  var typicalUnits: Int {
    switch rule {
    case .optimal(let probabilities):
      minimum - 1 + (probabilities.firstIndex { $0 >= PartitionSelection.one / 2 } ?? probabilities.count)
    case .threshold(_, let threshold): minimum - 1 + Int(threshold)
    }
  }

  /// The chance that a group of so many units is kept; `nil` where noise decides.
  func probability(ofUnits units: Int) -> Double? {
    guard case .optimal(let probabilities) = rule else { return nil }
    let count = max(0, units - (minimum - 1))
    return count >= probabilities.count ? 1 : Double(probabilities[count]) / Double(PartitionSelection.one)
  }
}

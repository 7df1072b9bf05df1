import ExactMath

/// What a candidate value has to meet, and who judges it.
struct CalibrationTarget {
  let template: EventTemplate
  let epsilon: Epsilon
  let delta: Delta
  let adjacency: Adjacency
  let accountant: any Accountant

  /// Whether a value is certified, and how close it is.
  struct Verdict {
    let meets: Bool
    /// ln of the certified δ over the target: at most 0 when it meets, for interpolation only.
    let excess: Double

    static let outside = Verdict(meets: false, excess: .infinity)
  }

  /// Whether an accountant certifies δ(ε) ≤ δ with this value.
  func verdict(_ value: Rational, by accountant: any Accountant) throws -> Verdict {
    let event: PrivacyEvent
    do throws(ParameterError) {
      event = try template.event(value)
    } catch {
      // A whole value outside the parameter's range, such as more levels than fit, meets nothing.
      guard error.code == .outOfRange || error.code == .inconsistent else { throw error }
      return .outside
    }
    let upper = try accountant.delta(of: event, epsilon: epsilon, adjacency: adjacency).upper
    guard let exact = Rational(exactly: upper) else { return .outside }
    let excess =
      delta.value.signum > 0 && upper > 0
      ? (Interval(upper).logarithm - Interval(delta.value).logarithm).middle : upper > 0 ? .infinity : -.infinity
    return Verdict(meets: exact <= delta.value, excess: excess)
  }

  /// Whether a certified lower bound shows that no accountant can meet the target with this value.
  func isCertainlyExceeded(_ value: Rational) -> Bool {
    guard let event = try? template.event(value),
      let bounds = try? LossDistributionAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency),
      let lower = bounds.lower, let exact = Rational(exactly: lower)
    else { return false }
    return exact > delta.value
  }

  /// Bounds on ε and the accountant that certifies δ(ε) ≤ δ.
  static func answer(
    of accountant: any Accountant, event: PrivacyEvent, epsilon: Epsilon, delta: Delta, adjacency: Adjacency
  ) throws -> (bounds: Bounds, accountant: String) {
    guard let automatic = accountant as? AutomaticAccountant else {
      return (try accountant.epsilon(of: event, delta: delta, adjacency: adjacency), accountant.name)
    }
    let name = try automatic.bestDelta(of: event, epsilon: epsilon, adjacency: adjacency).accountant
    return (try automatic.bestEpsilon(of: event, delta: delta, adjacency: adjacency).bounds, name)
  }

  /// Why there is no answer.
  func unsolvable(_ reason: String) -> AccountingError {
    AccountingError(.noSolution, "\(reason) of '\(template.parameter)' meets the target")
  }
}

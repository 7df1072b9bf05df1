package import ExactMath

/// Gaussian differential privacy (Dong, Roth and Su 2019): exact for Gaussians, two-sided, and refused for all else.
///
/// μ² adds in exact rationals, so ten thousand Gaussians of σ = 100 are exactly one of σ = 1. The central-limit
/// approximation for other events is not a bound and is not offered.
public struct GaussianAccountant: Accountant {
  /// `gdp`.
  public let name = "gdp"

  /// The accountant has no state.
  public init() {}

  /// The exact ε between two doubles.
  public func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let squaredMu = try GaussianAccountant.squaredMu(of: EventTerms(event, adjacency: adjacency))
    guard squaredMu.signum > 0 else { return Bounds(lower: 0, upper: 0) }
    guard delta.value.signum > 0 else { return Bounds(lower: .greatestFiniteMagnitude, upper: .infinity) }
    return GaussianProfile(squaredMu: squaredMu).epsilon(logDelta: Interval(delta.value).logarithm)
  }

  /// The exact δ between two doubles.
  public func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds {
    let squaredMu = try GaussianAccountant.squaredMu(of: EventTerms(event, adjacency: adjacency))
    guard squaredMu.signum > 0 else { return Bounds(lower: 0, upper: 0) }
    let profile = GaussianProfile(squaredMu: squaredMu)
    // δ decreases in ε.
    let high = profile.logDelta(epsilon: epsilon.down).exponential.high
    let low = profile.logDelta(epsilon: epsilon.up).exponential.low
    return Bounds(lower: Swift.min(low, 1), upper: Swift.min(high, 1))
  }

  /// The exact total μ², for budgets.
  package static func squaredMu(of terms: EventTerms) throws(AccountingError) -> Rational {
    if terms.isEmpty { return 0 }
    guard case .gaussian(let squaredMu)? = terms.only else {
      throw AccountingError(.unsupportedEvent, "gdp is exact for Gaussians only and refuses every other event")
    }
    return squaredMu
  }
}

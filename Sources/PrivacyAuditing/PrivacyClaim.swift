public import ExactMath
public import PrivacyAccounting

/// What a mechanism says about itself, and what an audit tries to refute.
public struct PrivacyClaim: Sendable, Hashable {
  /// ε ≥ 0.
  public let epsilon: Rational
  /// δ in [0, 1).
  public let delta: Rational
  /// Whose privacy: the thing that is added, removed or replaced between neighbouring data sets, such as `row`.
  public let unit: String
  /// Which data sets are neighbours.
  public let adjacency: Adjacency

  /// A claim.
  ///
  /// - Throws: ``AuditError`` when ε is negative, δ lies outside [0, 1) or the unit is empty: an (ε, δ) without a
  ///   unit of privacy claims nothing.
  public init(epsilon: Rational, delta: Rational, unit: String, adjacency: Adjacency) throws(AuditError) {
    guard epsilon.signum >= 0 else { throw AuditError(.invalidClaim, "epsilon: must not be negative") }
    guard delta.signum >= 0, delta < 1 else { throw AuditError(.invalidClaim, "delta: must lie in [0, 1)") }
    guard !unit.isEmpty else { throw AuditError(.invalidClaim, "unit: a claim without a unit of privacy is refused") }
    self.epsilon = epsilon
    self.delta = delta
    self.unit = unit
    self.adjacency = adjacency
  }
}

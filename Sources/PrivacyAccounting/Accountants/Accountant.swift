/// A rule that turns an event into an (ε, δ) guarantee.
///
/// Every upper bound includes rounding and truncation. Accountants that share no theorem for an event refuse it with
/// the reason instead of returning a number.
public protocol Accountant: Sendable {
  /// The name used by the command: `pure`, `zcdp`, `rdp`, `gdp`, ….
  var name: String { get }

  /// Bounds on the smallest ε for which the event is (ε, δ)-differentially private.
  ///
  /// **Edge cases**: the upper bound is `.infinity` where no finite ε works, for example a Gaussian at δ = 0.
  ///
  /// - Throws: ``AccountingError`` when the accountant has no rule for the event.
  func epsilon(of event: PrivacyEvent, delta: Delta, adjacency: Adjacency) throws(AccountingError) -> Bounds

  /// Bounds on the smallest δ for which the event is (ε, δ)-differentially private; the upper bound is at most 1.
  ///
  /// - Throws: ``AccountingError`` when the accountant has no rule for the event.
  func delta(of event: PrivacyEvent, epsilon: Epsilon, adjacency: Adjacency) throws(AccountingError) -> Bounds
}

import ExactMath

/// The privacy loss of everything that was released, as a value: ask it for δ(ε), ε(δ), an attacker's trade-off or the
/// best attacker's advantage.
///
/// The law is kept exactly, as the canonical event it belongs to, and never as a rounded histogram: composing, storing and
/// reading back lose nothing, and equal values have equal bounds. Every answer is two-sided where the event has a proven
/// dominating pair that a mechanism attains.
public struct PrivacyLossDistribution: Sendable, Hashable, Codable {
  /// What was released.
  public let event: PrivacyEvent
  /// The adjacency that the loss is stated for.
  public let adjacency: Adjacency

  /// The loss of an event.
  ///
  /// - Throws: ``AccountingError`` when the event has no theorem under the adjacency.
  public init(_ event: PrivacyEvent, adjacency: Adjacency) throws(AccountingError) {
    _ = try EventTerms(event, adjacency: adjacency)
    self.event = event
    self.adjacency = adjacency
  }

  /// The loss of both, one after the other.
  ///
  /// - Throws: ``AccountingError`` when the adjacencies differ.
  public func composed(with other: PrivacyLossDistribution) throws(AccountingError) -> PrivacyLossDistribution {
    guard adjacency == other.adjacency else {
      throw AccountingError(.invalidQuestion, "losses under different adjacencies do not compose")
    }
    return try PrivacyLossDistribution(.composed([event, other.event]), adjacency: adjacency)
  }

  /// Bounds on the smallest ε at `delta`.
  ///
  /// - Throws: ``AccountingError`` when no dominating pair is used for the event.
  public func epsilon(delta: Delta) throws(AccountingError) -> Bounds {
    try LossDistributionAccountant().epsilon(of: event, delta: delta, adjacency: adjacency)
  }

  /// Bounds on the smallest δ at `epsilon`.
  ///
  /// - Throws: ``AccountingError`` when no dominating pair is used for the event.
  public func delta(epsilon: Epsilon) throws(AccountingError) -> Bounds {
    try LossDistributionAccountant().delta(of: event, epsilon: epsilon, adjacency: adjacency)
  }

  /// Bounds on the largest difference between the true and the false positive rate of any attacker, which is δ(0).
  ///
  /// - Throws: ``AccountingError`` when no dominating pair is used for the event.
  public func advantage() throws(AccountingError) -> Bounds {
    try LossDistributionAccountant().advantage(of: event, adjacency: adjacency)
  }

  /// Bounds on the smallest false negative rate of any attacker whose false positive rate is `rate`, on the trade-off
  /// curve that the profile stands for.
  ///
  /// The curve is the convex one below those of both directions of adjacency: the lower bound holds for every attacker, and
  /// the upper one is attained where the two directions have equal losses, as for all events that are not samples.
  ///
  /// - Throws: ``AccountingError`` unless the rate lies in 0 … 1, or when no dominating pair is used for the event.
  public func falseNegativeRate(falsePositiveRate rate: Double) throws(AccountingError) -> Bounds {
    try LossDistributionAccountant().falseNegativeRate(of: event, falsePositiveRate: rate, adjacency: adjacency)
  }
}

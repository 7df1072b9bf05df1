import ExactMath
private import Glibc

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
    try delta(epsilon: Epsilon(unchecked: 0))
  }

  /// Bounds on the smallest false negative rate of any attacker whose false positive rate is `rate`, on the trade-off
  /// curve that the profile stands for.
  ///
  /// The curve is the convex one below those of both directions of adjacency: the lower bound holds for every attacker, and
  /// the upper one is attained where the two directions have equal losses, as for all events that are not samples.
  ///
  /// By duality (Dong, Roth and Su 2019, proposition 2.12) it is the largest over ε ≥ 0 of 1 − δ(ε) − e^ε·rate and
  /// e^(−ε)(1 − δ(ε) − rate). Any ε gives a lower bound; for the upper bound the values between two ε are at most those of
  /// δ at the larger and of the exponential at the smaller.
  ///
  /// - Throws: ``AccountingError`` unless the rate lies in 0 … 1, or when no dominating pair is used for the event.
  public func falseNegativeRate(falsePositiveRate rate: Double) throws(AccountingError) -> Bounds {
    guard rate >= 0, rate <= 1 else {
      throw AccountingError(.invalidQuestion, "a false positive rate lies between 0 and 1")
    }
    let most = 1 - rate
    guard most > 0 else { return Bounds(lower: 0, upper: 0) }
    // Beyond this ε the first line is below zero, and the second below e^(−ε).
    let limit = Swift.min(60, rate > 0 ? Swift.max(1, 1 - Glibc.log(rate)) : 60)
    var known: [Double: Bounds] = [:]
    func profile(_ epsilon: Double) throws(AccountingError) -> Bounds {
      if let value = known[epsilon] { return value }
      let value = try delta(epsilon: Epsilon(unchecked: Rational(exactly: epsilon) ?? 0))
      known[epsilon] = value
      return value
    }
    func line(_ delta: Double, _ epsilon: Double) -> Double {
      Swift.max(1 - delta - Glibc.exp(epsilon) * rate, Glibc.exp(-epsilon) * (1 - delta - rate))
    }
    // Halve the intervals that can still hold the maximum.
    var ends = (0...16).map { limit * Double($0) / 16 }
    var lower = 0.0
    for _ in 0..<12 {
      for epsilon in ends { lower = Swift.max(lower, line(try profile(epsilon).upper, epsilon) - 4e-15) }
      var next: Set<Double> = []
      for (left, right) in zip(ends, ends.dropFirst()) {
        let reachable = line(try profile(right).lower ?? 0, left)
        guard reachable > lower + 1e-4 else { continue }
        next.formUnion([left, left + (right - left) / 2, right])
      }
      if next.isEmpty { break }
      ends = Set(ends).union(next).sorted()
      if known.count > 300 { break }
    }
    var upper = lower
    for (left, right) in zip(ends, ends.dropFirst()) {
      upper = Swift.max(upper, line(known[right]?.lower ?? 0, left) + 4e-15)
    }
    if let last = ends.last { upper = Swift.max(upper, line(0, last) + 4e-15) }
    return Bounds(lower: Swift.min(most, lower), upper: Swift.min(most, upper))
  }
}

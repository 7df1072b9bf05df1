public import PrivacyAccounting

/// A mechanism that adds independent noise to whole numbers and knows what that costs.
///
/// The noise a value of such a type draws and the ``event`` it reports come from the same parameters, so that they
/// cannot drift apart. Charge ``event``, then release:
///
/// ```swift
/// let mechanism = try DiscreteLaplaceMechanism(scale: 20)
/// try budget.charge(mechanism.event, label: "visits")
/// let answer = mechanism.release(count, using: &generator)
/// ```
public protocol NoiseMechanism: Sendable {
  /// What one release costs; complete, for every coordinate of it.
  var event: PrivacyEvent { get }

  /// The standard deviation of the noise on one coordinate, within a few units in the last place.
  var standardDeviation: Double { get }

  /// A width h with P[|noise| > h] ≤ 1 − `confidence` for one coordinate, near the smallest.
  ///
  /// - Parameter confidence: in (0, 1).
  func errorBound(confidence: Double) -> Double
}

/// A value whose noise came from a public seed: for comparing runs, never for protecting anybody.
public struct Simulated<Value: Sendable>: Sendable {
  /// The value.
  public let value: Value

  package init(_ value: Value) {
    self.value = value
  }
}

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
///
/// Statements of accuracy hold where the clamping bounds of the mechanism are out of the noise's reach.
public protocol NoiseMechanism: Sendable {
  /// What one release costs; complete, for every coordinate of it.
  var event: PrivacyEvent { get }

  /// The standard deviation of the noise on one coordinate, within a few units in the last place.
  var standardDeviation: Double { get }

  /// The mean of the noise on one coordinate: what to take off an answer to make it unbiased.
  var bias: Double { get }

  /// The mean of |noise| on one coordinate, within a relative error of 10⁻⁴.
  var expectedError: Double { get }

  /// A width h with P[|noise| > h] ≤ 1 − `confidence` for one coordinate, near the smallest.
  ///
  /// - Parameter confidence: in (0, 1).
  func errorBound(confidence: Double) -> Double
}

extension NoiseMechanism {
  /// 0: the noise is symmetric.
  public var bias: Double { 0 }

  /// The variance of the noise on one coordinate, within a few units in the last place.
  public var variance: Double { standardDeviation * standardDeviation }

  /// An interval that holds the value before noise with probability at least `confidence`, whatever the value is.
  ///
  /// - Parameters:
  ///   - answer: one released coordinate, in the mechanism's unit.
  ///   - confidence: in (0, 1).
  public func interval(around answer: Double, confidence: Double) -> ClosedRange<Double> {
    let width = errorBound(confidence: confidence)
    return (answer - width)...(answer + width)
  }
}

/// A value whose noise came from a public seed: for comparing runs, never for protecting anybody.
public struct Simulated<Value: Sendable>: Sendable {
  /// The value.
  public let value: Value

  package init(_ value: Value) {
    self.value = value
  }
}

public import ExactMath
private import Glibc
public import PrivacyAccounting

/// The two-sided geometric mechanism (Ghosh, Roughgarden and Sundararajan 2009): another name of discrete Laplace
/// noise, P[x] ∝ α^|x| with α = e^(−1/scale).
public typealias TwoSidedGeometricMechanism = DiscreteLaplaceMechanism

/// Geometric noise that is never negative, P[x] ∝ e^(−x/scale) for x ≥ 0: for answers that must not fall short.
///
/// Padding a batch, sizing a buffer or publishing an upper bound of a count needs noise of one sign. Such noise is never
/// purely private: answers below the larger neighbour's value give it away. Moving the value by Δ leaves
/// P = e^(−Δ/scale)·P′ on the answers both can give, so every (ε, δ) is decided by the rest, of mass
/// δ = 1 − e^(−Δ/scale): the loss is (0, δ), the total variation distance, and no larger ε makes δ smaller.
///
/// Exact; one word and one look-up a draw.
public struct OneSidedGeometricMechanism: WholeNumberMechanism {
  /// The scale in grid steps.
  public let scale: LaplaceScale
  /// The largest change of the value in grid steps.
  public let sensitivity: GridSensitivity
  /// A rational bound of 1 − e^(−Δ/scale), within a few units in the last place of a double.
  public let delta: Delta
  /// The law of the noise.
  public let noise: WholeNumberNoise

  /// - Throws: `ParameterError` for a scale outside 2⁻¹⁰ … 2⁵⁰ grid steps, and for one so small against the
  ///   sensitivity that δ rounds to 1.
  public init(scale: Rational, sensitivity: Int = 1) throws(ParameterError) {
    try ScaleLimits.checkScale(scale)
    self.scale = try LaplaceScale(scale)
    self.sensitivity = try GridSensitivity(Rational(sensitivity))
    let bound = -(Interval(-Rational(sensitivity) / scale).exponentialMinusOne.low)
    guard bound < 1, let delta = Rational(exactly: bound) else {
      throw ParameterError(.outOfRange, "scale", "must leave a delta below 1")
    }
    self.delta = try Delta(delta)
    noise = WholeNumberNoise(.geometric(scale: scale))
  }

  /// One whole number.
  public var dimension: Dimension { Dimension(unchecked: 1) }

  /// One release.
  public var event: PrivacyEvent { .epsilonDelta(epsilon: Epsilon(unchecked: 0), delta: delta) }

  /// √q / (1 − q) with q = e^(−1/scale).
  public var standardDeviation: Double { exp(-rate / 2) / -expm1(-rate) }

  /// q / (1 − q): answers are too large by this on average.
  public var bias: Double { 1 / expm1(rate) }

  /// The bias, since the noise is never negative.
  public var expectedError: Double { bias }

  /// From P[x > h] = q^(h + 1).
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return max(0, (log(1 / (1 - confidence)) / rate * (1 + 1e-12) - 1).rounded(.up))
  }

  private var rate: Double { 1 / scale.value.doubleValue }
}

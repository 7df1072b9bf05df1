public import ExactMath
private import Glibc
public import PrivacyAccounting

/// Discrete Laplace noise on whole numbers: P[x] ∝ e^(−|x|/scale), also called two-sided geometric.
///
/// Exact: sampled by Canonne, Kamath and Steinke (2020), algorithm 2, or for long vectors by a table with the same law.
/// Pure ε-differential privacy with ε = sensitivity / scale (Ghosh, Roughgarden and Sundararajan 2009).
///
/// Cost: about ten uniform words a single draw, one word and one look-up a draw in vectors of 256 and more.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶¹; nothing overflows or traps, whatever the data.
public struct DiscreteLaplaceMechanism: WholeNumberMechanism {
  /// The scale in grid steps.
  public let scale: LaplaceScale
  /// The largest change of the value, or of the vector in the L1 norm, in grid steps.
  public let sensitivity: GridSensitivity
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  /// The law of the noise.
  public let noise: WholeNumberNoise

  /// A mechanism from checked parameters.
  ///
  /// - Throws: `ParameterError` for a scale outside 2⁻¹⁰ … 2⁵⁰ grid steps.
  public init(scale: LaplaceScale, sensitivity: GridSensitivity, dimension: Dimension) throws(ParameterError) {
    try ScaleLimits.checkScale(scale.value)
    self.scale = scale
    self.sensitivity = sensitivity
    self.dimension = dimension
    noise = WholeNumberNoise(.discreteLaplace(scale: scale.value))
  }

  /// A mechanism for a value, or a vector in the L1 norm, that changes by at most `sensitivity` grid steps.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(scale: Rational, sensitivity: Int = 1, dimension: Int = 1) throws(ParameterError) {
    try self.init(
      scale: LaplaceScale(scale), sensitivity: GridSensitivity(Rational(sensitivity)), dimension: Dimension(dimension))
  }

  /// The mechanism of exactly this ε.
  ///
  /// - Throws: `ParameterError` for a parameter out of range, ε = 0 included.
  public init(epsilon: Epsilon, sensitivity: Int = 1, dimension: Int = 1) throws(ParameterError) {
    try ScaleLimits.checkPositive(epsilon.value, "epsilon")
    try self.init(scale: Rational(sensitivity) / epsilon.value, sensitivity: sensitivity, dimension: dimension)
  }

  /// One release; for a vector its pure ε, which covers any division of the L1 sensitivity between coordinates.
  public var event: PrivacyEvent {
    if dimension.value == 1 { return .discreteLaplace(scale: scale, sensitivity: sensitivity) }
    return .epsilonDelta(epsilon: Epsilon(unchecked: sensitivity.value / scale.value), delta: Delta(unchecked: 0))
  }

  /// √(2q) / (1 − q) with q = e^(−1/scale).
  public var standardDeviation: Double {
    let rate = 1 / scale.value.doubleValue
    return (2 * exp(-rate)).squareRoot() / -expm1(-rate)
  }

  /// 2q / (1 − q²), which is 1 / sinh(1/scale).
  public var expectedError: Double { 1 / sinh(1 / scale.value.doubleValue) }

  /// From P[|x| > h] = 2·q^(h+1) / (1 + q).
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    let width = scale.value.doubleValue
    let q = exp(-1 / width)
    return max(0, (width * log(2 / ((1 + q) * (1 - confidence)))).rounded(.up))
  }
}

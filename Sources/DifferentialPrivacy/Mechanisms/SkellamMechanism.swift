public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Symmetric Skellam noise on whole numbers: the difference of two Poisson variates of mean σ²/2.
///
/// Sums of Skellam noise are Skellam noise, so several parties can each add a part. Exact: sampled from a table of
/// Bessel-function ratios bounded by intervals. Privacy by Agarwal, Kairouz and Liu (2021, theorem 3.5).
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶²; nothing overflows or traps, whatever the data.
public struct SkellamMechanism: NoiseMechanism {
  /// The standard deviation in grid steps, kept as σ².
  public let sigma: NoiseScale
  /// The largest change of the vector in the L2 norm, in grid steps.
  public let sensitivity: L2Sensitivity
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  private let noise: NoiseSource

  /// A mechanism from checked parameters.
  ///
  /// - Throws: ``ParameterError`` for σ outside 2⁻¹⁰ … 2¹² grid steps.
  public init(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension) throws(ParameterError) {
    try ScaleLimits.checkVariance(sigma.variance)
    guard sigma.variance <= SkellamSampler.mostVariance else {
      throw ParameterError(.outOfRange, "sigma", "must be at most 2^12 grid steps for Skellam noise")
    }
    self.sigma = sigma
    self.sensitivity = sensitivity
    self.dimension = dimension
    noise = NoiseSource(.skellam(variance: sigma.variance))
  }

  /// A mechanism for a vector that changes by at most `sensitivity` grid steps in the L2 norm.
  ///
  /// - Throws: ``ParameterError`` for a parameter out of range.
  public init(sigma: Rational, sensitivity: Rational = 1, dimension: Int = 1) throws(ParameterError) {
    try self.init(
      sigma: NoiseScale(sigma: sigma), sensitivity: L2Sensitivity(sensitivity), dimension: Dimension(dimension))
  }

  /// One release.
  public var event: PrivacyEvent {
    .skellam(sigma: sigma, sensitivity: sensitivity, dimension: dimension)
  }

  /// σ.
  public var standardDeviation: Double { sigma.variance.doubleValue.squareRoot() }

  /// The smallest such width, from the law itself, up to the rounding of doubles.
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    let variance = sigma.variance.doubleValue
    let last = Int(12 * variance.squareRoot()) + 60
    // Ratios of neighbouring probabilities, by backward recurrence from far out.
    var ratios = [Double](repeating: 0, count: last + 1)
    var ratio = 0.0
    for k in stride(from: 2 * last, through: 1, by: -1) {
      ratio = 1 / (2 * Double(k) / variance + ratio)
      if k <= last { ratios[k] = ratio }
    }
    var weights = [1.0]
    for k in 1...last { weights.append(weights[k - 1] * ratios[k]) }
    let total = 1 + 2 * weights.dropFirst().reversed().reduce(0, +)
    var tail = 0.0
    for k in stride(from: last, through: 1, by: -1) {
      tail += 2 * weights[k] / total
      if tail > (1 - confidence) * (1 - 1e-9) { return Double(k) }
    }
    return 0
  }

  /// The value with noise.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func release(_ value: Int64, using generator: inout SecureGenerator) -> Int64 {
    precondition(dimension.value == 1, "a vector mechanism releases vectors of its dimension")
    return noise.noisy(value, using: &generator)
  }

  /// The values with independent noise.
  ///
  /// - Precondition: there are as many values as the mechanism's dimension.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> [Int64] {
    precondition(values.count == dimension.value, "a vector mechanism releases vectors of its dimension")
    var result = values
    noise.add(to: &result, using: &generator)
    return result
  }

  /// Noise for `count` later releases of one value each.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func prepare(_ count: Int, using generator: inout SecureGenerator) -> PreparedNoise {
    precondition(dimension.value == 1, "noise is prepared for single values")
    return PreparedNoise(noise, count: count, event: event, using: &generator)
  }

  /// The values with noise from a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    precondition(values.count == dimension.value, "a vector mechanism releases vectors of its dimension")
    var result = values
    noise.add(to: &result, using: &generator)
    return Simulated(result)
  }
}

public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Discrete Gaussian noise on whole numbers: P[x] ∝ e^(−x²/(2σ²)).
///
/// Exact: sampled by Canonne, Kamath and Steinke (2020), algorithm 3, or for long vectors by a table with the same law.
/// A vector that changes by at most Δ in the L2 norm satisfies ρ-zero-concentrated privacy with ρ = Δ²/(2σ²) (theorem 4
/// there). The law is not dominated by the continuous Gaussian of the same σ and has an event of its own.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶²; nothing overflows or traps, whatever the data.
public struct DiscreteGaussianMechanism: NoiseMechanism {
  /// The parameter σ in grid steps, kept as σ².
  public let sigma: NoiseScale
  /// The largest change of the vector in the L2 norm, in grid steps.
  public let sensitivity: L2Sensitivity
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  private let noise: NoiseSource

  /// A mechanism from checked parameters.
  ///
  /// - Throws: ``ParameterError`` for σ outside 2⁻¹⁰ … 2⁵⁰ grid steps.
  public init(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension) throws(ParameterError) {
    try ScaleLimits.checkVariance(sigma.variance)
    self.sigma = sigma
    self.sensitivity = sensitivity
    self.dimension = dimension
    noise = NoiseSource(.discreteGaussian(variance: sigma.variance))
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
    .discreteGaussian(sigma: sigma, sensitivity: sensitivity, dimension: dimension)
  }

  /// σ, which is an upper bound: the variance of the law is at most σ² (Canonne, Kamath and Steinke 2020,
  /// corollary 9).
  public var standardDeviation: Double {
    sigma.variance.doubleRoundedUp.squareRoot()
  }

  /// Twice the tail of the continuous normal covers the discrete one: P[X ≥ m] ≤ P[N(0, σ²) ≥ m − 1]
  /// (proposition 25 there).
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return NormalQuantile.twoSided(confidence: confidence, sigma: standardDeviation).rounded(.up)
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

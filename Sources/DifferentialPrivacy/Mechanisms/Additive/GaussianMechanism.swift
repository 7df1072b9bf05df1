public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// Gaussian noise for real values: an exactly sampled normal variate, rounded to a grid of a power of two.
///
/// Values are whole numbers of grid steps, so value + round(noise) is the rounding of value + noise: the answer is
/// post-processing of the continuous Gaussian mechanism, and every theorem about that one holds — the analytic
/// Gaussian (Balle and Wang 2018), Gaussian differential privacy, privacy loss distributions, vectors in the L2 norm,
/// Poisson sampling.
///
/// **Edge cases**: values are clamped to ±2⁶¹ steps and answers to ±2⁶¹ steps.
public struct GaussianMechanism: NoiseMechanism {
  /// The standard deviation, kept as its square.
  public let sigma: NoiseScale
  /// The largest change of the vector in the L2 norm.
  public let sensitivity: L2Sensitivity
  /// The number of coordinates in one release.
  public let dimension: Dimension
  /// The grid of values and answers.
  public let grid: Grid
  private let multiplier: NoiseMultiplier
  private let noise: WholeNumberNoise

  /// A mechanism for vectors of grid values that change by at most `sensitivity` in the L2 norm.
  ///
  /// - Parameter grid: the grid of the values; by default the step is a power of two with 2¹⁵ ≤ σ/step < 2¹⁶.
  /// - Throws: `ParameterError` when σ/step is outside 2⁶ … 2⁵⁰.
  public init(
    sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension, grid: Grid? = nil
  ) throws(ParameterError) {
    let grid = if let grid { grid } else { try Grid(forSquaredScale: sigma.variance) }
    let variance = sigma.variance / (grid.step * grid.step)
    try ScaleLimits.checkVariance(variance)
    guard variance >= 4_096 else {
      throw ParameterError(.outOfRange, "grid", "must have a step of at most sigma/64")
    }
    multiplier = try NoiseMultiplier(sigma, over: sensitivity)
    self.sigma = sigma
    self.sensitivity = sensitivity
    self.dimension = dimension
    self.grid = grid
    noise = WholeNumberNoise(.roundedNormal(variance: variance))
  }

  /// A mechanism for vectors of grid values that change by at most `sensitivity` in the L2 norm.
  ///
  /// - Throws: `ParameterError` for a parameter out of range.
  public init(sigma: Rational, sensitivity: Rational = 1, dimension: Int = 1) throws(ParameterError) {
    try self.init(
      sigma: NoiseScale(sigma: sigma), sensitivity: L2Sensitivity(sensitivity), dimension: Dimension(dimension))
  }

  /// One release: the continuous Gaussian of this noise multiplier.
  public var event: PrivacyEvent { .gaussian(noiseMultiplier: multiplier) }

  /// σ; rounding adds at most a twelfth of a squared step to the variance.
  public var standardDeviation: Double { sigma.variance.doubleValue.squareRoot() }

  /// σ·√(2/π), the mean of |noise| before rounding; the step is at most σ/64, so rounding moves it by less than 10⁻⁴ of it.
  public var expectedError: Double { standardDeviation * (2 / Double.pi).squareRoot() }

  /// A width that the noise on one coordinate exceeds with probability at most 1 − `confidence`.
  public func errorBound(confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    return NormalQuantile.twoSided(confidence: confidence, sigma: standardDeviation) + grid.step.doubleValue / 2
  }

  /// The value with noise.
  ///
  /// - Parameter steps: the value in grid steps.
  /// - Precondition: the mechanism's dimension is 1.
  public func release(steps: Int64, using generator: inout SecureGenerator) -> GridValue {
    GridValue(steps: noise.release(steps, dimension, using: &generator), grid: grid)
  }

  /// The values with independent noise, in grid steps.
  ///
  /// - Parameter steps: the values in grid steps.
  /// - Precondition: there are as many values as the mechanism's dimension.
  public func release(steps: [Int64], using generator: inout SecureGenerator) -> [Int64] {
    noise.release(steps, dimension, using: &generator)
  }

  /// Noise for `count` later releases of one value each, in grid steps.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func prepare(_ count: Int, using generator: inout SecureGenerator) -> PreparedNoise {
    noise.prepare(count, event, dimension, using: &generator)
  }

  /// The values with noise from a simulation's stream, in grid steps.
  package func simulate(steps: [Int64], using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    Simulated(draw(steps: steps, using: &generator))
  }

  package func draw<Source: UniformSource & ~Copyable>(steps: [Int64], using source: inout Source) -> [Int64] {
    noise.release(steps, dimension, using: &source)
  }
}

public import ExactMath

// Factories from plain exact numbers: each checks its arguments and throws `ParameterError`.
extension PrivacyEvent {
  /// A release of nothing: the neutral element of composition.
  public static let nothing = PrivacyEvent.composed([])

  /// Laplace noise of scale `scale` on one number of L1 sensitivity `sensitivity`.
  public static func laplace(scale: Rational, sensitivity: Rational = 1) throws(ParameterError) -> PrivacyEvent {
    .laplace(scale: try LaplaceScale(scale), sensitivity: try Sensitivity(sensitivity))
  }

  /// Gaussian noise of σ `noiseMultiplier` for L2 sensitivity 1.
  public static func gaussian(noiseMultiplier: Rational) throws(ParameterError) -> PrivacyEvent {
    .gaussian(noiseMultiplier: try NoiseMultiplier(noiseMultiplier))
  }

  /// Discrete Laplace noise on one integer; `sensitivity` is a whole number of grid steps.
  public static func discreteLaplace(
    scale: Rational, sensitivity: Rational = 1
  ) throws(ParameterError) -> PrivacyEvent {
    .discreteLaplace(scale: try LaplaceScale(scale), sensitivity: try GridSensitivity(sensitivity))
  }

  /// Discrete Gaussian noise on one integer of sensitivity 1.
  public static func discreteGaussian(sigma: NoiseScale) throws(ParameterError) -> PrivacyEvent {
    .discreteGaussian(sigma: sigma, sensitivity: try L2Sensitivity(1), dimension: try Dimension(1))
  }

  /// Discrete Gaussian noise on `dimension` integers of L2 sensitivity `sensitivity`.
  public static func discreteGaussian(
    sigma: Rational, sensitivity: Rational = 1, dimension: Int = 1
  ) throws(ParameterError) -> PrivacyEvent {
    .discreteGaussian(
      sigma: try NoiseScale(sigma), sensitivity: try L2Sensitivity(sensitivity), dimension: try Dimension(dimension))
  }

  /// The noise of `clients` honest parties, each a discrete Gaussian of parameter `sigma` per coordinate.
  public static func distributedDiscreteGaussian(
    sigma: Rational, clients: Int, sensitivity: Rational = 1, dimension: Int = 1
  ) throws(ParameterError) -> PrivacyEvent {
    .distributedDiscreteGaussian(
      sigma: try NoiseScale(sigma), clients: try ClientCount(clients), sensitivity: try L2Sensitivity(sensitivity),
      dimension: try Dimension(dimension))
  }

  /// Symmetric Skellam noise of standard deviation `sigma` on `dimension` integers of L2 sensitivity `sensitivity`.
  public static func skellam(
    sigma: Rational, sensitivity: Rational = 1, dimension: Int = 1
  ) throws(ParameterError) -> PrivacyEvent {
    .skellam(
      sigma: try NoiseScale(sigma), sensitivity: try L2Sensitivity(sensitivity), dimension: try Dimension(dimension))
  }

  /// Randomised response over `categories` answers with replacement probability `replacement`.
  public static func randomizedResponse(
    replacement: Rational, categories: Int
  ) throws(ParameterError) -> PrivacyEvent {
    .randomizedResponse(
      replacement: try ReplacementProbability(replacement), categories: try CategoryCount(categories))
  }

  /// The exponential mechanism of pure loss `epsilon`.
  public static func exponential(epsilon: Rational) throws(ParameterError) -> PrivacyEvent {
    .exponential(epsilon: try Epsilon(epsilon))
  }

  /// Anything proven (ε, δ)-differentially private.
  public static func epsilonDelta(epsilon: Rational, delta: Rational = 0) throws(ParameterError) -> PrivacyEvent {
    .epsilonDelta(epsilon: try Epsilon(epsilon), delta: try Delta(delta))
  }

  /// Anything proven ρ-zCDP.
  public static func zcdp(rho: Rational) throws(ParameterError) -> PrivacyEvent {
    .zcdp(rho: try Rho(rho))
  }

  /// The sparse vector technique of total pure loss `epsilon`.
  public static func sparseVector(epsilon: Rational, cutoff: Int = 1) throws(ParameterError) -> PrivacyEvent {
    .sparseVector(epsilon: try Epsilon(epsilon), cutoff: try Cutoff(cutoff))
  }

  /// A tree of partial sums with `levels` levels, each node releasing `node`.
  public static func tree(levels: Int, node: PrivacyEvent) throws(ParameterError) -> PrivacyEvent {
    .tree(levels: try LevelCount(levels), node: node)
  }

  /// The loss of a group of `size` units.
  public static func group(size: Int, _ event: PrivacyEvent) throws(ParameterError) -> PrivacyEvent {
    .group(size: try GroupSize(size), event)
  }

  /// A local randomiser whose answers are shuffled among `population` users.
  public static func shuffled(population: Int, _ event: PrivacyEvent) throws(ParameterError) -> PrivacyEvent {
    .shuffled(population: try PopulationSize(population), event)
  }

  /// The event on a Poisson sample of rate `rate`.
  public static func poissonSampled(rate: Rational, _ event: PrivacyEvent) throws(ParameterError) -> PrivacyEvent {
    .poissonSampled(rate: try SamplingRate(rate), event)
  }

  /// The event on a uniform sample of fixed size.
  public static func sampledWithoutReplacement(
    sample: Int, population: Int, _ event: PrivacyEvent
  ) throws(ParameterError) -> PrivacyEvent {
    .sampledWithoutReplacement(try FixedSizeSample(sample: sample, population: population), event)
  }

  /// The event, `count` times.
  public static func repeated(_ event: PrivacyEvent, count: Int) throws(ParameterError) -> PrivacyEvent {
    .repeated(event, count: try Repetitions(count))
  }
}

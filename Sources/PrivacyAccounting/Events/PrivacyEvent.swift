/// What was released, as far as privacy is concerned: the value accountants read.
///
/// An event documents what happened; it does nothing. Every payload is a type that was checked when it was made, so a
/// value of this type is always meaningful. The enum is exhaustive on purpose: a new case breaks every accountant at
/// build time. Repetition and composition are handled in one place for all accountants (`PrivacyLoss`).
///
/// Scales and multipliers hold for the sensitivity stated in the event (1 where none is stated) under the adjacency
/// that the accountant is asked about.
public indirect enum PrivacyEvent: Sendable, Hashable {
  /// One number with Laplace noise of scale `scale`, for L1 sensitivity `sensitivity`.
  case laplace(scale: LaplaceScale, sensitivity: Sensitivity)
  /// A number or vector with independent Gaussian noise; σ over the L2 sensitivity.
  case gaussian(noiseMultiplier: NoiseMultiplier)
  /// One integer with discrete Laplace noise, P[x] ∝ e^(−|x|/scale).
  case discreteLaplace(scale: LaplaceScale, sensitivity: GridSensitivity)
  /// Integers with independent discrete Gaussian noise, P[x] ∝ e^(−x²/(2σ²)) (Canonne, Kamath and Steinke 2020).
  case discreteGaussian(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension)
  /// The sum of the independent discrete Gaussian noises of several honest parties, each of parameter σ
  /// (Kairouz, Liu and Steinke 2021).
  case distributedDiscreteGaussian(
    sigma: NoiseScale, clients: ClientCount, sensitivity: L2Sensitivity, dimension: Dimension)
  /// Integers with independent symmetric Skellam noise of variance σ² (Agarwal, Kairouz and Liu 2021).
  case skellam(sigma: NoiseScale, sensitivity: L2Sensitivity, dimension: Dimension)
  /// An answer out of k, replaced with probability p by a uniform one of the k. Local: replace-one only.
  case randomizedResponse(replacement: ReplacementProbability, categories: CategoryCount)
  /// The exponential mechanism of total pure loss ε; it has bounded range ε (Dong, Durfee and Rogers 2020).
  case exponential(epsilon: Epsilon)
  /// Anything proven (ε, δ)-differentially private.
  case epsilonDelta(epsilon: Epsilon, delta: Delta)
  /// Anything proven ρ-zero-concentrated differentially private.
  case zcdp(rho: Rho)
  /// The sparse vector technique of total pure loss ε, stopped after `cutoff` answers above the threshold.
  case sparseVector(epsilon: Epsilon, cutoff: Cutoff)
  /// A tree of partial sums whose every level releases `node` for a unit's path: `levels` releases per unit.
  case tree(levels: LevelCount, node: PrivacyEvent)
  /// The loss that a group of `size` privacy units suffers.
  case group(size: GroupSize, PrivacyEvent)
  /// A local randomiser applied by each of `population` users whose answers are shuffled.
  case shuffled(population: PopulationSize, PrivacyEvent)
  /// The event on a sample that each privacy unit joins independently; the sample's size stays hidden.
  ///
  /// Under replace-one only additive noise is accounted, and its sensitivity has to cover a unit's absence as well as its
  /// replacement: with contributions clipped to norm C that is 2C for both.
  case poissonSampled(rate: SamplingRate, PrivacyEvent)
  /// The event on a uniform sample of fixed size from a population of public size.
  case sampledWithoutReplacement(FixedSizeSample, PrivacyEvent)
  /// The event, `count` times, on fresh randomness; the later ones may depend on the answers of the earlier.
  case repeated(PrivacyEvent, count: Repetitions)
  /// The events one after the other; the later ones may depend on the answers of the earlier.
  case composed([PrivacyEvent])
}

/// A uniform sample of fixed size from a population of public size.
public struct FixedSizeSample: Sendable, Hashable, Codable {
  /// The number of units drawn.
  public let sample: Int
  /// The number of units to draw from.
  public let population: Int

  /// Checks that `0 ≤ sample ≤ population ≤ 2⁴⁰` and that the population is not empty.
  ///
  /// - Throws: ``ParameterError`` otherwise.
  public init(sample: Int, population: Int) throws(ParameterError) {
    guard population >= 1, population <= PopulationSize.most else {
      throw ParameterError(.outOfRange, "population", "must be a whole number from 1 to 2^40")
    }
    guard sample >= 0, sample <= population else {
      throw ParameterError(.inconsistent, "sample", "must be a whole number from 0 to the population")
    }
    self.sample = sample
    self.population = population
  }

  /// Reads and checks both numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      sample: container.decode(Int.self, forKey: .sample), population: container.decode(Int.self, forKey: .population))
  }
}

private import CKernels
public import ExactMath
public import PrivacyAccounting
public import SecureRandom

/// A mechanism whose release takes the same work whatever noise it draws.
///
/// Exact samplers reject candidates, and how often tells something of the noise; measured times broke the discrete
/// Laplace mechanism (Jin, McMurtry, Rubinstein and Ohrimenko 2022). Here every release takes the same number of random
/// words and compares them with the same thresholds, all of them and without a branch. The law is the mechanism's
/// except for a probability of failure, which is charged: ``event`` is the mechanism's own event and a δ of 10⁻¹⁸ for
/// every coordinate. A single release costs one to three microseconds; where noise can be drawn ahead of the query,
/// ``PreparedNoise`` is faster and keeps the exact law.
///
/// ```swift
/// let mechanism = try FixedCostMechanism(DiscreteLaplaceMechanism(scale: 20))
/// try budget.charge(mechanism.event, label: "visits")
/// let answer = mechanism.release(count, using: &generator)
/// ```
///
/// Accuracy is that of ``exact``. The generator's own refills take time after a public number of releases.
///
/// **Edge cases**: values are clamped to ±2⁶¹ and answers to ±2⁶².
public struct FixedCostMechanism: Sendable {
  /// The mechanism whose noise this is.
  public let exact: any NoiseMechanism
  /// The number of whole numbers in one release.
  public let dimension: Dimension
  /// What one release costs: the exact mechanism's event, and the probability of failure of every coordinate.
  public let event: PrivacyEvent
  private let sampler: FixedCostSampler

  /// Discrete Laplace noise at a fixed cost: the binary digits of two geometric variates.
  ///
  /// - Throws: `ParameterError` where the scale or the sensitivity is too large for it: 2Δ + 43·scale above 2⁵⁸.
  public init(_ mechanism: DiscreteLaplaceMechanism) throws(ParameterError) {
    try self.init(
      mechanism, mechanism.dimension, mechanism.event,
      FixedCostSampler(discreteLaplace: mechanism.scale.value, sensitivity: mechanism.sensitivity.value))
  }

  /// Discrete Gaussian noise at a fixed cost: a scan of one table, or of one for every four bits of a large σ.
  ///
  /// - Throws: `ParameterError` where the sensitivity is so far above σ that a table would be too long.
  public init(_ mechanism: DiscreteGaussianMechanism) throws(ParameterError) {
    try self.init(
      mechanism, mechanism.dimension, mechanism.event,
      FixedCostSampler(
        discreteGaussian: mechanism.sigma.variance, squaredSensitivity: mechanism.sensitivity.squared))
  }

  private init(
    _ exact: any NoiseMechanism, _ dimension: Dimension, _ event: PrivacyEvent, _ sampler: FixedCostSampler?
  ) throws(ParameterError) {
    guard let sampler else {
      throw ParameterError(.outOfRange, "sensitivity", "is too large for noise at a fixed cost")
    }
    self.exact = exact
    self.dimension = dimension
    self.sampler = sampler
    let failure = try Delta(FixedCostSampler.failure * Rational(dimension.value))
    self.event = .composed([event, .epsilonDelta(epsilon: try Epsilon(Rational(0)), delta: failure)])
  }

  /// The δ of one release, which ``event`` includes.
  public var failure: Rational { FixedCostSampler.failure * Rational(dimension.value) }

  /// The random words that every release of one value takes.
  public var wordsPerRelease: Int { sampler.wordsPerDraw }

  /// The value with noise.
  ///
  /// - Precondition: the mechanism's dimension is 1.
  public func release(_ value: Int64, using generator: inout SecureGenerator) -> Int64 {
    precondition(dimension.value == 1, "a vector mechanism releases vectors of its dimension")
    var noise: Int64 = 0
    unsafe withUnsafeMutablePointer(to: &noise) { pointer in
      unsafe sampler.fill(UnsafeMutableBufferPointer(start: pointer, count: 1), using: &generator)
    }
    return NoiseSource.sum(value, noise)
  }

  /// The values with independent noise.
  ///
  /// - Precondition: there are as many values as the mechanism's dimension.
  public func release(_ values: [Int64], using generator: inout SecureGenerator) -> [Int64] {
    draw(values, using: &generator)
  }

  /// The values with noise from a simulation's stream.
  package func simulate(_ values: [Int64], using generator: inout SimulationGenerator) -> Simulated<[Int64]> {
    Simulated(draw(values, using: &generator))
  }

  /// Overwrites `output` with independent noise.
  func fill<Source: UniformSource & ~Copyable>(_ output: UnsafeMutableBufferPointer<Int64>, using source: inout Source)
  {
    unsafe sampler.fill(output, using: &source)
  }

  package func draw<Source: UniformSource & ~Copyable>(
    _ values: [Int64], using source: inout Source
  ) -> [Int64] {
    precondition(values.count == dimension.value, "a vector mechanism releases vectors of its dimension")
    var result = [Int64](repeating: 0, count: values.count)
    unsafe result.withUnsafeMutableBufferPointer { buffer in
      unsafe sampler.fill(buffer, using: &source)
      for index in values.indices { unsafe buffer[index] = NoiseSource.sum(values[index], buffer[index]) }
    }
    return result
  }
}

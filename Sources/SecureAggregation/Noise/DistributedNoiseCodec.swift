package import DifferentialPrivacy
private import ExactMath
private import PrivacyAccounting
public import SecureRandom

/// Turns updates into integers that may be summed under a ``DistributedNoisePlan``, and sums back into updates.
public struct DistributedNoiseCodec: Sendable {
  /// The public parameters.
  public let plan: DistributedNoisePlan
  /// The rotation of the round.
  public let rotation: HadamardRotation
  private let share: Share

  private enum Share: Sendable {
    case gaussian(DiscreteGaussianMechanism)
    case skellam(SkellamMechanism)
  }

  /// A codec of one round.
  ///
  /// - Parameter rotationSeed: public, the same for all clients; drawn for the round, not chosen by a client.
  /// - Throws: `ParameterError` when a share's variance has no exact sampler (Skellam: above 2^24).
  public init(_ plan: DistributedNoisePlan, rotationSeed: UInt64) throws {
    self.plan = plan
    rotation = HadamardRotation(count: plan.count, seed: rotationSeed)
    // Only the law is used here; the plan states the sensitivity of a round.
    let sensitivity = try L2Sensitivity(Rational(1))
    let dimension = try Dimension(plan.dimension)
    switch plan.noise {
    case .discreteGaussian:
      share = .gaussian(
        try DiscreteGaussianMechanism(sigma: plan.shareVariance, sensitivity: sensitivity, dimension: dimension))
    case .skellam:
      share = .skellam(try SkellamMechanism(sigma: plan.shareVariance, sensitivity: sensitivity, dimension: dimension))
    }
  }

  /// A client's contribution: clipped, rotated, scaled, rounded within the integer bound, with its share of noise.
  ///
  /// How often the rounding is drawn again depends on the update; where a client's time is seen, send on a schedule.
  ///
  /// - Throws: ``AggregationError`` with code `malformed` for another length. Values that are not finite count as 0.
  public func contribution(_ update: [Double], using generator: inout SecureGenerator) throws -> [Int64] {
    let rounded = try round(update, using: &generator)
    switch share {
    case .gaussian(let mechanism): return mechanism.release(rounded, using: &generator)
    case .skellam(let mechanism): return mechanism.release(rounded, using: &generator)
    }
  }

  /// The same with noise from a seed, for comparing runs.
  package func simulatedContribution(
    _ update: [Double], using generator: inout SimulationGenerator
  ) throws -> Simulated<[Int64]> {
    let rounded = try round(update, using: &generator)
    switch share {
    case .gaussian(let mechanism): return mechanism.simulate(rounded, using: &generator)
    case .skellam(let mechanism): return mechanism.simulate(rounded, using: &generator)
    }
  }

  /// The rounded update without noise: within the bound, whatever the update is.
  package func round<Source: RandomWords & ~Copyable>(
    _ update: [Double], using source: inout Source
  ) throws -> [Int64] {
    guard update.count == plan.count else {
      throw AggregationError(.malformed, "update", "must hold \(plan.count) values")
    }
    let finite = update.map { $0.isFinite ? $0 : 0 }
    let largest = finite.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return [Int64](repeating: 0, count: plan.dimension) }
    // Divided by the largest first, so that squares neither overflow nor vanish.
    let norm = finite.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    let clipped = min(1, plan.clip / largest / norm) * largest / plan.step
    let scaled = rotation.rotate(finite.map { $0 / largest * clipped })
    return plan.rounding.round(scaled, using: &source)
  }

  /// The sum of updates behind a sum of contributions.
  public func decode(_ sum: [Int64]) throws -> [Double] {
    guard sum.count == plan.dimension else {
      throw AggregationError(.malformed, "sum", "must hold \(plan.dimension) values")
    }
    return rotation.unrotate(sum.map { Double($0) * plan.step })
  }
}

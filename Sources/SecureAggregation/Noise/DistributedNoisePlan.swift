public import ExactMath
public import PrivacyAccounting

/// The public parameters of a sum with noise from its clients, and what it may claim.
///
/// Clients clip to norm `clip`, rotate, scale to `clipSteps` grid steps, round at random until the integer norm is
/// within ``squaredBound``, and each adds its share of noise (Kairouz, Liu and Steinke 2021; Agarwal, Kairouz and Liu
/// 2021). The claim counts the shares of `promised − colluding` clients: fewer than `promised` contributors are never
/// unmasked, and of those up to `colluding` may have added nothing or may tell the server what they added.
///
/// **Edge cases**: noise beyond the modulus wraps, which is post-processing: it costs accuracy and no privacy.
public struct DistributedNoisePlan: Sendable {
  /// The law of a share.
  public enum Noise: String, Sendable, Hashable, CaseIterable {
    /// Discrete Gaussian shares; their sum is close to one, which the accountant corrects for.
    case discreteGaussian = "discrete-gaussian"
    /// Skellam shares, whose sum is Skellam.
    case skellam
  }

  /// The number of real values in an update.
  public let count: Int
  /// The number of integers in a contribution: `count` padded to a power of two.
  public let dimension: Int
  /// The L2 norm that updates are clipped to.
  public let clip: Double
  /// The clipped norm in grid steps.
  public let clipSteps: Int
  /// How updates are rounded.
  public let rounding: ConditionalRounding
  /// The law of a share.
  public let noise: Noise
  /// σ² of one client's share in squared grid steps.
  public let shareVariance: NoiseScale
  /// Clients without whom nothing is unmasked.
  public let promised: Int
  /// How many of those the claim does without.
  public let colluding: Int
  /// Which pairs of client sets are compared.
  public let adjacency: Adjacency
  /// A bound of the probability that any coordinate of the sum wraps, when all `maximumContributors` take part and the
  /// rotation's signs are independent of the updates.
  public let wrapProbability: Double
  /// The sum: its ring, its most contributors, and the promise as its fewest.
  public let shape: SumShape

  /// The largest squared L2 norm of a rounded update, in squared grid steps; checked exactly by every client.
  public var squaredBound: Int { rounding.squaredBound }

  /// A grid step in the units of an update.
  public var step: Double { clip / Double(clipSteps) }

  /// A plan for a noise multiplier: σ of the honest noise over the L2 sensitivity.
  ///
  /// - Parameters:
  ///   - count: real values in an update.
  ///   - clip: the L2 norm that updates are clipped to.
  ///   - clipSteps: that norm in grid steps; more steps cost modulus bits and gain accuracy.
  ///   - noise: the law of a share.
  ///   - noiseMultiplier: z, above 0.
  ///   - contributors: the most clients.
  ///   - promised: the fewest clients that are ever unmasked.
  ///   - colluding: how many of the promised may work against the others.
  ///   - wrapProbability: what ``wrapProbability`` may be.
  /// - Throws: ``AggregationError`` with code `shape` naming a parameter out of range; `ParameterError` for noise out of
  ///   range.
  public init(
    count: Int, clip: Double, clipSteps: Int, noise: Noise, noiseMultiplier: Rational, contributors: Int,
    promised: Int, colluding: Int = 0, adjacency: Adjacency = .addOrRemove, wrapProbability: Double = 1e-6
  ) throws {
    guard (1...1 << 26).contains(count) else { throw AggregationError(.shape, "count", "must be from 1 to 2^26") }
    guard clip > 0, clip.isFinite else { throw AggregationError(.shape, "clip", "must be a number above 0") }
    guard (1...1 << 28).contains(clipSteps) else {
      throw AggregationError(.shape, "clipSteps", "must be from 1 to 2^28")
    }
    guard noiseMultiplier.signum > 0 else {
      throw AggregationError(.shape, "noiseMultiplier", "must be a number above 0")
    }
    guard promised >= 1, colluding >= 0, colluding < promised else {
      throw AggregationError(.shape, "colluding", "must be fewer than the promised clients")
    }
    guard wrapProbability > 0, wrapProbability < 1 else {
      throw AggregationError(.shape, "wrapProbability", "must be above 0 and below 1")
    }
    var dimension = 1
    while dimension < count { dimension *= 2 }
    self.count = count
    self.dimension = dimension
    self.clip = clip
    self.clipSteps = clipSteps
    self.noise = noise
    self.promised = promised
    self.colluding = colluding
    self.adjacency = adjacency
    self.wrapProbability = wrapProbability
    rounding = ConditionalRounding(clipSteps: clipSteps, dimension: dimension)
    let change = adjacency == .replaceOne ? 4 : 1
    let total = noiseMultiplier * noiseMultiplier * Rational(rounding.squaredBound) * Rational(change)
    guard let share = (total / Rational(promised - colluding)).ceiling else {
      throw AggregationError(.shape, "noiseMultiplier", "gives noise out of range")
    }
    shareVariance = try NoiseScale(variance: Rational(max(1, share)))
    let bound = DistributedNoisePlan.extent(
      clients: contributors, dimension: dimension, clipSteps: clipSteps, noise: noise,
      shareVariance: Double(max(1, share)), probability: wrapProbability)
    guard bound < 0x1p61 else { throw AggregationError(.shape, "ringBits", "no ring holds this sum") }
    shape = try SumShape(
      count: dimension, ringBits: SumShape.ringBits(holding: Int64(bound)), maximumContributors: contributors,
      minimumContributors: promised)
  }

  /// What one round costs: the noise of the promised clients less the colluding ones.
  public var event: PrivacyEvent {
    get throws {
      let honest = promised - colluding
      let change = adjacency == .replaceOne ? 4 : 1
      let sensitivity = try L2Sensitivity(squared: Rational(squaredBound) * Rational(change))
      switch noise {
      case .discreteGaussian:
        return .distributedDiscreteGaussian(
          sigma: shareVariance, clients: try ClientCount(honest), sensitivity: sensitivity,
          dimension: try Dimension(dimension))
      case .skellam:
        return .skellam(
          sigma: try NoiseScale(variance: shareVariance.variance * Rational(honest)), sensitivity: sensitivity,
          dimension: try Dimension(dimension))
      }
    }
  }

  /// Charges a round before it begins.
  ///
  /// The charge stands when the round is abandoned: that too few clients stayed is learnt after the noise was drawn.
  public func charge(_ authority: any BudgetAuthority, label: String) throws {
    guard authority.adjacency == adjacency else {
      throw AggregationError(.shape, "adjacency", "is not the budget's")
    }
    try authority.charge(event, label: label)
  }
}

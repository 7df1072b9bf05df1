import ExactMath
import PrivacyAccounting
import SecureAggregation

extension PrivacyPlan {
  /// The law of a client's share as aggregation knows it.
  private var shareLaw: DistributedNoisePlan.Noise { noise == .skellam ? .skellam : .discreteGaussian }

  /// A magnitude that no coordinate of a rotated, noised sum exceeds except with probability 1e-9 a round.
  func extent(_ rounding: ConditionalRounding, clients: Int) -> Int64 {
    let bound = DistributedNoisePlan.extent(
      clients: clients, dimension: rounding.dimension, clipSteps: rounding.clipSteps, noise: shareLaw,
      shareVariance: variance.squared.doubleValue, probability: 1e-9)
    // Beyond every ring; refused where the ring is chosen.
    return bound < 0x1p62 ? Int64(bound) : .max
  }

  /// What the ring that was chosen promises: less than asked for, by what rounding its bits up gives away.
  func wrapProbability(_ rounding: ConditionalRounding, clients: Int, ringBits: Int) -> Double {
    DistributedNoisePlan.wrapBound(
      ringBits: ringBits, clients: clients, dimension: rounding.dimension, clipSteps: rounding.clipSteps,
      noise: shareLaw, shareVariance: variance.squared.doubleValue)
  }
}

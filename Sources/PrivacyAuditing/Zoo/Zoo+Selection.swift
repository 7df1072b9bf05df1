import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
private import Glibc

/// Choosing the best of several; a data set is the list of the scores, each of which may change by one.
extension Zoo {
  /// Every score changes by one in the direction that hurts most.
  static let scores = [AdjacentPair([1, 1, 1, 1, 1], [0, 0, 2, 0, 0])]
  private static let rising = [AdjacentPair([1, 1, 1, 1, 1], [2, 2, 2, 2, 2])]

  private static func winner(_ scores: [Double]) -> Int { scores.indices.max { scores[$0] < scores[$1] } ?? 0 }

  private static func exponential(_ scores: [Double], _ weight: Double, _ random: inout ZooRandom) -> Double {
    let weights = scores.map { exp(weight * $0) }
    var left = random.unit() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return Double(index) }
    }
    return Double(scores.count - 1)
  }

  static let selectionMembers: [ZooMember] = [
    .each(
      "noisy-max-value", .broken, "the largest noisy score itself is shown (Ding et al. 2018, 1b)",
      adjacency: .replaceOne, pairs: rising
    ) {
      scores, random in scores.map { $0 + random.gridLaplace(2) }.max() ?? 0
    },
    .each(
      "noisy-max-value-exponential", .broken, "the same with one-sided noise (2b)", adjacency: .replaceOne,
      pairs: [AdjacentPair([1, 1, 1, 1, 1], [2, 2, 2, 2, 2])]
    ) {
      scores, random in scores.map { $0 + random.geometric(2) }.max() ?? 0
    },
    .each(
      "noisy-max-half-noise", .broken, "noise of scale 1/ε where scores may move both ways", adjacency: .replaceOne,
      pairs: scores
    ) {
      scores, random in Double(winner(scores.map { $0 + random.laplace(1) }))
    },
    .each(
      "noisy-max-shared-noise", .broken, "one draw added to every score cancels", adjacency: .replaceOne, pairs: scores
    ) {
      scores, random in
      let noise = random.laplace(2)
      return Double(winner(scores.map { $0 + noise }))
    },
    .each(
      "noisy-max-gaussian", .broken, "normal noise on each score claimed pure", adjacency: .replaceOne, pairs: scores
    ) {
      scores, random in Double(winner(scores.map { $0 + random.gaussian(1) }))
    },
    .each(
      "exponential-without-two", .broken, "weights e^(ε·score) where e^(ε·score/2) is meant", adjacency: .replaceOne,
      pairs: scores
    ) {
      scores, random in exponential(scores, 1, &random)
    },
    .each(
      "exponential-scaled-scores", .broken, "scores multiplied by ten, sensitivity left at one", adjacency: .replaceOne,
      pairs: scores
    ) {
      scores, random in exponential(scores.map { 10 * $0 }, 0.5, &random)
    },
    .each(
      "top-two-with-all-of-epsilon", .broken, "two choices, each with all of ε", adjacency: .replaceOne,
      pairs: [AdjacentPair([1, 1, 1], [2, 2, 0])]
    ) {
      scores, random in
      func two(_ weight: Double) -> Double {
        let noisy = scores.map { $0 + random.laplace(weight) }
        let first = winner(noisy)
        let again = scores.map { $0 + random.laplace(weight) }
        return Double(10 * first + winner(again))
      }
      return two(1.2)
    },
    .each("noiseless-argmax", .broken, "the best index without noise", adjacency: .replaceOne, pairs: scores) {
      scores, _ in Double(winner(scores))
    },

    .each(
      "noisy-max", .correct, "the index of the largest noisy score (1a)", adjacency: .replaceOne, pairs: scores + rising
    ) {
      scores, random in Double(winner(scores.map { $0 + random.laplace(2) }))
    },
    .each(
      "noisy-max-exponential", .correct, "the same with one-sided noise (2a)", adjacency: .replaceOne,
      pairs: scores + rising
    ) {
      scores, random in Double(winner(scores.map { $0 + random.exponential(2) }))
    },
    .all(
      "exponential-mechanism", .correct, "exact choice with weights e^(ε·score/2)", adjacency: .replaceOne,
      pairs: scores
    ) {
      scores, count, random throws(ParameterError) in
      let mechanism = try ExponentialMechanism(epsilon: Epsilon(1))
      return (0..<count).map { _ in Double(mechanism.choose(scores.map { Int64($0) }, using: &random.generator)) }
    },
    .all(
      "permute-and-flip", .correct, "exact choice by McKenna and Sheldon 2020", adjacency: .replaceOne, pairs: scores
    ) {
      scores, count, random throws(ParameterError) in
      let mechanism = try PermuteAndFlipMechanism(epsilon: Epsilon(1))
      return (0..<count).map { _ in Double(mechanism.choose(scores.map { Int64($0) }, using: &random.generator)) }
    },
  ]
}

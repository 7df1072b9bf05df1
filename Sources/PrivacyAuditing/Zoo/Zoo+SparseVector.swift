import DifferentialPrivacy
import ExactMath
import PrivacyAccounting
private import Glibc

/// The sparse vector technique and the ways it has been written down wrong, numbered as in Lyu, Su and Li 2017.
///
/// A data set is the stream of values, each of which may change by one; the threshold is 0. An output packs the answers:
/// one digit a value, 1 for above, 2 for below, 0 for never asked.
extension Zoo {
  private static let stream = AdjacentPair([0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, -1, -1, -1, -1])
  private static let sparse = [stream, AdjacentPair([1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1])]

  /// Answers packed into digits; `above` says of each value whether it is.
  private static func packed(_ values: [Double], cutoff: Int, _ above: (Double) -> Bool) -> Double {
    var code = 0.0
    var found = 0
    for value in values {
      let isAbove = found < cutoff && above(value)
      code = code * 3 + (found >= cutoff ? 0 : isAbove ? 1 : 2)
      if isAbove { found += 1 }
    }
    return code
  }

  static let sparseVectorMembers: [ZooMember] = [
    .each(
      "sparse-vector-3", .broken, "the noisy value itself is shown when it is above (Roth 2011)",
      adjacency: .replaceOne, pairs: [AdjacentPair([1, 1, 1, -1], [0, 0, 0, 0])], samples: 200_000
    ) {
      values, random in
      let threshold = random.gridLaplace(2)
      for (index, value) in values.enumerated() {
        let noisy = value + random.gridLaplace(2)
        if noisy >= threshold { return Double(100 * index) + min(40, max(-40, noisy)) }
      }
      return -1_000
    },
    .each(
      "sparse-vector-4", .broken, "value noise not scaled by the cut-off (Lee and Clifton 2014)",
      adjacency: .replaceOne, pairs: sparse, samples: 100_000
    ) {
      values, random in
      let threshold = random.laplace(4)
      return packed(values, cutoff: 4) { $0 + random.laplace(4.0 / 3) >= threshold }
    },
    .each(
      "sparse-vector-5", .broken, "no noise on the values (Stoddard et al. 2014)", adjacency: .replaceOne, pairs: sparse
    ) {
      values, random in
      let threshold = random.gridLaplace(2)
      return packed(values, cutoff: 8) { $0 >= threshold }
    },
    .each(
      "sparse-vector-6", .broken, "no cut-off (Chen et al. 2015)", adjacency: .replaceOne, pairs: sparse,
      samples: 100_000
    ) {
      values, random in
      let threshold = random.laplace(2)
      return packed(values, cutoff: 8) { $0 + random.laplace(2) >= threshold }
    },
    .each(
      "sparse-vector-without-threshold-noise", .broken, "the threshold is public", adjacency: .replaceOne,
      pairs: sparse,
      samples: 200_000
    ) {
      values, random in packed(values, cutoff: 2) { $0 + random.laplace(4) >= 0 }
    },
    .each(
      "sparse-vector-all-of-epsilon-twice", .broken, "threshold and values get all of ε each, half the noise",
      adjacency: .replaceOne, pairs: sparse
    ) {
      values, random in
      let threshold = random.laplace(0.5)
      return packed(values, cutoff: 1) { $0 + random.laplace(1) >= threshold }
    },

    .each(
      "sparse-vector-1", .correct, "noise 2/ε on the threshold, 4c/ε on the values", adjacency: .replaceOne,
      pairs: sparse
    ) {
      values, random in
      let threshold = random.laplace(2)
      return packed(values, cutoff: 2) { $0 + random.laplace(8) >= threshold }
    },
    .all(
      "sparse-vector-exact", .correct, "the same with exact noise", adjacency: .replaceOne, pairs: sparse,
      samples: 10_000
    ) {
      values, count, random throws(ParameterError) in
      let mechanism = try SparseVectorMechanism(epsilon: Epsilon(1), cutoff: Cutoff(2))
      return (0..<count).map { _ in
        var stream = mechanism.start(threshold: 0, using: &random.generator)
        return packed(values, cutoff: 2) { stream.isAbove(Int64($0), using: &random.generator) ?? false }
      }
    },
  ]
}

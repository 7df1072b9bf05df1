import ExactMath
import PrivacyAccounting
private import Glibc

/// Many answers, one budget.
extension Zoo {
  static let compositionMembers: [ZooMember] = [
    .each("answers-not-composed", .broken, "ten answers, each with all of ε", pairs: oneRow) { rows, random in
      (0..<10).reduce(0.0) { total, _ in total + sum(rows) + random.gridLaplace(1) }
    },
    .each("reused-noise", .broken, "two answers with the same noise differ by the truth", pairs: oneRow) {
      rows, random in
      let noise = random.gridLaplace(2)
      return (sum(rows) + noise) - (0 + noise)
    },
    .all("seed-kept", .broken, "the generator starts anew with the same seed", pairs: oneRow) { rows, count, random in
      [Double](repeating: sum(rows) + 0.375, count: count)
    },
    .each("restarted-release", .broken, "a release is drawn again until it looks good", pairs: oneRow) { rows, random in
      (0..<8).map { _ in sum(rows) + random.gridLaplace(1) }.min() ?? 0
    },
    .each(
      "row-level-noise-for-people", .broken, "a person with three rows, noise for one",
      pairs: [AdjacentPair([1], [1, 1, 1, 1])]
    ) {
      sum($0) + $1.gridLaplace(1)
    },
    .each(
      "histogram-replace-one", .broken, "a replaced row changes two bins, noise for one", adjacency: .replaceOne,
      pairs: oneChanged
    ) {
      rows, random in
      let zeros = Double(rows.count { $0 == 0 }) + random.gridLaplace(1)
      return Double(rows.count { $0 == 1 }) + random.gridLaplace(1) - zeros
    },
    .each(
      "amplified-without-sampling", .broken, "the ε of a sampled release, without the sampling",
      epsilon: Rational(1, 10),
      pairs: oneRow
    ) {
      sum($0) + $1.gridLaplace(1)
    },
    .each(
      "sampled-noise-scaled-down", .broken, "noise divided by the sampling rate's square root", pairs: oneRow
    ) { rows, random in
      sum(rows.filter { _ in random.coin(0.5) }) + random.gridLaplace(0.4)
    },
    .each("tree-without-levels", .broken, "eight prefix sums from a tree with noise for one level", pairs: oneRow) {
      rows, random in
      // A row at the first step is in one node of each of four levels; the sum of the four shows it four times.
      (0..<4).reduce(0.0) { total, _ in total + sum(rows) + random.gridLaplace(1) }
    },
    .each("zcdp-as-epsilon", .broken, "ρ is taken for ε", delta: Rational(1, 100_000), pairs: oneRow) {
      sum($0) + $1.gridGaussian((1 / 2.0).squareRoot())
    },
    .each(
      "repetitions-dropped", .broken, "a hundred rounds accounted as one", delta: Rational(1, 100_000), pairs: oneRow
    ) {
      rows, random in (0..<100).reduce(0.0) { total, _ in total + sum(rows) + random.gridGaussian(3.7307) }
    },

    .each("answers-composed", .correct, "ten answers with a tenth of ε each", pairs: oneRow) { rows, random in
      (0..<10).reduce(0.0) { total, _ in total + sum(rows) + random.gridLaplace(10) }
    },
    .each("person-level-noise", .correct, "a person keeps one of his rows", pairs: [AdjacentPair([1], [1, 1, 1, 1])]) {
      min(2, sum($0)) + $1.gridLaplace(1)
    },
    .each(
      "histogram-replace-one-halved", .correct, "a replaced row changes two bins, each with ε/2",
      adjacency: .replaceOne, pairs: oneChanged
    ) { rows, random in
      let zeros = Double(rows.count { $0 == 0 }) + random.gridLaplace(2)
      return Double(rows.count { $0 == 1 }) + random.gridLaplace(2) - zeros
    },
    .each(
      "sampled-laplace", .correct, "a row taken with probability 1/2 before ε′ = ln(2e − 1)", pairs: oneRow
    ) { rows, random in
      sum(rows.filter { _ in random.coin(0.5) }) + random.gridLaplace(1 / 1.48)
    },
    .each("tree-with-levels", .correct, "each of four levels gets a quarter of ε", pairs: oneRow) { rows, random in
      (0..<4).reduce(0.0) { total, _ in total + sum(rows) + random.gridLaplace(4) }
    },
  ]
}

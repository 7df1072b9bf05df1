import ExactMath
private import Glibc

/// Data that decides what it must not decide.
extension Zoo {
  private static func clamped(_ row: Double) -> Double { min(1, max(0, row)) }

  static let dataDependenceMembers: [ZooMember] = [
    .each("silent-empty", .broken, "an empty data set is answered without noise", pairs: oneRow) {
      $0.isEmpty ? 0 : sum($0) + $1.gridLaplace(1)
    },
    .each("exact-small-counts", .broken, "few rows are answered exactly", pairs: oneMore) {
      $0.count < 4 ? sum($0) : sum($0) + $1.gridLaplace(1)
    },
    .each(
      "error-channel", .broken, "a row out of range ends in an error that others can see",
      pairs: [AdjacentPair([1], [1, 7])]
    ) {
      rows, random in
      rows.contains { $0 > 1 } ? -1_000_000 : sum(rows) + random.gridLaplace(1)
    },
    .each(
      "values-not-clamped", .broken, "the number of rows is bounded, their values are not",
      pairs: [AdjacentPair([1], [1, 5])]
    ) {
      sum(Array($0.prefix(10))) + $1.gridLaplace(1)
    },
    .each(
      "clamped-after-averaging", .broken, "the average is clamped, not the values in it",
      pairs: [AdjacentPair([0, 0], [0, 0, 9])]
    ) {
      clamped(sum($0) / Double(max(1, $0.count))) + $1.gridLaplace(1.0 / 3)
    },
    .each(
      "mean-by-true-count", .broken, "the noise of a mean is divided by the number of rows",
      pairs: [AdjacentPair([1], [1, 1])]
    ) {
      (sum($0) + $1.gridLaplace(1)) / Double($0.count)
    },
    .each(
      "bounds-from-data", .broken, "values are clamped to the range of the data",
      pairs: [AdjacentPair([0, 1], [0, 1, 40])]
    ) {
      sum($0) + $1.gridLaplace(max(1, $0.max() ?? 1)) / 8
    },
    .each(
      "noise-scale-from-data", .broken, "the scale is the largest value there is",
      pairs: [AdjacentPair([1, 1], [1, 1, 20])]
    ) {
      sum($0) + $1.gridLaplace($0.max() ?? 1)
    },
    .each(
      "bins-from-data", .broken, "a histogram of the values that occur shows which occur",
      pairs: [AdjacentPair([1, 2], [1, 2, 3])]
    ) {
      rows, random in Double(Set(rows).count) * 1_000 + random.gridLaplace(1)
    },
    .each(
      "keys-without-threshold", .broken, "groups are listed whenever they hold a row", delta: Rational(1, 1_000_000),
      pairs: oneRow
    ) {
      $0.isEmpty ? -1 : max(0, sum($0) + $1.gridLaplace(1))
    },
    .each(
      "keys-with-low-threshold", .broken, "the threshold lets a single row through far more often than δ",
      delta: Rational(1, 1_000), pairs: oneRow
    ) { rows, random in
      let noisy = sum(rows) + random.gridLaplace(1)
      return rows.isEmpty || noisy < 3 ? -1 : noisy
    },
    .each(
      "local-sensitivity-median", .broken, "noise for the gap beside the median",
      pairs: [AdjacentPair([0, 0, 0], [0, 0, 0, 1])]
    ) { rows, random in
      let sorted = rows.sorted()
      let middle = sorted[sorted.count / 2]
      let gap = abs(sorted[min(sorted.count - 1, sorted.count / 2 + 1)] - middle)
      return middle + random.gridLaplace(gap + 0.01)
    },
    .each("seed-from-data", .broken, "a generator seeded with the data answers each data set alike", pairs: oneRow) {
      rows, _ in sum(rows) + (sin(sum(rows) * 12.9898) * 43_758.5453).rounded() / 1_024
    },

    .each("noisy-empty", .correct, "an empty data set is answered with noise like any other", pairs: oneRow) {
      sum($0) + $1.gridLaplace(1)
    },
    .each("values-clamped", .correct, "every value is clamped before it is added", pairs: [AdjacentPair([1], [1, 5])]) {
      sum($0.map(clamped)) + $1.gridLaplace(1)
    },
    .each("mean-by-noisy-count", .correct, "sum and count get half of ε each", pairs: [AdjacentPair([1], [1, 1])]) {
      let noisySum = sum($0.map(clamped)) + $1.gridLaplace(2)
      return noisySum / max(1, Double($0.count) + $1.gridLaplace(2))
    },
    .each(
      "fixed-bins", .correct, "one of three bins given beforehand, noise on each",
      pairs: [AdjacentPair([1, 2], [1, 2, 3])]
    ) {
      rows, random in
      let counts = [1.0, 2, 3].map { bin in Double(rows.count { $0 == bin }) + random.gridLaplace(1) }
      return counts[2]
    },
    .each(
      "keys-with-threshold", .correct, "a single row passes with probability e^(−(t − 1))/2 ≤ δ",
      delta: Rational(1, 1_000), pairs: oneRow
    ) { rows, random in
      let noisy = sum(rows) + random.gridLaplace(1)
      return rows.isEmpty || noisy < 7.25 ? -1 : noisy
    },
  ]
}

extension GroupTree {
  /// The parts of a step in which consistent estimates are given.
  package static let fraction: Int128 = 1_000

  /// What every estimate on a tree needs, made once for all of its numbers.
  package struct Estimator {
    private let links: [Int]
    private let children: [[Int]]
    private let leaves: Int
    private let variances: (own: [Double], below: [Double], final: [Double])

    package init(_ tree: GroupTree) {
      links = tree.links
      var children = [[Int]](repeating: [], count: links.count)
      for (node, parent) in links.enumerated() where parent >= 0 { children[parent].append(node) }
      self.children = children
      leaves = tree.range(ofLevel: 0).upperBound
      variances = tree.variances
    }

    /// The consistent estimates from noisy numbers, in thousandths of a step: children add up to their parents exactly.
    ///
    /// Only corrections of the noisy numbers are computed in floating point; they are as small as the noise. Rounded to
    /// thousandths, the largest remainders first, they keep the sums whole.
    package func consistent(_ noisy: [Int128]) -> [Int128] {
      var (below, total, corrections) = (noisy.map { _ in Int128(0) }, noisy.map { _ in 0.0 }, noisy.map { _ in 0.0 })
      for (node, parent) in links.enumerated() {
        // z − y = (S − y)/(V + 1), with S = the children's numbers and corrections.
        if node >= leaves {
          corrections[node] = (total[node] - (noisy[node] - below[node]).double) / (variances.below[node] + 1)
        }
        guard parent >= 0 else { continue }
        below[parent] += noisy[node]
        total[parent] += corrections[node]
      }
      let fraction = GroupTree.fraction
      var result = noisy.map { $0 * fraction }
      var rounded = [Int128](repeating: 0, count: links.count)
      for node in links.indices.reversed() {
        if links[node] < 0 { rounded[node] = Int128((corrections[node] * fraction.double).rounded()) }
        result[node] += rounded[node]
        guard node >= leaves else { continue }
        // What the children's corrections must add up to, and what they add up to now.
        let due = (noisy[node] - below[node]) * fraction + rounded[node]
        let rest = due.double / fraction.double - total[node]
        let wanted = children[node].map {
          (corrections[$0] + rest * variances.own[$0] / variances.below[node]) * fraction.double
        }
        for (child, value) in zip(children[node], Self.whole(wanted, sum: due)) { rounded[child] = value }
      }
      return result
    }

    /// Integers near the wanted values that add up to `sum`: rounded down, then what is missing to the largest remainders.
    private static func whole(_ wanted: [Double], sum: Int128) -> [Int128] {
      var result = wanted.map { Int128($0.rounded(.down)) }
      let missing = sum - result.reduce(0, +)
      let count = Int128(wanted.count)
      // Between 0 and the number of values but for the rounding of the wanted values themselves.
      let each = missing >= 0 ? missing / count : -((-missing + count - 1) / count)
      let extra = Int(missing - each * count)
      let order = wanted.indices.sorted {
        let (a, b) = (wanted[$0] - wanted[$0].rounded(.down), wanted[$1] - wanted[$1].rounded(.down))
        return a != b ? a > b : $0 < $1
      }
      for index in result.indices { result[index] += each }
      for index in order.prefix(extra) { result[index] += 1 }
      return result
    }
  }
}

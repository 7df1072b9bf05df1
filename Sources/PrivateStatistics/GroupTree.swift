package import ExactMath

/// The groups of a hierarchy as numbered nodes, and the consistent estimate from one noisy number for each node.
///
/// Nodes are numbered level by level from the finest: first the query's own groups in their order, then the groups of
/// each level above. Every combination of the other columns' keys has its own trees.
///
/// **Sensitivity.** A unit changes the sums of at most k groups, each by at most c. On every level that is a change of at
/// most kc in L1, so all nodes change by `levels`·kc at most. In L2 groups under one node add up: a node over ℓ keys holds
/// m ≤ min(k, ℓ) of a unit's groups (groups with other keys in another column are under another node), and with the m of
/// a level adding up to k at most, Σm² is greatest when as many nodes as possible are full, as in ``RunningTotals``.
///
/// **Estimate.** All nodes have independent noise of one variance, here 1, so the estimate of least variance among the
/// linear unbiased ones is that of least squares under the constraints (Gauss and Markov). On a tree two passes compute
/// it. Upwards, the best estimate z of a node from its own subtree weighs its noisy number y against the sum S of its
/// children's estimates, of variance V: z = (yV + S)/(V + 1), of variance V/(V + 1). Downwards, what the rest of the tree
/// adds to a node's estimate is handed to its children in proportion to their variances: x_c = z_c + k_c·(x − S) with
/// k_c = var(z_c)/V, which makes them add up. With W = var(x) of the parent, var(x_c) = var(z_c)·(1 − k_c) + k_c²·W: the
/// part of z_c that S does not tell, and k_c times x, are uncorrelated.
///
/// **Intervals.** The error of x is Σ aᵤZᵤ over the nodes' noises. As the residuals are uncorrelated with the estimates,
/// aᵤ = cov(x, xᵤ), and so Σaᵤ² = W. None is larger than W: down a path cov(x, xᵤ) = W·Πk ≤ W; up a path it is
/// Wᵤ·Πk, and k_c·W ≤ var(x_c) because var(x_c) − k_c·W = k_c(1 − k_c)(V − W) ≥ 0; between branches it is at most
/// k_c·k_d·V ≤ var(x_c) in size where they part. ``NoiseLaw/combinationBound(variance:miss:)`` makes a width of that.
package struct GroupTree: Sendable {
  /// The hierarchy's column, and its place among the grouping columns.
  let place: Int
  /// For each level but the coarsest, the group above each of its keys.
  private let parents: [[Int]]
  /// For each level above the finest, the names of its groups.
  let labels: [[String]]
  /// The names of those levels.
  let names: [String]
  /// The most keys below one group, for each level.
  private let spans: [Int]
  /// How far apart the groups of neighbouring keys are.
  private let stride: Int
  /// The combinations of the other columns' keys.
  private let copies: Int
  /// The number of keys, for each level.
  let widths: [Int]

  /// The tree of a query, if it has one.
  package init?(_ query: Query) {
    guard let hierarchy = query.hierarchy,
      let place = query.groupBy.firstIndex(where: { $0.column == hierarchy.column })
    else { return nil }
    self.place = place
    var below = query.groupBy[place].keys
    stride = query.groupBy[(place + 1)...].reduce(1) { $0 * $1.keys.count }
    copies = query.groupBy[..<place].reduce(stride) { $0 * $1.keys.count }
    var (parents, labels, spans, widths) = ([[Int]](), [[String]](), [1], [below.count])
    var sizes = [Int](repeating: 1, count: below.count)
    for level in hierarchy.levels {
      var above: [String: String] = [:]
      for (label, members) in level.groups { for member in members { above[member] = label } }
      // Groups come in the order of their first keys.
      var numbers: [String: Int] = [:]
      var (order, links, sums) = ([String](), [Int](), [Int]())
      for (key, size) in zip(below, sizes) {
        let label = above[key] ?? ""
        let number = numbers[label] ?? order.count
        if number == order.count {
          numbers[label] = number
          order.append(label)
          sums.append(0)
        }
        links.append(number)
        sums[number] += size
      }
      parents.append(links)
      labels.append(order)
      spans.append(sums.max() ?? 1)
      widths.append(order.count)
      (below, sizes) = (order, sums)
    }
    (self.parents, self.labels, self.spans, self.widths) = (parents, labels, spans, widths)
    names = hierarchy.levels.map(\.name)
  }

  /// The number of levels, the keys' own included: the nodes that one group is under, itself included.
  package var levels: Int { widths.count }

  /// The number of nodes.
  package var nodes: Int { widths.reduce(0, +) * copies }

  /// The square of the L2 change of all nodes when the sums of this many groups change by 1.
  package func squares(groups: Int) -> Rational {
    spans.reduce(Rational.zero) { sum, span in
      let shared = min(groups, span)
      return sum + Rational(groups / shared * shared * shared + (groups % shared) * (groups % shared))
    }
  }

  /// The first node of a level.
  func start(ofLevel level: Int) -> Int { widths[..<level].reduce(0, +) * copies }

  /// The nodes of a level.
  package func range(ofLevel level: Int) -> Range<Int> {
    let start = start(ofLevel: level)
    return start..<(start + widths[level] * copies)
  }

  /// The key number, and the combination of the keys of the columns before and after, of the node at a place of a level.
  func coordinates(_ index: Int, level: Int) -> (before: Int, key: Int, after: Int) {
    (index / stride / widths[level], index / stride % widths[level], index % stride)
  }

  /// The node above one, nil on the coarsest level.
  private func parent(_ index: Int, level: Int) -> Int? {
    guard level < parents.count else { return nil }
    let (before, key, after) = coordinates(index, level: level)
    return (before * widths[level + 1] + parents[level][key]) * stride + after
  }

  /// The group above a key of a level.
  func parent(ofKey key: Int, level: Int) -> Int { parents[level][key] }

  /// Every node's parent, -1 on the coarsest level.
  package var links: [Int] {
    var result = [Int](repeating: -1, count: nodes)
    for level in parents.indices {
      let (here, above) = (range(ofLevel: level), start(ofLevel: level + 1))
      for node in here {
        if let parent = parent(node - here.lowerBound, level: level) { result[node] = above + parent }
      }
    }
    return result
  }

  /// The sums of all nodes from the groups' own; `links` are ``links``, which take a while to make.
  package func sums(_ groups: [Int128], _ links: [Int]) -> [Int128] {
    var result = groups + [Int128](repeating: 0, count: nodes - groups.count)
    // Nodes come after those below them.
    for (node, parent) in links.enumerated() where parent >= 0 { result[parent] += result[node] }
    return result
  }

  /// For each node the variance of its estimate from its own subtree, of its children's together, and of the consistent
  /// one, in units of the noise's variance.
  package var variances: (own: [Double], below: [Double], final: [Double]) {
    let links = links
    var (own, below) = ([Double](repeating: 1, count: nodes), [Double](repeating: 0, count: nodes))
    let leaves = range(ofLevel: 0).upperBound
    for (node, parent) in links.enumerated() {
      if node >= leaves { own[node] = below[node] / (below[node] + 1) }
      if parent >= 0 { below[parent] += own[node] }
    }
    var final = own
    for (node, parent) in links.enumerated().reversed() where parent >= 0 {
      let share = own[node] / below[parent]
      final[node] = own[node] * (1 - share) + share * share * final[parent]
    }
    return (own, below, final)
  }
}

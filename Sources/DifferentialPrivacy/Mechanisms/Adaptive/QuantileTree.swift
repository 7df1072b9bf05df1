public import ExactMath

/// Noisy counts of a hierarchy of intervals, as a ``QuantileTreeMechanism`` released them: ask it anything.
public struct QuantileTree: Sendable, Hashable {
  /// The noisy counts, level by level from the one below the root, left to right.
  public let counts: [Int64]
  /// The smallest and the largest value.
  public let range: ClosedRange<Int64>
  private let layout: TreeLayout

  init(counts: [Int64], range: ClosedRange<Int64>, layout: TreeLayout) {
    self.counts = counts
    self.range = range
    self.layout = layout
  }

  /// The noisy number of all values: the sum of the level below the root.
  public var total: Int64 {
    clamp(counts[..<layout.branching].reduce(Int128(0)) { $0 + Int128($1) })
  }

  /// An estimate of the quantile.
  ///
  /// Down the tree by the share of noisy counts, negative ones taken as zero, then straight across the leaf; in whole
  /// numbers and rationals throughout.
  ///
  /// **Edge cases**: below a node without counts the answer goes straight across the node; quantiles do not decrease in p.
  /// - Precondition: p lies in [0, 1].
  public func quantile(_ p: Rational) -> Int64 {
    precondition(p.signum >= 0 && p <= 1, "a quantile lies in [0, 1]")
    var node = 0
    var share = p
    for level in 1...layout.height {
      let first = layout.start(of: level) + node * layout.branching
      let weights = counts[first..<(first + layout.branching)].map { Rational(Int(max(0, $0))) }
      let sum = weights.reduce(Rational.zero) { $0 + $1 }
      guard sum.signum > 0 else {
        // Nothing is known below this node: straight across it.
        return across(level: level - 1, node: node, share: share)
      }
      let target = share * sum
      var before = Rational.zero
      var child = weights.lastIndex { $0.signum > 0 } ?? 0
      for (index, weight) in weights.enumerated() where weight.signum > 0 {
        if before + weight >= target {
          child = index
          break
        }
        before += weight
      }
      let inside = (target - before) / weights[child]
      share = inside > 1 ? 1 : inside
      node = node * layout.branching + child
    }
    return across(level: layout.height, node: node, share: share)
  }

  /// The noisy number of values up to and including `value`, up to the resolution of a leaf.
  public func rank(of value: Int64) -> Int64 {
    var node = layout.leaf(of: value, in: range) + 1
    var sum = Int128(0)
    for level in stride(from: layout.height, through: 1, by: -1) {
      let siblings = node % layout.branching
      let start = layout.start(of: level) + node - siblings
      for index in 0..<siblings { sum += Int128(counts[start + index]) }
      node /= layout.branching
    }
    if node == 1 { sum += counts[..<layout.branching].reduce(Int128(0)) { $0 + Int128($1) } }
    return clamp(sum)
  }

  /// The point at `share` of a node's interval.
  private func across(level: Int, node: Int, share: Rational) -> Int64 {
    let (first, last) = layout.interval(level: level, node: node, in: range)
    let width = Rational(Int(last - first))
    return first + Int64((width * share + Rational(1, 2)).floor ?? 0)
  }

  private func clamp(_ value: Int128) -> Int64 { Int64(min(max(value, -(1 << 62)), 1 << 62)) }
}

/// Where the nodes of a complete tree lie in one array.
struct TreeLayout: Sendable, Hashable {
  let branching: Int
  let height: Int

  /// The number of nodes of a level.
  func width(of level: Int) -> Int { (0..<level).reduce(1) { width, _ in width * branching } }

  /// The number of nodes below the root.
  var nodes: Int { (1...height).reduce(0) { $0 + width(of: $1) } }

  /// The place of the first node of a level, 1 for the one below the root.
  func start(of level: Int) -> Int { (1..<level).reduce(0) { $0 + width(of: $1) } }

  /// The leaf of a value, clamped into the range: leaves are as even as whole numbers allow.
  func leaf(of value: Int64, in range: ClosedRange<Int64>) -> Int {
    let clamped = min(max(value, range.lowerBound), range.upperBound)
    let place = UInt128(UInt64(clamped - range.lowerBound))
    return Int(place * UInt128(width(of: height)) / (UInt128(UInt64(range.upperBound - range.lowerBound)) + 1))
  }

  /// The first and the last value of a node; the range's start twice for one that holds no value.
  func interval(level: Int, node: Int, in range: ClosedRange<Int64>) -> (Int64, Int64) {
    let count = UInt128(UInt64(range.upperBound - range.lowerBound)) + 1
    let width = UInt128(width(of: level))
    // Value v belongs to ⌊v·width/count⌋, so a node starts at ⌈node·count/width⌉.
    func start(_ node: UInt128) -> UInt128 { (node * count + width - 1) / width }
    let first = min(start(UInt128(node)), count - 1)
    let next = start(UInt128(node) + 1)
    let last = next > first ? next - 1 : first
    return (range.lowerBound + Int64(first), range.lowerBound + Int64(min(last, count - 1)))
  }
}

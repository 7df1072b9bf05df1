import SecureRandom

/// An exact choice of an item with probability ∝ width · e^(−numerator/denominator).
///
/// Every weight is bounded from above in whole units of 2⁻¹²⁸; an item drawn by its bound is kept with the probability
/// weight/bound, decided by the bits of a uniform number against bounds of the exponential that are refined until they
/// decide. Where some item has a zero exponent, nearly every draw is kept.
package struct WeightedChoice: Sendable {
  package struct Item: Sendable {
    package let width: UInt64
    package let numerator: BigWhole
    package let denominator: BigWhole
  }

  private static let precision = 128
  package let items: [Item]
  /// Upper bounds of 2¹²⁸ · e^(−x), without the widths.
  private let bounds: [BigWhole]
  /// Running sums of width · bound.
  private let sums: [BigWhole]

  init(_ items: [Item]) {
    self.items = items
    bounds = items.map { item in
      // e^(−x) < 2⁻¹²⁸ from x = 128 on: one unit is a bound.
      if item.numerator / item.denominator >= BigWhole(UInt64(WeightedChoice.precision)) { return .one }
      return ExactExponential.bounds(
        item.numerator, over: item.denominator, precision: WeightedChoice.precision
      ).high
    }
    var sum = BigWhole.zero
    var sums: [BigWhole] = []
    for (item, bound) in zip(items, bounds) {
      sum = sum + bound * BigWhole(item.width)
      sums.append(sum)
    }
    self.sums = sums
  }

  package func draw<Source: UniformSource & ~Copyable>(using source: inout Source) -> Int {
    guard let total = sums.last else { preconditionFailure("a choice needs at least one item") }
    while true {
      let place = source.uniform(under: total)
      var low = 0
      var high = sums.count - 1
      while low < high {
        let middle = (low + high) / 2
        if place < sums[middle] { high = middle } else { low = middle + 1 }
      }
      if keep(low, using: &source) { return low }
    }
  }

  /// True with probability 2¹²⁸ · e^(−x) / bound.
  private func keep<Source: UniformSource & ~Copyable>(_ index: Int, using source: inout Source) -> Bool {
    let item = items[index]
    // The uniform number lies in [level, level + 1) / 2^bits.
    var level = BigWhole(source.next())
    var bits = 64
    while true {
      let (low, high) = ExactExponential.bounds(
        item.numerator, over: item.denominator, precision: WeightedChoice.precision + bits)
      if (level + .one) * bounds[index] <= low { return true }
      if level * bounds[index] >= high { return false }
      level = (level << 64) + BigWhole(source.next())
      bits += 64
    }
  }
}
